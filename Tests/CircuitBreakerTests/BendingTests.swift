import CircuitBreaker
import Testing

/// `observe` (docs/CONTRACT.md, "The state machine"): all is decided, and nothing is rejected.
struct ObserveTests {
  @Test("a run that would be rejected runs, is counted as that, and its result is not")
  func observed() throws {
    var bench = Bench()
    try bench.trip()
    let before = bench.breaker
    let permit = try bench.start(mode: .observe)
    #expect(permit.role == .observed && !permit.hasLease)
    #expect(bench.last.rejection?.cause == .open(retryAfter: .seconds(60)))
    bench.shows(.open, counter: 5, writes: ["rejected: circuit open, observed"])
    #expect(bench.breaker.totals.wouldReject == 1 && bench.breaker.totals.rejected == 0)
    #expect(bench.breaker.phase == before.phase && !bench.breaker.rejectionNoticed)
    for outcome in Outcome.allCases {
      let before = bench.breaker
      bench.end(permit, outcome, severity: .holds(reason: "h"), hint: .after(.seconds(600)))
      #expect(bench.last.effect == .done && bench.breaker == before)
    }
  }

  @Test("a due trial is a trial as ever, and one that finds it taken is observed")
  func trial() throws {
    var bench = Bench()
    try bench.trip()
    bench.wait(.seconds(60))
    let trial = try bench.start(mode: .observe)
    #expect(trial.role == .trial)
    #expect(try bench.start(mode: .observe).role == .observed)
    bench.end(trial, .success)
    #expect(bench.breaker.state == .closed)
  }

  @Test("max-concurrent is not enforced, and who runs beyond it takes no place")
  func places() throws {
    var bench = Bench { $0.maxConcurrent = 1 }
    let first = try bench.start(mode: .observe)
    #expect(first.role == .ordinary && first.hasLease)
    #expect(try bench.start(mode: .observe).role == .observed)
    #expect(try bench.start(.permit, mode: .observe).role == .observed)
    #expect(bench.breaker.running == 1 && bench.breaker.totals.wouldReject == 2)
    bench.end(first, .success)
    #expect(bench.breaker.running == 0)
    bench.ask(mode: .enforce)
    #expect(bench.rejection == nil)
  }

  @Test("a permit keeps its token, so that its report is known and not counted")
  func permits() throws {
    var bench = Bench()
    try bench.trip()
    let permit = try bench.start(.permit, mode: .observe)
    let lease = try #require(bench.breaker.leases.first)
    #expect(Permit(lease, breaker: 7) == permit && bench.breaker.heldPlace(of: lease) == .permit)
    let calls = bench.breaker.totals.calls
    bench.end(permit, .success)
    #expect(bench.breaker.leases.isEmpty && bench.breaker.totals.calls == calls && bench.breaker.totals.stale == 0)
  }

  @Test("a circuit opened by hand is enforced: plain, for a time, held", arguments: [0, 1, 2])
  func byHand(kind: Int) throws {
    var bench = Bench()
    bench.open([.usual(bench.policy), .lasting(.seconds(60)), .held][kind])
    bench.ask(mode: .observe)
    #expect(bench.rejection != nil && bench.breaker.totals.rejected == 1)
    #expect(!bench.breaker.wouldAdmit(bench.policy, mode: .observe, at: bench.now))
  }

  @Test("a hold by code is stored and not enforced")
  func heldByCode() throws {
    var bench = Bench()
    bench.end(try bench.start(mode: .observe), .failure, severity: .holds(reason: "exit 12 is in hold-on"))
    #expect(bench.breaker.hold?.state == .open && bench.last.newHold != nil)
    #expect(bench.breaker.wouldAdmit(bench.policy, mode: .observe, at: bench.now))
    #expect(try bench.start(mode: .observe).role == .observed)
    #expect(!bench.wouldAdmit)
  }
}

/// `run --force` (docs/CONTRACT.md, "Settings"): admitted whatever the state.
struct ForceTests {
  @Test("it is admitted in every state, held and full, and the history says who", arguments: CircuitState.allCases)
  func admitted(in state: CircuitState) throws {
    var bench = Bench { $0.maxConcurrent = 1 }
    switch state {
    case .closed: _ = try bench.start()
    case .open: bench.open(.held)
    case .halfOpen: _ = try bench.startTrial()
    }
    #expect(!bench.wouldAdmit && bench.breaker.wouldAdmit(bench.policy, mode: .force(by: "ann"), at: bench.now))
    let permit = try bench.start(mode: .force(by: "ann@web-3"))
    #expect(permit.role == .forced && permit.hasLease)
    #expect(bench.breaker.totals.forced == 1 && bench.breaker.totals.rejected == 0)
    #expect(bench.wrote == ["manual \(state.rawValue) -> \(state.rawValue): forced run by ann@web-3"])
    #expect(bench.breaker.state == state && bench.last.transitions.isEmpty)
  }

  @Test("in a closed circuit its result is that of any run")
  func closed() throws {
    var bench = Bench { $0.failMax = 1 }
    #expect(
      bench.breaker.admitWithoutTrace(
        AdmissionRequest(token: Token(text: "f"), policy: bench.policy, mode: .force(by: "ann"))) == nil)
    bench.end(try bench.start(mode: .force(by: "ann")), .failure)
    #expect(bench.breaker.state == .open && bench.breaker.totals.calls == 1)
  }

  @Test("in an open or half-open one it only counts", arguments: [CircuitState.open, .halfOpen])
  func elsewhere(state: CircuitState) throws {
    var bench = Bench()
    if state == .open { try bench.trip() } else { _ = try bench.startTrial() }
    let (phase, generation, trials) = (bench.breaker.phase, bench.breaker.generation, bench.breaker.trials)
    bench.end(try bench.start(mode: .force(by: "ann")), .success)
    #expect(bench.breaker.failCounter == 5 && bench.breaker.totals.successes == 1)
    bench.end(
      try bench.start(mode: .force(by: "ann")), .failure, severity: .holds(reason: "h"), hint: .after(.seconds(600)))
    bench.shows(state, counter: 6, writes: ["failure: exit 1"])
    #expect(bench.breaker.phase == phase && bench.breaker.generation == generation && bench.breaker.trials == trials)
    #expect(bench.breaker.totals.trips == 1 && bench.breaker.hold == nil)
  }

  @Test("it does not take the trial that is due, and its result is late after a change of state")
  func due() throws {
    var bench = Bench()
    try bench.trip()
    bench.wait(.seconds(60))
    let forced = try bench.start(mode: .force(by: "ann"))
    #expect(bench.breaker.state == .open && bench.wouldAdmit)
    try bench.run(.success)
    bench.end(forced, .failure)
    #expect(bench.last.effect == .stale && bench.breaker.state == .closed)
  }
}

/// `cb record` (docs/CONTRACT.md, "Commands"): results for which nobody asked.
struct UnaskedTests {
  @Test("closed: as the end of a run")
  func closed() throws {
    var bench = Bench { $0.failMax = 2 }
    bench.record(.failure)
    bench.shows(.closed, counter: 1, writes: ["failure: exit 1"])
    bench.record(.failure)
    #expect(bench.breaker.state == .open)
    #expect(bench.breaker.totals.recorded == 2 && bench.breaker.totals.calls == 2)
  }

  @Test("open and due: it is the trial", arguments: [Outcome.success, .failure, .ignored])
  func due(outcome: Outcome) throws {
    var bench = Bench()
    try bench.trip()
    bench.wait(.seconds(60))
    bench.record(outcome)
    let next =
      switch outcome {
      case .success: ["half-open -> closed: trial succeeded"]
      case .failure: ["half-open -> open: trial failed (exit 1)"]
      default: [String]()
      }
    #expect(bench.last.transitions.map(\.line) == ["open -> half-open: reset timeout over"] + next)
    #expect(bench.breaker.leases.isEmpty && bench.breaker.totals.recorded == 1)
  }

  @Test("half-open: the trial where one is free, else stale")
  func halfOpen() throws {
    var bench = Bench { $0.successThreshold = 2 }
    let trial = try bench.startTrial()
    bench.record(.success)
    #expect(bench.last.effect == .stale && bench.successes == 0 && bench.breaker.trials == 1)
    bench.end(trial, .success)
    bench.record(.success)
    #expect(bench.breaker.state == .closed)
    #expect(bench.breaker.totals.recorded == 1 && bench.breaker.totals.stale == 1)
  }

  @Test("open and not due, or held: stale, and nothing else", arguments: [true, false])
  func open(held: Bool) throws {
    var bench = Bench()
    bench.open(held ? .held : nil)
    var expected = bench.breaker
    expected.totals.stale += 1
    bench.record(.failure, severity: .holds(reason: "h"), hint: .after(.seconds(600)))
    #expect(bench.last.effect == .stale && bench.breaker == expected && !bench.last.isStateChange)
  }

  @Test("max-concurrent has no say in what is over, and a hint opens as ever")
  func full() throws {
    var bench = Bench { $0.maxConcurrent = 1 }
    _ = try bench.start()
    bench.record(.failure, hint: .after(.seconds(600)))
    #expect(bench.breaker.state == .open && bench.retryAfter == .seconds(600))
  }

  @Test("it makes a breaker that is not there; the result of an observed run, and a reset, make none")
  func creates() {
    let policy = Policy()
    let verdict = Verdict(.failure, reason: "exit 1")
    #expect(Event.recordUnasked(UnaskedResult(verdict: verdict, policy: policy, draw: 0)).createsBreaker)
    let observed = Permit(token: Token(1, 2), breaker: nil, generation: 1, role: .observed, hasLease: false)
    let report = RunReport(permit: observed, verdict: verdict, policy: policy, draw: 0)
    #expect(!Event.record(report).createsBreaker && !report.mayChangeState)
    #expect(!Event.reset(ManualAction(by: "ann")).createsBreaker)
  }
}
