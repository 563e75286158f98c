import BreakerStore
import Glibc
import JSON
import Testing

/// docs/CONTRACT.md, "Events".
@Suite("Events")
struct ContractEventTests {
  let scene = Scene()

  // MARK: The table of orders

  @Test("success: before-call, success", arguments: StoreUnderTest.all)
  func success(_ store: StoreUnderTest) {
    let scene = Scene(store)
    #expect(scene.heard(sh: "exit 0") == ["before-call", "success"])
  }

  @Test("failure: before-call, failure", arguments: StoreUnderTest.all)
  func failure(_ store: StoreUnderTest) {
    let scene = Scene(store)
    #expect(scene.heard(sh: "exit 1") == ["before-call", "failure"])
  }

  @Test("trip: before-call, failure, state-change closed to open", arguments: StoreUnderTest.all)
  func trip(_ store: StoreUnderTest) {
    let scene = Scene(store)
    #expect(scene.heard("--fail-max", "1", sh: "exit 1") == ["before-call", "failure", "state-change closed -> open"])
  }

  @Test("rejection: rejected", arguments: StoreUnderTest.all)
  func rejection(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.trip()
    #expect(scene.heard(sh: "exit 0") == ["rejected"])
  }

  @Test("a trial that succeeds: half-open, before-call, closed, success", arguments: StoreUnderTest.all)
  func trialSucceeds(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.trip("--reset-timeout", "0")
    #expect(
      scene.heard(sh: "exit 0")
        == ["state-change open -> half-open", "before-call", "state-change half-open -> closed", "success"])
  }

  @Test("a trial that fails: half-open, before-call, failure, open", arguments: StoreUnderTest.all)
  func trialFails(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.trip("--reset-timeout", "0")
    #expect(
      scene.heard(sh: "exit 1")
        == ["state-change open -> half-open", "before-call", "failure", "state-change half-open -> open"])
  }

  @Test("excluded and ignored runs have events of those names", arguments: StoreUnderTest.all)
  func excludedAndIgnored(_ store: StoreUnderTest) {
    let scene = Scene(store)
    #expect(scene.heard("--exclude", "3", sh: "exit 3") == ["before-call", "excluded"])
    #expect(scene.heard("--ignore", "3", sh: "exit 3") == ["before-call", "ignored"])
  }

  @Test("an act by hand is announced, and then the change that it made, if any", arguments: StoreUnderTest.all)
  func byHand(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene["CB_ON_EVENT"] = "any=file:events"
    scene.cb("open", "x")
    scene.cb("open", "x")
    scene.cb("half-open", "x")
    scene.cb("close", "x")
    scene.cb("open", "x")
    scene.cb("reset", "x")
    #expect(
      scene.events() == [
        "manual", "state-change closed -> open", "manual", "manual", "state-change open -> half-open", "manual",
        "state-change half-open -> closed", "manual", "state-change closed -> open", "manual",
        "state-change open -> closed",
      ])
  }

  @Test("set, reset and remove are announced with what was asked and who asked it", arguments: StoreUnderTest.all)
  func manual(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene["CB_ON_EVENT"] = "manual=file:events"
    scene.cb("set", "x", "fail-max=3", "exclude=4")
    scene.cb("open", "x", "--hold", "--reason", "moving house")
    scene.cb("close", "x", "--for", "5m")
    scene.cb("half-open", "x")
    scene.cb("reset", "x")
    scene.cb("remove", "x")
    let events = scene.lines("events").map { JSONValue.of($0) }
    #expect(events.map { $0?["act"]?.string } == ["set", "open", "close", "half-open", "reset", "remove"])
    #expect(events.map { $0?["hold"]?.bool } == [false, true, false, false, false, false])
    #expect(events.map { $0?["for"]?.double } == [nil, nil, 300, nil, nil, nil])
    #expect(events.map { $0?["keys"]?.array?.compactMap(\.string) } == [["fail-max", "exclude"], [], [], [], [], []])
    #expect(events.map { $0?["reason"]?.string } == ["", "moving house", "", "", "", ""])
    let names = scene.sandbox.execute(["/bin/sh", "-c", "id -un; uname -n"]).outputText.split(separator: "\n")
    for event in events {
      #expect(event?["by"]?.string?.hasSuffix("@\(names[1])") == true)
      #expect(event?["user"]?.string == String(names[0]) && event?["host"]?.string == String(names[1]))
      #expect(event?["pid"]?.int ?? 0 > 1)
    }
  }

  @Test("a late result announces nothing but its call", arguments: StoreUnderTest.all)
  func late(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let run = scene.runInFlight("--on-event", "any=file:events", "--fail-max", "1")
    scene.cb("open", "x")
    run.end(1)
    #expect(scene.events() == ["before-call"])
  }

  // MARK: Who hears what

  @Test(
    "a listener hears its event and no other",
    arguments: [
      ("before-call", 3), ("success", 1), ("failure", 1), ("rejected", 1), ("state-change", 3), ("open", 1),
      ("half-open", 1), ("close", 1), ("any", 9),
    ])
  func narrow(_ event: String, _ count: Int) {
    for store in StoreUnderTest.all {
      let scene = Scene(store)
      scene["CB_ON_EVENT"] = "\(event)=file:events"
      scene["CB_FAIL_MAX"] = "1"
      scene["CB_RESET_TIMEOUT"] = "1h"
      scene.run(exit: 1)
      scene.run(exit: 0)
      scene["CB_RESET_TIMEOUT"] = "0"
      scene.run(exit: 0)
      scene.run("--ignore", "1", exit: 1)
      let heard = scene.events()
      #expect(heard.count == (event == "any" ? count + 1 : count))
      if event == "open" { #expect(heard == ["state-change closed -> open"]) }
      if event == "close" { #expect(heard == ["state-change half-open -> closed"]) }
    }
  }

  @Test("listeners run in the order given, after the change is stored", arguments: StoreUnderTest.all)
  func order(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.run(
      "--fail-max", "1", "--on-event", "open=echo first >> heard", "--on-event", "any=echo $CB_EVENT >> heard",
      "--on-event", "open=\(Programs.cb) get x state >> heard", exit: 1)
    #expect(scene.lines("heard") == ["before-call", "failure", "first", "state-change", "open"])
  }

  // MARK: What a listener gets

  @Test("the environment and the JSON object of a failure that trips", arguments: StoreUnderTest.all)
  func values(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let listener = "env > $CB_EVENT.env; cat > $CB_EVENT.json"
    scene.run("--fail-max", "1", "--reset-timeout", "90", "--on-event", "any=\(listener)", sh: "exit 9")
    let failure = scene.lines("failure.env")
    for line in [
      "CB_EVENT=failure", "CB_BREAKER=x", "CB_OLD_STATE=closed", "CB_NEW_STATE=closed", "CB_EXIT_STATUS=9",
      "CB_SIGNAL=", "CB_FAIL_COUNTER=1",
    ] { #expect(failure.contains(line)) }
    #expect(failure.contains { $0.hasPrefix("CB_DURATION=") && Double($0.dropFirst(12)) != nil })
    #expect(failure.contains { $0.hasPrefix("CB_REASON=") && $0.contains("exit 9") })
    let change = scene.lines("state-change.env")
    for line in ["CB_EVENT=state-change", "CB_OLD_STATE=closed", "CB_NEW_STATE=open"] { #expect(change.contains(line)) }
    #expect(change.contains { $0.hasPrefix("CB_RETRY_AFTER=") && (Double($0.dropFirst(15)) ?? 0) > 80 })
    let text = scene.sandbox.read("state-change.json") ?? ""
    let object = JSONValue.of(text)
    #expect(text.filter { $0 == "\n" }.count <= 1)
    #expect(object?["event"]?.string == "state-change")
    #expect(object?["breaker"]?.string == "x")
    #expect(object?["old_state"]?.string == "closed")
    #expect(object?["new_state"]?.string == "open")
    #expect(object?["fail_counter"]?.int == 1)
  }

  @Test("a signal comes by its name")
  func signal() {
    scene.run("--on-event", "failure=echo $CB_SIGNAL $CB_EXIT_STATUS > seen", sh: "kill -USR2 $$")
    #expect(scene.lines("seen") == ["SIGUSR2 140"])
  }

  @Test(
    "hostile names arrive unharmed and are not executed",
    arguments: [
      "$(touch gone)", "`touch gone`", "a; touch gone", "' ; touch gone ; '", "\" ; touch gone ; \"", "$HOME", "a  b",
      "\\n", "%s%n", "\u{202E}gnp.exe",
    ])
  func hostileNames(_ name: String) {
    scene.run("--on-event", "success=printf %s \"$CB_BREAKER\" > seen; cat > json", name: name, exit: 0)
    #expect(scene.sandbox.read("seen") == name)
    #expect(JSONValue.of(scene.sandbox.read("json") ?? "")?["breaker"]?.string == name)
    #expect(scene.sandbox.read("gone") == nil)
  }

  @Test("hostile reasons arrive unharmed and are not executed")
  func hostileReasons() {
    let reason = "two\nlines $(touch gone) `touch gone` \"quotes\" 'single' \\ \u{1B}[31m"
    scene["CB_ON_EVENT"] = "open=printf %s \"$CB_REASON\" > seen; cat > json"
    let result = scene.cb("open", "x", "--hold", "--reason", reason)
    #expect(result.outputText == "x: new, now open\n")
    #expect(scene.sandbox.read("seen")?.contains(reason) == true)
    let json = scene.sandbox.read("json") ?? ""
    #expect(JSONValue.of(json)?["reason"]?.string?.contains(reason) == true)
    #expect(json.split(separator: "\n").count == 1)
    #expect(scene.sandbox.read("gone") == nil)
    #expect(scene.shown("held.reason")?.string == reason)
    // What is shown to people cannot drive their terminal.
    let shown = scene.run(exit: 0)
    #expect(shown.isOneMessage)
    #expect(!scene.cb("status").output.contains(0x1B))
  }

  // MARK: Listeners that fail

  @Test("a listener that fails is reported, and changes nothing else")
  func failing() {
    let result = scene.run(
      "--on-event", "success=exit 3", "--on-event", "success=kill -KILL $$", "--on-event", "success=echo heard >> log",
      sh: "echo out")
    #expect(result.status == .exited(0))
    #expect(result.outputText == "out\n")
    #expect(result.errorLines.count == 2)
    #expect(result.errorLines.allSatisfy { $0.hasPrefix("cb: ") })
    #expect(result.errorLines.first?.contains("exit 3") == true)
    #expect(scene.lines("log") == ["heard"])
    #expect(scene.total("successes") == 1)
  }

  @Test("a file listener that cannot write is reported, and changes nothing else")
  func failingFile() {
    let result = scene.run("--on-event", "success=file:/no/such/directory/events", exit: 0)
    #expect(result.status == .exited(0))
    #expect(result.isOneMessage)
    #expect(result.errorText.contains("/no/such/directory/events"))
  }

  @Test("a listener that takes over 10 s is ended and reported, and changes nothing else")
  func hanging() {
    let result = scene.run(
      "--on-event", "success=echo $$ > pid; sleep 1000", "--on-event", "success=echo heard >> log", exit: 0)
    #expect(result.status == .exited(0))
    #expect(result.seconds >= 9.5 && result.seconds < 60)
    #expect(result.isOneMessage)
    #expect(result.errorText.contains("10 s"))
    #expect(scene.lines("log") == ["heard"])
    let listener = scene.lines("pid").first.flatMap { pid_t($0) } ?? 0
    #expect(listener > 1 && !isAlive(listener))
  }

  @Test("a listener that does not read its standard input is no trouble")
  func unread() {
    let result = scene.run("--on-event", "any=exec 0<&-; exit 0", exit: 0)
    #expect(result.status == .exited(0))
    #expect(result.error == [])
  }

  @Test("a listener's output does not reach standard output of cb")
  func listenerOutput() {
    #expect(scene.run("--on-event", "any=echo noise", sh: "echo out").outputText == "out\n")
  }

  // MARK: Built-in listeners, and who announces

  @Test("file: takes one JSON object a line, with a time")
  func file() {
    _ = scene.heard(sh: "exit 0")
    _ = scene.run("--on-event", "any=file:events", exit: 1)
    let lines = scene.lines("events")
    #expect(lines.count == 4)
    for line in lines {
      let object = JSONValue.of(line)
      #expect(object?["event"]?.string != nil)
      #expect(object?.object?.members.contains { isRFC3339($0.value.string ?? "") } == true)
    }
  }

  @Test("exactly one process announces a trip under 50 failures at once", arguments: StoreUnderTest.all)
  func oneAnnouncer(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene["CB_ON_EVENT"] = "state-change=file:events"
    scene["CB_FAIL_MAX"] = "10"
    scene["CB_RESET_TIMEOUT"] = "1h"
    scene.atOnce(50, "\(Programs.cb) run --quiet x -- false")
    #expect(scene.events() == ["state-change closed -> open"])
    #expect(scene.total("trips") == 1)
  }

  @Test("of many that open, half-open or close at once, one announces it", arguments: StoreUnderTest.all)
  func oneAnnouncerByHand(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene["CB_ON_EVENT"] = "state-change=file:events"
    for command in ["open", "half-open", "close"] { scene.atOnce(10, "\(Programs.cb) \(command) x > /dev/null") }
    #expect(
      scene.events() == [
        "state-change closed -> open", "state-change open -> half-open", "state-change half-open -> closed",
      ])
  }

  @Test(
    "of many runs on a circuit whose timeout is over, one announces half-open and one the close",
    arguments: StoreUnderTest.all)
  func oneTrial(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.trip("--reset-timeout", "0")
    scene["CB_ON_EVENT"] = "any=file:events"
    // Rejected or admitted after the close: all of them say so, and that is all.
    scene.atOnce(20, "\(Programs.cb) run --quiet x -- true")
    let heard = scene.events()
    #expect(
      heard.filter { $0.hasPrefix("state-change") }.sorted()
        == ["state-change half-open -> closed", "state-change open -> half-open"])
    #expect(heard.count { $0 == "before-call" } == heard.count { $0 == "success" } + (scene.total("stale") ?? 0))
    #expect(heard.count { $0 == "before-call" || $0 == "rejected" } == 20)
  }
}

extension Scene {
  /// The events of one `run` with the listener that takes them all.
  fileprivate func heard(_ options: String..., sh script: String) -> [String] {
    unlink(path + "/events")
    run(options + ["--quiet", "--on-event", "any=file:events"], sh: script)
    return events()
  }

  /// Runs a shell command many times at once, to the last one's end.
  fileprivate func atOnce(_ count: Int, _ command: String) {
    let script = "i=0; while [ $i -lt \(count) ]; do \(command) & i=$((i+1)); done; wait"
    #expect(sandbox.execute(["/bin/sh", "-c", script], seconds: 120).status == .exited(0))
  }
}
