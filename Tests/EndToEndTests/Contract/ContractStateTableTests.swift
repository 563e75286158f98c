import BreakerStore
import Glibc
import JSON
import Testing

/// Each row of the table of docs/CONTRACT.md, "The state machine", by the binary.
@Suite("The state table")
struct ContractStateTableTests {
  // MARK: Closed

  @Test("closed: a run that succeeds zeroes the failure counter", arguments: StoreUnderTest.all)
  func closedSuccess(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.run(exit: 1)
    scene.run(exit: 1)
    #expect(scene.counter() == "2")
    #expect(scene.run(exit: 0).status == .exited(0))
    #expect(scene.counter() == "0")
    #expect(scene.state() == "closed")
  }

  @Test("closed: a run that is excluded zeroes the failure counter", arguments: StoreUnderTest.all)
  func closedExcluded(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.run(exit: 1)
    #expect(scene.run("--exclude", "3", exit: 3).status == .exited(3))
    #expect(scene.counter() == "0")
    #expect(scene.total("excluded") == 1)
  }

  @Test("closed: a run that fails adds one to the counter", arguments: StoreUnderTest.all)
  func closedFailure(_ store: StoreUnderTest) {
    let scene = Scene(store)
    for count in 1...4 {
      scene.run(exit: count)
      #expect(scene.counter() == "\(count)")
      #expect(scene.state() == "closed")
    }
  }

  @Test("closed: an ignored run leaves the counter as it is", arguments: StoreUnderTest.all)
  func closedIgnored(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.run(exit: 1)
    scene.run("--ignore", "9,0", exit: 9)
    scene.run("--ignore", "9,0", exit: 0)
    #expect(scene.counter() == "1")
    #expect(scene.total("ignored") == 2)
  }

  @Test("closed: the fail-max-th failure in a row opens, and not the one before", arguments: [1, 2, 5])
  func trips(_ most: Int) {
    for store in StoreUnderTest.all {
      let scene = Scene(store)
      for count in 1..<(most + 1) {
        #expect(scene.run("--fail-max", "\(most)", exit: 7).status == .exited(7))
        #expect(scene.state() == (count == most ? "open" : "closed"))
      }
      #expect(scene.counter() == "\(most)")
      #expect(scene.total("trips") == 1)
    }
  }

  @Test("closed: failures that are not in a row do not open", arguments: StoreUnderTest.all)
  func notInARow(_ store: StoreUnderTest) {
    let scene = Scene(store)
    for code in [1, 1, 0, 1, 1, 0, 1] { scene.run("--fail-max", "3", exit: code) }
    #expect(scene.state() == "closed")
    #expect(scene.counter() == "1")
  }

  @Test("closed: the window's rate opens", arguments: StoreUnderTest.all)
  func windowTrips(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let options = ["--window", "4", "--min-calls", "4", "--failure-rate", "50%"]
    for code in [0, 1, 0] { scene.run(options, sh: "exit \(code)") }
    #expect(scene.state() == "closed")
    scene.run(options, sh: "exit 1")
    #expect(scene.state() == "open")
  }

  // MARK: Open

  @Test(
    "open, timeout not over: the run is rejected, CMD not started, counters unchanged", arguments: StoreUnderTest.all)
  func openRejects(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.trip()
    let before = scene.shown("generation")?.int
    for _ in 1...3 {
      let rejected = scene.run(sh: "echo started")
      #expect(rejected.status == .exited(75))
      #expect(rejected.output == [])
    }
    #expect(scene.state() == "open")
    #expect(scene.counter() == "1")
    #expect(scene.total("rejected") == 3)
    #expect(scene.total("calls") == 1)
    #expect(scene.total("failures") == 1)
    #expect(scene.shown("generation")?.int == before)
  }

  @Test("open, timeout over: the run makes it half-open and is a trial", arguments: StoreUnderTest.all)
  func trial(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.trip("--reset-timeout", "200ms")
    scene.waitUntilDue()
    #expect(scene.state() == "open")
    let trial = scene.runInFlight()
    #expect(scene.state() == "half-open")
    #expect(scene.shown("trials")?.int == 1)
    #expect(trial.end(0).outputText.hasPrefix("up half-open "))
  }

  @Test("open, a timeout that is just over counts as over", arguments: StoreUnderTest.all)
  func equality(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.trip("--reset-timeout", "0")
    #expect(scene.cb("check", "x").status == .exited(0))
    #expect(scene.run(exit: 0).status == .exited(0))
    #expect(scene.state() == "closed")
  }

  @Test("an open breaker whose timeout is over reads open, with retry_after 0", arguments: StoreUnderTest.all)
  func readsOpen(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.trip("--reset-timeout", "100ms")
    scene.waitUntilDue()
    #expect(scene.state() == "open")
    #expect(scene.get("retry-after") == "0")
    #expect(scene.shown("retry_after")?.double == 0)
  }

  @Test("opening an open breaker restarts its timeout", arguments: StoreUnderTest.all)
  func reopening(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.trip()
    let opened = scene.shown("opened_at")?.string ?? ""
    let left = Double(scene.get("retry-after")) ?? 0
    #expect(left > 3000 && left <= 3600)
    #expect(eventually { (Double(scene.get("retry-after")) ?? 0) < left - 0.02 })
    #expect(scene.cb("open", "x").outputText == "x: open already; its timeout runs anew\n")
    #expect(scene.shown("opened_at")?.string ?? "" > opened)
  }

  // MARK: Half-open

  @Test("half-open: as many trials at once as half-open-max, and the next is rejected", arguments: [1, 3])
  func trialsAtOnce(_ most: Int) {
    for store in StoreUnderTest.all {
      let scene = Scene(store)
      scene["CB_HALF_OPEN_MAX"] = "\(most)"
      scene.cb("half-open", "x")
      let trials = (1...most).map { _ in scene.runInFlight() }
      #expect(scene.shown("trials")?.int == most)
      #expect(scene.cb("check", "x").status == .exited(75))
      let rejected = scene.run(sh: "echo started")
      #expect(rejected.status == .exited(75))
      #expect(rejected.output == [])
      #expect(scene.state() == "half-open")
      for trial in trials { trial.end(0) }
      #expect(scene.state() == "closed")
    }
  }

  @Test("half-open: success-threshold trial successes close and zero the counter", arguments: [1, 3])
  func closes(_ threshold: Int) {
    for store in StoreUnderTest.all {
      let scene = Scene(store)
      scene["CB_SUCCESS_THRESHOLD"] = "\(threshold)"
      scene.trip()
      scene.cb("half-open", "x")
      for count in 1..<(threshold + 1) {
        #expect(scene.state() == "half-open")
        #expect(scene.counter() == "1")
        #expect(scene.shown("success_counter")?.int == count - 1)
        scene.run(exit: 0)
      }
      #expect(scene.state() == "closed")
      #expect(scene.counter() == "0")
    }
  }

  @Test("half-open: an excluded trial counts like one that succeeds", arguments: StoreUnderTest.all)
  func excludedTrial(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.trip()
    scene.cb("half-open", "x")
    scene.run("--exclude", "4", exit: 4)
    #expect(scene.state() == "closed")
    #expect(scene.counter() == "0")
  }

  @Test("half-open: a trial that fails adds one and opens again at once", arguments: StoreUnderTest.all)
  func failedTrial(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene["CB_RESET_TIMEOUT"] = "1h"
    for _ in 1...3 { scene.run("--fail-max", "3", exit: 1) }
    scene.cb("half-open", "x")
    #expect(scene.run("--fail-max", "3", exit: 6).status == .exited(6))
    #expect(scene.state() == "open")
    #expect(scene.counter() == "4")
    #expect(scene.run(exit: 0).status == .exited(75))
    #expect(scene.total("trips") == 2)
  }

  @Test("half-open: a failed trial after a good one opens, and the successes begin anew", arguments: StoreUnderTest.all)
  func successesBeginAnew(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene["CB_SUCCESS_THRESHOLD"] = "2"
    scene.trip()
    scene.cb("half-open", "x")
    scene.run(exit: 0)
    scene.run(exit: 1)
    #expect(scene.state() == "open")
    scene.cb("half-open", "x")
    scene.run(exit: 0)
    #expect(scene.state() == "half-open")
  }

  @Test(
    "half-open: the place of a trial whose cb was killed is free again at once, without a verdict",
    arguments: StoreUnderTest.all)
  func lostTrial(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.trip()
    scene.cb("half-open", "x")
    let trial = scene.runInFlight()
    #expect(scene.cb("check", "x").status == .exited(75))
    trial.killCB()
    #expect(scene.cb("check", "x").status == .exited(0))
    #expect(scene.shown("trials")?.int == 0)
    #expect(scene.state() == "half-open")
    #expect(scene.counter() == "1")
    #expect(scene.run(exit: 0).status == .exited(0))
    #expect(scene.state() == "closed")
    #expect(scene.total("lost") == 1)
    #expect(scene.total("calls") == 2)
  }

  @Test("half-open: the place of an ignored trial is free again, without a verdict", arguments: StoreUnderTest.all)
  func ignoredTrial(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.trip()
    scene.cb("half-open", "x")
    scene.run("--ignore", "9", exit: 9)
    #expect(scene.state() == "half-open")
    #expect(scene.counter() == "1")
    #expect(scene.shown("trials")?.int == 0)
    #expect(scene.run(exit: 0).status == .exited(0))
    #expect(scene.state() == "closed")
  }

  @Test("the failure counter survives open and half-open", arguments: StoreUnderTest.all)
  func counterSurvives(_ store: StoreUnderTest) {
    let scene = Scene(store)
    for _ in 1...2 { scene.run("--fail-max", "2", exit: 1) }
    #expect(scene.counter() == "2")
    scene.cb("half-open", "x")
    #expect(scene.counter() == "2")
    scene.cb("open", "x")
    #expect(scene.counter() == "2")
  }
}
