import CircuitBreaker
import Testing

/// "A probe in place of the trial" (docs/CONTRACT.md, "The state machine").
struct ProbeTests {
  private static let ofRun = RunReport.Work.probe(.init(mode: .enforce, announcesRejection: true))

  @Test("a probe that succeeds is a trial success and not a call")
  func succeeds() throws {
    var bench = Bench()
    let trial = try bench.startTrial()
    let (totals, recent, success) = (
      bench.breaker.totals, bench.breaker.recent, bench.breaker.lastSuccess
    )
    bench.end(trial, .success, work: Self.ofRun)
    bench.shows(
      .closed, counter: 0, changes: ["half-open -> closed: probe succeeded"],
      writes: ["state-change half-open -> closed: probe succeeded"])
    var expected = totals
    expected.probes = 1
    #expect(bench.breaker.totals == expected)
    #expect(bench.breaker.recent == recent && bench.breaker.lastSuccess == success)
    #expect(bench.last.rejection == nil && bench.breaker.leases.isEmpty)
    #expect(try bench.start().role == .ordinary)
  }

  @Test("it is repeated in the same place, which nobody else gets meanwhile")
  func repeated() throws {
    var bench = Bench { $0.successThreshold = 3 }
    let trial = try bench.startTrial()
    for round in 1...2 {
      bench.end(trial, .success, work: Self.ofRun)
      #expect(bench.breaker.state == .halfOpen && bench.successes == round)
      #expect(bench.breaker.trials == 1 && !bench.wouldAdmit)
    }
    bench.end(trial, .success, work: Self.ofRun)
    #expect(bench.last.transitions.map(\.line) == ["half-open -> closed: 3 probes succeeded"])
    #expect(bench.breaker.totals.probes == 3 && bench.breaker.leases.isEmpty)
  }

  @Test("one that fails is a failed trial, and the run that waited is rejected")
  func fails() throws {
    var bench = Bench()
    let trial = try bench.startTrial()
    let totals = bench.breaker.totals
    bench.end(trial, .failure, work: Self.ofRun)
    bench.shows(
      .open, counter: 6, changes: ["half-open -> open: trial failed (probe: exit 1)"],
      writes: [
        "failure: probe: exit 1", "state-change half-open -> open: trial failed (probe: exit 1)",
        "rejected: circuit open",
      ])
    var expected = totals
    (expected.probes, expected.trips, expected.rejected) = (1, 2, 1)
    #expect(bench.breaker.totals == expected)
    let rejection = try #require(bench.last.rejection)
    #expect(rejection.cause == .open(retryAfter: .seconds(60)))
    #expect(rejection.openReason == "trial failed (probe: exit 1)" && rejection.isFirstSinceClosed)
    #expect(bench.breaker.lastFailure?.reason == "probe: exit 1")
  }

  @Test("one that a signal to cb ended proves nothing: its place is free, what was proved before stays")
  func endedBySignal() throws {
    var bench = Bench { $0.successThreshold = 2 }
    let trial = try bench.startTrial()
    bench.end(trial, .success, work: Self.ofRun)
    let totals = bench.breaker.totals
    bench.end(trial, .ignored, work: .probe(nil))
    bench.shows(.halfOpen, counter: 5, changes: [], writes: [])
    var expected = totals
    expected.probes = 2
    #expect(bench.breaker.totals == expected)
    #expect(bench.breaker.leases.isEmpty && bench.successes == 1 && bench.wouldAdmit)
    #expect(bench.breaker.lastFailure?.reason == "exit 1")
    // Reported again, or late, it changes nothing.
    bench.end(trial, .ignored, work: .probe(nil))
    #expect(bench.last.effect == .stale)
    bench.end(try bench.start(), .success, work: Self.ofRun)
    #expect(bench.breaker.state == .closed)
  }

  @Test("nobody is rejected where no run waits, and one that observes is only counted")
  func others() throws {
    var bench = Bench()
    bench.end(try bench.startTrial(), .failure, work: .probe(nil))
    #expect(bench.last.rejection == nil && bench.breaker.totals.rejected == 0)
    bench.wait(.seconds(60))
    bench.end(
      try bench.start(mode: .observe), .failure, work: .probe(.init(mode: .observe, announcesRejection: false)))
    #expect(bench.last.rejection != nil)
    #expect(bench.breaker.totals.rejected == 0 && bench.breaker.totals.wouldReject == 1)
  }

  @Test("one that is interrupted frees its place, without a verdict")
  func interrupted() throws {
    var bench = Bench()
    bench.end(try bench.startTrial(), .ignored, work: Self.ofRun)
    bench.shows(.halfOpen, counter: 5)
    #expect(bench.breaker.leases.isEmpty && bench.wouldAdmit && bench.last.rejection == nil)
  }

  @Test("one whose process dies frees its place at once, also between two probes")
  func lost() throws {
    var bench = Bench { $0.successThreshold = 2 }
    let trial = try bench.startTrial()
    bench.end(trial, .success, work: Self.ofRun)
    bench.apply(.lose([trial.token]))
    #expect(bench.wouldAdmit && bench.breaker.leases.isEmpty)
    bench.end(trial, .success, work: Self.ofRun)
    #expect(bench.last.effect == .stale && bench.breaker.totals.probes == 1)
  }

  @Test("a slow probe is not a slow run")
  func slow() throws {
    var bench = Bench { $0.slowAfter = .seconds(1) }
    bench.end(try bench.startTrial(), .success, duration: .seconds(5), work: Self.ofRun)
    #expect(bench.breaker.state == .closed && bench.breaker.totals.slow == 0)
  }

  @Test("a slow trial is a failed trial, with and without a window", arguments: [nil, WindowSize.runs(20)])
  func slowTrial(window: WindowSize?) throws {
    var bench = Bench {
      $0.slowAfter = .seconds(1)
      $0.window = window
    }
    bench.open()
    bench.wait(.seconds(60))
    bench.end(try bench.start(), .success, duration: .ms(1500))
    bench.shows(
      .open, counter: 1, changes: ["half-open -> open: trial failed (slow (1.5s))"],
      writes: ["failure: slow (1.5s)", "state-change half-open -> open: trial failed (slow (1.5s))"])
    bench.wait(.seconds(60))
    bench.record(.success, duration: .ms(1500))
    #expect(bench.breaker.state == .open && bench.breaker.failCounter == 2)
  }
}
