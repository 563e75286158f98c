import CircuitBreaker
import Testing

/// `cb open`, `cb close`, `cb half-open`, `cb reset` and `cb set`, on each state.
struct ManualActionTests {
  /// A bench in the state, with fail-max 2 and a counter of 2 where it has opened once.
  private func bench(in state: CircuitState) throws -> Bench {
    var bench = Bench { $0.failMax = 2 }
    switch state {
    case .closed: try bench.run(.failure)
    case .open: try bench.trip()
    case .halfOpen: _ = try bench.startTrial()
    }
    return bench
  }

  @Test(
    "cb open opens from any state, for the reset timeout from now; the counter stays", arguments: CircuitState.allCases)
  func open(from state: CircuitState) throws {
    var bench = try bench(in: state)
    let (counter, generation) = (bench.breaker.failCounter, bench.breaker.generation)
    bench.open(reason: "deploy")
    bench.shows(
      .open, counter: counter, changes: state == .open ? [] : ["\(state.rawValue) -> open: deploy"],
      writes: ["manual \(state.rawValue) -> open: deploy by ann"])
    #expect(bench.last.isStateChange)
    #expect(bench.retryAfter == .seconds(60))
    #expect(bench.breaker.generation == generation + (state == .open ? 0 : 1))
    #expect(bench.breaker.hold == nil)
    #expect(bench.breaker.totals.trips == (state == .closed ? 0 : 1))
    bench.wait(.seconds(60))
    #expect(try bench.start().isTrial)
  }

  @Test("cb open on an open breaker restarts its timeout")
  func openRestarts() throws {
    var bench = try bench(in: .open)
    bench.wait(.seconds(59))
    #expect(bench.retryAfter == .seconds(1))
    bench.open()
    bench.wait(.seconds(59))
    #expect(!bench.wouldAdmit)
    bench.wait(.seconds(1))
    #expect(bench.wouldAdmit)
  }

  @Test("cb close closes from any state and zeroes the counter", arguments: CircuitState.allCases)
  func close(from state: CircuitState) throws {
    var bench = try bench(in: state)
    let generation = bench.breaker.generation
    bench.close()
    bench.shows(
      .closed, counter: 0, changes: state == .closed ? [] : ["\(state.rawValue) -> closed: by ann"],
      writes: ["manual \(state.rawValue) -> closed by ann"])
    #expect(bench.breaker.generation == generation + (state == .closed ? 0 : 1))
    try bench.run(.failure)
    bench.shows(.closed, counter: 1, writes: ["failure: exit 1"])
  }

  @Test("cb half-open makes the next run a trial, from any state", arguments: CircuitState.allCases)
  func halfOpen(from state: CircuitState) throws {
    var bench = try bench(in: state)
    let (counter, generation) = (bench.breaker.failCounter, bench.breaker.generation)
    bench.halfOpen(reason: "mended")
    bench.shows(
      .halfOpen, counter: counter,
      changes: state == .halfOpen ? [] : ["\(state.rawValue) -> half-open: mended"],
      writes: ["manual \(state.rawValue) -> half-open: mended by ann"])
    #expect(bench.breaker.generation == generation + 1)
    #expect(bench.breaker.trials == 0)
    #expect(try bench.start().isTrial)
    #expect(!bench.wouldAdmit)
  }

  @Test("cb open --hold lasts until cb close, cb half-open or cb reset", arguments: CircuitState.allCases)
  func openHold(from state: CircuitState) throws {
    var bench = try bench(in: state)
    bench.open(.held, reason: "no more")
    #expect(bench.breaker.hold == .init(state: .open, until: nil, reason: "no more", by: "ann", since: bench.now))
    bench.wait(.seconds(1_000_000_000))
    #expect(!bench.wouldAdmit)
    #expect(bench.retryAfter == nil)
    bench.ask()
    #expect(bench.rejection?.cause == .open(retryAfter: nil))
    #expect(bench.wrote.last == "rejected: circuit held open")
    let held = bench
    bench.close()
    #expect(bench.breaker.hold == nil && bench.wouldAdmit)
    bench = held
    bench.halfOpen()
    #expect(bench.breaker.hold == nil && bench.wouldAdmit)
    bench = held
    bench.reset()
    #expect(bench.breaker.hold == nil && bench.wouldAdmit)
    bench = held
    bench.open()  // plain: the usual timeout runs from now
    #expect(bench.breaker.hold == nil && bench.retryAfter == .seconds(60))
  }

  @Test("cb open --for stays open that long, equality counts, and then the next run is a trial")
  func openFor() throws {
    var bench = try bench(in: .closed)
    bench.open(.lasting(.seconds(300)))
    #expect(bench.breaker.hold?.until == bench.now + .seconds(300))
    bench.policy.resetTimeout = .seconds(1)
    bench.policy.isResetTimeoutCallersOwn = true  // an asker's own reset timeout does not shorten it
    bench.wait(.ms(299_999))
    #expect(!bench.wouldAdmit && bench.retryAfter == .ms(1))
    bench.wait(.ms(1))
    #expect(bench.wouldAdmit)
    #expect(try bench.start().isTrial)
    #expect(bench.breaker.hold == nil)
  }

  @Test("cb close --hold stays closed whatever fails; failures are counted, and what would have tripped")
  func closeHold() throws {
    var bench = try bench(in: .open)
    bench.close(.held, reason: "known")
    try bench.run(.failure)
    #expect(bench.breaker.totals.wouldTrip == 0)
    try bench.run(.failure)
    bench.shows(.closed, counter: 2, writes: ["failure: exit 1"])
    #expect(bench.breaker.totals.wouldTrip == 1)
    #expect(bench.breaker.totals.trips == 1)
    #expect(bench.breaker.totals.failures == 4)
    bench.wait(.seconds(1_000_000_000))
    try bench.run(.failure)
    #expect(bench.breaker.state == .closed)
    bench.close()
    #expect(bench.breaker.hold == nil && bench.breaker.failCounter == 0)
    try bench.trip()
    #expect(bench.breaker.failCounter == 2)
  }

  @Test("cb close --for ends to the millisecond; the next failure beyond fail-max then opens")
  func closeFor() throws {
    var bench = try bench(in: .closed)
    bench.close(.lasting(.seconds(10)))
    try bench.run(.failure, .failure, .failure)
    bench.wait(.ms(9999))
    try bench.run(.failure)
    bench.shows(.closed, counter: 4, writes: ["failure: exit 1"])
    bench.wait(.ms(1))
    let permit = try bench.start()
    #expect(bench.breaker.hold == nil)
    #expect(bench.last.isStateChange)  // that the hold is over has to be kept
    bench.end(permit, .failure)
    #expect(bench.breaker.state == .open)
    #expect(bench.breaker.failCounter == 5)
  }

  @Test("a hold closed by rate counts what would have tripped as well")
  func closeHoldWithWindow() throws {
    var bench = Bench {
      $0.window = .runs(4)
      $0.minCalls = 2
    }
    bench.close(.held)
    try bench.run(.success, .failure)
    #expect(bench.breaker.totals.wouldTrip == 1)
    #expect(bench.breaker.state == .closed)
  }

  @Test("cb reset: closed, counters, history and holds cleared; settings, identity and running work kept")
  func reset() throws {
    var bench = Bench {
      $0.failMax = 1
      $0.maxConcurrent = 3
    }
    bench.configure(["fail-max": ["1"]])
    let running = try bench.start()
    try bench.run(.failure)
    bench.ask()
    bench.open(.held)
    let generation = bench.breaker.generation
    bench.reset()
    bench.shows(.closed, counter: 0, changes: ["open -> closed: reset"], writes: ["reset open -> closed by ann"])
    var expected = Breaker(id: 7)
    expected.generation = generation + 1
    expected.settings["fail-max"] = ["1"]
    expected.leases = bench.breaker.leases
    // Numbers of events go on, and those of before are cleared wherever a store still has them.
    expected.nextSequence = bench.breaker.nextSequence
    expected.firstSequence = bench.breaker.nextSequence - 1
    expected.history = bench.breaker.history
    expected.changedAt = bench.breaker.history.last?.at
    #expect(expected.history.map(\.sequence) == [expected.firstSequence])
    #expect(bench.breaker == expected)
    #expect(bench.breaker.leases.map(\.token) == [running.token])
    #expect(bench.last.isStateChange)
    bench.end(running, .failure)
    #expect(bench.last.effect == .stale)
    #expect(bench.breaker.leases.isEmpty)
  }

  @Test("cb reset on a closed breaker tells of no transition, and moves the generation on")
  func resetClosed() throws {
    var bench = try bench(in: .closed)
    bench.reset()
    bench.shows(.closed, counter: 0, writes: ["reset closed -> closed by ann"])
    #expect(bench.breaker.generation == 2)
  }

  @Test("cb set stores values, an empty list of values forgets the key, and neither changes the state")
  func configure() throws {
    var bench = try bench(in: .closed)
    bench.configure(["fail-max": ["3"], "of-a-later-version": ["3", "SIGINT"]])
    #expect(bench.last.isStateChange)
    #expect(bench.breaker.settings["of-a-later-version"] == ["3", "SIGINT"])
    #expect(bench.breaker.settings.keys == ["fail-max", "of-a-later-version"])
    bench.shows(.closed, counter: 1, writes: ["set fail-max, of-a-later-version by ann"])
    bench.configure(["fail-max": [], "of-a-later-version": []])
    #expect(bench.breaker.settings.isEmpty)
    bench.shows(.closed, counter: 1, writes: ["set fail-max, of-a-later-version by ann"])
    #expect(bench.breaker.generation == 1)
  }

  @Test("cb set reset-timeout while open means this outage too, but no opening by hand for a time of its own")
  func configureWhileOpen() throws {
    var bench = try bench(in: .open)
    bench.wait(.seconds(5))
    bench.policy.resetTimeout = .seconds(10)
    bench.configure(["fail-max": ["3"]])
    #expect(bench.retryAfter == .seconds(55))
    bench.configure(["reset-timeout": ["10s"]], appliesToOpenCircuit: true)
    #expect(bench.retryAfter == .seconds(5))
    bench.open(.lasting(.seconds(300)))
    bench.configure(["reset-timeout": ["10s"]], appliesToOpenCircuit: true)
    #expect(bench.retryAfter == .seconds(300))
  }

  @Test("an asker with a reset timeout of its own is judged by it, the others by what the trip stored")
  func callersOwn() throws {
    var bench = try bench(in: .open)
    bench.policy.resetTimeout = .seconds(10)
    bench.wait(.seconds(10))
    #expect(!bench.wouldAdmit)
    bench.policy.isResetTimeoutCallersOwn = true
    #expect(bench.wouldAdmit && bench.retryAfter == .zero)
    bench.policy.resetTimeout = .seconds(100)
    #expect(bench.retryAfter == .seconds(90))
    #expect(bench.breaker.retryAfter(nil, at: bench.now) == .seconds(50))
  }
}
