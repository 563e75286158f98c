import BreakerStore
import Glibc
import JSON
import Testing

/// The commands of docs/CONTRACT.md, "Commands", beside `run`.
@Suite("The commands")
struct ContractCommandTests {
  let scene = Scene()

  // MARK: open, close, half-open

  @Test("open, close and half-open print one line a breaker and change it")
  func changes() {
    scene["CB_RESET_TIMEOUT"] = "1h"
    #expect(scene.cb("open", "db-backup").outputText == "db-backup: new, now open\n")
    #expect(scene.state("db-backup") == "open")
    #expect(scene.cb("half-open", "db-backup").outputText == "db-backup: open -> half-open\n")
    #expect(scene.state("db-backup") == "half-open")
    #expect(scene.cb("close", "db-backup").outputText == "db-backup: half-open -> closed\n")
    #expect(scene.state("db-backup") == "closed")
    #expect(scene.cb("close", "db-backup").outputText == "db-backup: closed already; nothing changed\n")
  }

  @Test("a plain open lasts the usual reset timeout")
  func plainOpen() {
    scene.cb("set", "x", "reset-timeout=200ms")
    scene.cb("open", "x")
    #expect(scene.shown("held")?.isNull == true)
    scene.waitUntilDue()
    #expect(scene.run(exit: 0).status == .exited(0))
    #expect(scene.state() == "closed")
  }

  @Test("open --for stays open that long, whatever the reset timeout")
  func openFor() {
    scene.cb("set", "x", "reset-timeout=1ms")
    #expect(scene.cb("open", "x", "--for", "1h", "--reason", "moving house").status == .exited(0))
    #expect(scene.run(exit: 0).status == .exited(75))
    let held = scene.shown("held")
    #expect(held?["state"]?.string == "open")
    #expect(held?["reason"]?.string == "moving house")
    #expect(held?["until"]?.string?.hasSuffix("Z") == true)
    #expect(held?["by"]?.string?.isEmpty == false)
    let left = Double(scene.get("retry-after")) ?? 0
    #expect(left > 3000 && left <= 3600)
  }

  @Test("open --for is over when its time is")
  func openForEnds() {
    scene.cb("open", "x", "--for", "200ms")
    scene.waitUntilDue()
    #expect(scene.run(exit: 0).status == .exited(0))
    #expect(scene.state() == "closed")
    #expect(scene.shown("held")?.isNull == true)
  }

  @Test("open --hold stays open until close, half-open or reset", arguments: ["close", "half-open", "reset"])
  func openHold(_ ending: String) {
    scene.cb("set", "x", "reset-timeout=1ms")
    scene.cb("open", "x", "--hold")
    #expect(scene.shown("held.until")?.isNull == true)
    #expect(scene.shown("held.state")?.string == "open")
    #expect(scene.cb("wait", "x", "--timeout", "100ms").status == .exited(124))
    #expect(scene.run(exit: 0).status == .exited(75))
    #expect(scene.cb(ending, "x").status == .exited(0))
    #expect(scene.shown("held")?.isNull == true)
    #expect(scene.run(exit: 0).status == .exited(0))
  }

  @Test("close zeroes the failure counter")
  func closeZeroes() {
    scene.run(exit: 1)
    scene.cb("close", "x")
    #expect(scene.counter() == "0")
  }

  @Test("close --hold stays closed whatever fails; failures are counted, and what would have tripped")
  func closeHold() {
    scene["CB_FAIL_MAX"] = "2"
    scene.cb("close", "x", "--hold", "--reason", "it must run")
    for _ in 1...4 { #expect(scene.run(exit: 1).status == .exited(1)) }
    #expect(scene.state() == "closed")
    #expect(scene.counter() == "4")
    #expect(scene.total("failures") == 4)
    #expect((scene.total("would_trip") ?? 0) >= 1)
    #expect(scene.total("trips") == 0)
    #expect(scene.shown("held.state")?.string == "closed")
    #expect(scene.shown("held.reason")?.string == "it must run")
  }

  @Test("close --for ends when its time is over")
  func closeFor() {
    scene["CB_FAIL_MAX"] = "1"
    scene.cb("close", "x", "--for", "300ms")
    #expect(eventually { scene.shown("held")?.isNull == true })
    scene.run(exit: 1)
    #expect(scene.state() == "open")
  }

  // MARK: Names and globs

  @Test("several names and quoted globs, each breaker once, in status, open, close, half-open, reset, remove")
  func globs() {
    for name in ["db-a", "db-b", "web"] { scene.run(name: name, exit: 0) }
    #expect(scene.cb("open", "db-*").outputText == "db-a: closed -> open\ndb-b: closed -> open\n")
    #expect(
      scene.cb("half-open", "db-?", "db-a", "web").outputText
        == "db-a: open -> half-open\ndb-b: open -> half-open\nweb: closed -> half-open\n")
    #expect(
      scene.cb("close", "*").outputText
        == "db-a: half-open -> closed\ndb-b: half-open -> closed\nweb: half-open -> closed\n")
    #expect(scene.status("db-[ab]").compactMap { $0["name"]?.string } == ["db-a", "db-b"])
    scene.cb("open", "*")
    #expect(scene.cb("reset", "db-*").outputText == "db-a: reset, open -> closed\ndb-b: reset, open -> closed\n")
    #expect(["db-a", "db-b", "web"].map { scene.state($0) } == ["closed", "closed", "open"])
    #expect(scene.cb("remove", "db-*").outputText == "db-a: removed\ndb-b: removed\n")
    #expect(scene.status().compactMap { $0["name"]?.string } == ["web"])
  }

  @Test("of several names one that is missing is told, and the others are done")
  func oneMissing() {
    scene.run(name: "a", exit: 1)
    scene.run(name: "b", exit: 1)
    let result = scene.cb("reset", "a", "nobody", "b")
    #expect(result.status == .exited(1))
    #expect(result.isOneMessage)
    #expect(scene.counter("a") + scene.counter("b") == "00")
    let shown = scene.cb("status", "a", "nobody")
    #expect(shown.status == .exited(1))
    #expect(shown.outputText.contains("a"))
  }

  @Test(
    "run, set, open, close and half-open create a breaker; the others do not",
    arguments: [
      (["set", "x", "fail-max=3"], true), (["open", "x"], true), (["close", "x"], true), (["half-open", "x"], true),
      (["check", "x"], false), (["wait", "x"], false), (["status", "x"], false), (["get", "x", "state"], false),
      (["reset", "x"], false), (["remove", "x"], false),
    ] as [([String], Bool)])
  func creates(_ arguments: [String], _ creates: Bool) {
    scene.cb(arguments)
    #expect(scene.status().compactMap { $0["name"]?.string } == (creates ? ["x"] : []))
    if !creates { #expect(scene.isStoreUntouched) }
  }

  @Test(
    "names of every kind are taken, kept apart, and shown as they are",
    arguments: [
      ["a b", "a  b", "a", "A", "a.", "a%", "a%20b"], ["ü", "u\u{308}", "日本", "🙂", "$(id)", "'\"`\\", "~", "#", "%2F"],
      [".hidden", "x.json", "x.lock", "x", "...", "CON", "nul"],
      [String(repeating: "a", count: 128), String(repeating: "a", count: 127), String(repeating: "ü", count: 64)],
    ])
  func distinctNames(_ names: [String]) {
    for (index, name) in names.enumerated() {
      for _ in 0..<(index + 1) { scene.run("--fail-max", "99", name: name, exit: 1) }
    }
    for (index, name) in names.enumerated() { #expect(scene.counter(name) == "\(index + 1)") }
    #expect(
      Set(scene.status().compactMap { $0["name"]?.string.map { Array($0.utf8) } })
        == Set(names.map { Array($0.utf8) }))
  }

  // MARK: reset, remove, get, set

  @Test("reset clears counters, state and holds, and keeps settings")
  func reset() {
    scene.cb("set", "x", "fail-max=1", "exclude=7")
    scene.run(exit: 1)
    scene.cb("open", "x", "--hold")
    #expect(scene.cb("reset", "x").status == .exited(0))
    #expect(scene.state() == "closed")
    #expect(scene.counter() == "0")
    #expect(scene.shown("held")?.isNull == true)
    #expect(scene.shown("last_failure")?.isNull == true)
    #expect(scene.shown("last_success")?.isNull == true)
    for member in scene.shown("totals")?.object?.members ?? [] { #expect(member.value.int == 0) }
    #expect(scene.get("fail-max") == "1")
    #expect(scene.get("exclude") == "7")
  }

  @Test("remove forgets the breaker with its settings")
  func remove() {
    scene.cb("set", "x", "fail-max=1")
    scene.run(exit: 1)
    #expect(scene.cb("remove", "x").status == .exited(0))
    #expect(scene.status().isEmpty)
    scene.run(exit: 1)
    #expect(scene.state() == "closed")
    #expect(scene.get("fail-max") == "5")
  }

  @Test("get prints values raw")
  func get() {
    scene.run(exit: 1)
    #expect(scene.cb("get", "x", "state").outputText == "closed\n")
    #expect(scene.cb("get", "x", "fail-counter").outputText == "1\n")
    #expect(scene.cb("get", "x", "fail-max").outputText == "5\n")
    #expect(scene.cb("get", "x", "reset-timeout").outputText == "60\n")
    #expect(scene.cb("get", "x", "failure-rate").outputText == "0.5\n")
    #expect(scene.cb("get", "x", "on-store-error").outputText == "local\n")
    scene.cb("open", "x")
    #expect(scene.cb("get", "x", "state").outputText == "open\n")
    let left = Double(scene.get("retry-after")) ?? 0
    #expect(left > 0 && left <= 60)
  }

  @Test("set stores settings that every later run obeys, and KEY= returns one to its default")
  func set() {
    #expect(scene.cb("set", "x", "fail-max=2", "exclude=3,SIGINT", "reset-timeout=1h").status == .exited(0))
    #expect(scene.get("fail-max") == "2")
    scene.run(exit: 1)
    scene.run(exit: 1)
    #expect(scene.state() == "open")
    scene.cb("close", "x")
    #expect(scene.cb("set", "x", "fail-max=").status == .exited(0))
    #expect(scene.get("fail-max") == "5")
    #expect(scene.get("reset-timeout") == "3600")
    scene.run(exit: 1)
    scene.run(exit: 1)
    #expect(scene.state() == "closed")
  }

  @Test("set changes all it is given, or nothing")
  func setAtomic() {
    scene.cb("set", "x", "fail-max=2")
    let before = scene.snapshot()
    #expect(scene.cb("set", "x", "fail-max=3", "jitter=never").status == .exited(64))
    #expect(scene.snapshot() == before)
  }

  // MARK: check, wait

  @Test("wait sleeps until a trial is due, and not longer")
  func wait() {
    scene.trip("--reset-timeout", "700ms")
    #expect(scene.cb("check", "x").status == .exited(75))
    let waited = scene.cb("wait", "x", "--timeout", "60s")
    #expect(waited.status == .exited(0))
    #expect(waited.output + waited.error == [])
    #expect(waited.seconds < 30)
    #expect(scene.cb("check", "x").status == .exited(0))
  }

  @Test("wait notices that somebody closes the circuit")
  func waitNotices() {
    scene.trip()
    let waiting = scene.sandbox.start([Programs.cb, "wait", "x"])
    #expect(eventually { ProcessFacts(waiting.pid)?.state == "S" })
    scene.cb("close", "x")
    #expect(waiting.wait(seconds: 30).status == .exited(0))
  }

  // MARK: Looking never writes

  @Test(
    "looking never writes",
    arguments: [
      ["status"], ["status", "x"], ["status", "x", "gone", "nobody"], ["status", "--json"], ["status", "-v", "x"],
      ["get", "x", "state"], ["get", "held", "retry-after"], ["check", "x"], ["check", "nobody"], ["check", "trial"],
      ["wait", "x", "--timeout", "1ms"], ["wait", "trial"], ["wait", "nobody"],
    ])
  func lookingNeverWrites(_ arguments: [String]) {
    scene.trip()
    scene.trip("--reset-timeout", "1ms", name: "trial")
    scene.cb("close", "held", "--for", "1ms")
    scene.cb("half-open", "lost")
    scene.runInFlight(name: "lost").killCB()
    let before = scene.snapshot()
    #expect(before.contains("\"version\"") || before.contains("x"))
    scene.cb(arguments)
    #expect(scene.snapshot() == before)
  }

  @Test(
    "looking does not even make the state directory",
    arguments: [
      ["status"], ["status", "--json"], ["status", "x"], ["get", "x", "state"], ["check", "x"], ["wait", "x"],
    ])
  func lookingMakesNothing(_ arguments: [String]) {
    scene.cb(arguments)
    #expect(scene.sandbox.execute(["/bin/ls", "-A"]).output == [])
  }

  @Test("a status table has a line a breaker, and what is there is in it")
  func table() {
    scene.trip(name: "one")
    scene.run(name: "two", exit: 0)
    let lines = scene.cb("status").outputText.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines.contains { $0.hasPrefix("one ") && $0.contains("open") && $0.contains("exit 1") })
    #expect(lines.contains { $0.hasPrefix("two ") && $0.contains("closed") })
  }

  @Test("a reader of status that goes away is no error for anybody")
  func readerGone() {
    scene.run(exit: 0)
    let result = scene.sandbox.execute(["/bin/sh", "-c", "\(Programs.cb) status | true; echo done"])
    #expect(result.outputText == "done\n")
    #expect(result.error == [])
  }
}
