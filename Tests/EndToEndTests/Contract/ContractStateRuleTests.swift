import BreakerStore
import Glibc
import JSON
import Testing

/// The sentences below the table of docs/CONTRACT.md, "The state machine".
@Suite("The rules of the state machine")
struct ContractStateRuleTests {
  // MARK: Late news is no news

  @Test(
    "a failure of before a manual change is stale and changes nothing else",
    arguments: [["open"], ["half-open"], ["open", "close"], ["reset"]])
  func lateFailure(_ actions: [String]) {
    for store in StoreUnderTest.all {
      let scene = Scene(store)
      scene.run(exit: 0)
      let late = scene.runInFlight("--fail-max", "1")
      for action in actions { scene.cb(action, "x") }
      let before = (scene.state(), scene.counter(), scene.shown("generation")?.int)
      #expect(late.end(8).status == .exited(8))
      #expect(scene.state() == before.0)
      #expect(scene.counter() == before.1)
      #expect(scene.shown("generation")?.int == before.2)
      #expect(scene.total("stale") == 1)
      #expect(scene.total("failures") == 0)
    }
  }

  @Test("a success of before a trip does not close the circuit", arguments: StoreUnderTest.all)
  func lateSuccess(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let late = scene.runInFlight()
    scene.trip()
    #expect(late.end(0).status == .exited(0))
    #expect(scene.state() == "open")
    #expect(scene.counter() == "1")
    scene.cb("half-open", "x")
    #expect(scene.total("stale") == 1)
  }

  @Test("a success of before a trip does not end the half-open round after it", arguments: StoreUnderTest.all)
  func lateSuccessInHalfOpen(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let late = scene.runInFlight()
    scene.trip()
    scene.cb("half-open", "x")
    late.end(0)
    #expect(scene.state() == "half-open")
    #expect(scene.shown("success_counter")?.int == 0)
    #expect(scene.total("stale") == 1)
  }

  @Test("a trial of an earlier half-open round gives no verdict on this one", arguments: StoreUnderTest.all)
  func lateTrial(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene["CB_RESET_TIMEOUT"] = "1h"
    scene.cb("half-open", "x")
    let early = scene.runInFlight()
    scene.cb("open", "x")
    scene.cb("half-open", "x")
    let present = scene.runInFlight()
    early.end(1)
    #expect(scene.state() == "half-open")
    #expect(scene.counter() == "0")
    present.end(0)
    #expect(scene.state() == "closed")
    #expect(scene.total("stale") == 1)
  }

  @Test("of failures in flight together only those of before the trip count", arguments: StoreUnderTest.all)
  func failuresTogether(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let runs = (1...3).map { _ in scene.runInFlight("--fail-max", "2", "--reset-timeout", "1h") }
    for run in runs { run.end(1) }
    #expect(scene.counter() == "2")
    #expect(scene.total("trips") == 1)
    #expect(scene.total("stale") == 1)
  }

  @Test("a result for a breaker that was removed and made anew is stale", arguments: StoreUnderTest.all)
  func removedBetween(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.run(exit: 0)
    let late = scene.runInFlight("--fail-max", "1")
    scene.cb("remove", "x")
    scene.run(exit: 0)
    #expect(late.end(1).status == .exited(1))
    #expect(scene.state() == "closed")
    #expect(scene.counter() == "0")
  }

  // MARK: Nothing is locked, a dead process holds nothing

  @Test("nothing is locked while CMD runs", arguments: StoreUnderTest.all)
  func notLocked(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let first = scene.runInFlight()
    #expect(scene.run(exit: 1).status == .exited(1))
    #expect(scene.cb("set", "x", "fail-max=7").status == .exited(0))
    #expect(scene.cb("open", "x").status == .exited(0))
    #expect(scene.cb("close", "x").status == .exited(0))
    #expect(first.end(0).status == .exited(0))
  }

  @Test("a killed cb holds no place under max-concurrent", arguments: StoreUnderTest.all)
  func killedHoldsNothing(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene["CB_MAX_CONCURRENT"] = "1"
    let run = scene.runInFlight()
    #expect(scene.shown("running")?.int == 1)
    #expect(scene.run(exit: 0).status == .exited(75))
    run.killCB()
    #expect(scene.shown("running")?.int == 0)
    #expect(scene.run(exit: 0).status == .exited(0))
    #expect(scene.counter() == "0")
  }

  @Test("CMD is ended where its cb is killed")
  func commandEnds() {
    let scene = Scene()
    let run = scene.runInFlight()
    let fields = run.killCB().outputText.split(separator: " ")
    let command = pid_t(fields.dropFirst(2).first.map(String.init) ?? "") ?? 0
    #expect(command > 1)
    #expect(eventually { !isAlive(command) })
    #expect(eventually { scene.processes.isEmpty })
  }

  // MARK: The outcome of a run

  @Test(
    "the outcome of an exit code",
    arguments: [
      ("exit 0", [], "successes"), ("exit 1", [], "failures"), ("exit 255", [], "failures"),
      ("exit 3", ["--exclude", "3"], "excluded"), ("exit 70", ["--exclude", "3,64-78,SIGINT"], "excluded"),
      ("exit 79", ["--exclude", "3,64-78,SIGINT"], "failures"), ("exit 3", ["--ignore", "3"], "ignored"),
      ("exit 3", ["--only", "3"], "failures"), ("exit 4", ["--only", "3,5"], "excluded"),
      ("kill -INT $$", ["--exclude", "SIGINT"], "excluded"), ("kill -KILL $$", [], "failures"),
      ("kill -TERM $$", ["--ignore", "SIGTERM"], "ignored"), ("kill -HUP $$", ["--only", "SIGHUP"], "failures"),
      ("kill -USR1 $$", ["--only", "SIGHUP"], "excluded"), ("sleep 600", ["--timeout", "50ms"], "failures"),
      ("sleep 600", ["--timeout", "50ms", "--exclude", "timeout"], "excluded"),
      ("exit 3", ["--exclude", "3", "--ignore", "3"], "ignored"),
    ] as [(String, [String], String)])
  func outcome(_ script: String, _ options: [String], _ outcome: String) {
    let scene = Scene()
    scene.run(options, sh: script)
    #expect(scene.total(outcome) == 1)
    #expect(scene.total("calls") == 1)
    #expect(scene.counter() == (outcome == "failures" ? "1" : "0"))
  }

  @Test(
    "a command that cannot be started is no verdict, on a closed circuit and as the trial, and is said to be none",
    arguments: StoreUnderTest.all)
  func notStarted(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let plain = scene.sandbox.file("plain", "not a program", mode: 0o644)
    scene["CB_RESET_TIMEOUT"] = "1h"
    scene.run("--fail-max", "2", exit: 1)
    for (command, code) in [("/no/such/program", 127), ("no-such-program", 127), (plain, 126), ("/etc", 126)] {
      // Even where a list names the code.
      let result = scene.cb("run", "--fail-max", "2", "--trip-on", "\(code)", "x", "--", command)
      #expect(result.status == .exited(Int32(code)))
      #expect(result.isOneMessage)
      #expect(result.errorText.hasPrefix("cb: x: cannot run '\(command)': "), "\(result.errorText)")
      #expect(result.errorText.hasSuffix("; this says nothing of x and is not counted\n"), "\(result.errorText)")
      #expect(scene.counter() == "1")
    }
    #expect(scene.total("ignored") == 4)
    #expect(scene.total("failures") == 1)
    scene.cb("half-open", "x")
    #expect(scene.cb("run", "x", "--", "/no/such/program").status == .exited(127))
    #expect(scene.state() == "half-open")
    #expect(scene.shown("trials")?.int == 0)
    #expect(scene.run(exit: 0).status == .exited(0))
    #expect(scene.state() == "closed")
  }

  @Test("126 and 127 of a shell that was started are CMD's own, and failures", arguments: [126, 127])
  func shellsOwn(_ code: Int) {
    let scene = Scene()
    scene.run(sh: code == 127 ? "no-such-program-of-any-name" : "/etc")
    #expect(scene.total("failures") == 1)
    #expect(scene.counter() == "1")
  }

  @Test(
    "a whole command line in one word gets the hint about sh -c, and a program with a space in it that is there runs")
  func commandLine() {
    let scene = Scene()
    let line = scene.cb("run", "x", "--", "echo a > b")
    #expect(line.status == .exited(127))
    #expect(line.errorText.contains("not found; for a shell's command line write sh -c '...'"), "\(line.errorText)")
    let word = scene.cb("run", "x", "--", "no-such-program")
    #expect(!word.errorText.contains("sh -c"), "\(word.errorText)")
    let program = scene.sandbox.file("a program", "#!/bin/sh\necho ran\n", mode: 0o755)
    #expect(scene.cb("run", "x", "--", program).outputText == "ran\n")
  }

  @Test("a script whose interpreter is missing is not called missing itself")
  func missingInterpreter() {
    let scene = Scene()
    let script = scene.sandbox.file("script", "#!/bin/sh\r\necho ran\n", mode: 0o755)
    let result = scene.cb("run", "x", "--", script)
    #expect(result.status == .exited(127))
    #expect(result.isOneMessage)
    #expect(result.errorText.contains("its interpreter '/bin/sh\\u{D}' was not found"), "\(result.errorText)")
    #expect(scene.total("ignored") == 1)
  }

  @Test("a signal that came to cb itself is no verdict", arguments: [SIGINT, SIGTERM, SIGHUP])
  func foreignSignal(_ signal: Int32) {
    let scene = Scene()
    let run = scene.runInFlight()
    run.running.send(signal)
    #expect(run.running.wait(seconds: 60).status == .signaled(signal))
    #expect(scene.total("ignored") == 1)
    #expect(scene.total("failures") == 0)
    #expect(scene.counter() == "0")
  }

  @Test("SIGPIPE because the reader went away is no verdict")
  func readerGone() {
    let scene = Scene()
    let pipe = "\(Programs.cb) run --fail-max 1 x -- yes | head -n 1"
    #expect(scene.sandbox.execute(["/bin/sh", "-c", pipe]).outputText == "y\n")
    #expect(eventually { scene.total("ignored") == 1 })
    #expect(scene.state() == "closed")
  }
}
