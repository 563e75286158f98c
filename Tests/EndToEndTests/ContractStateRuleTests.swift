import BreakerStore
import Glibc
import JSON
import Testing

/// The sentences below the table of CONTRACT section 4.
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

  @Test("a command that cannot be started is a failure: 127 where it is not found, 126 where it is not executable")
  func notStarted() {
    let scene = Scene()
    let plain = scene.sandbox.file("plain", "not a program", mode: 0o644)
    #expect(scene.cb("run", "x", "--", "/no/such/program").status == .exited(127))
    #expect(scene.counter() == "1")
    #expect(scene.cb("run", "x", "--", plain).status == .exited(126))
    #expect(scene.counter() == "2")
    #expect(scene.shown("last_failure.reason")?.string?.contains("126") == true)
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
