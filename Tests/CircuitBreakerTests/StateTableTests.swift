import CircuitBreaker
import Testing

/// The table of docs/CONTRACT.md, "The state machine", row by row: prepare, one event, and what it leaves.
struct StateTableTests {
  @Test("closed, run succeeds: the counter is zero again")
  func closedSuccess() throws {
    var bench = Bench()
    try bench.run(.failure, .failure)
    bench.shows(.closed, counter: 2, writes: ["failure: exit 1"])
    try bench.run(.success)
    bench.shows(.closed, counter: 0)
    #expect(bench.breaker.lastSuccess == bench.now)
  }

  @Test("closed, run is excluded: the counter is zero again, and it is no success")
  func closedExcluded() throws {
    var bench = Bench()
    try bench.run(.failure, .failure, .excluded)
    bench.shows(.closed, counter: 0)
    #expect(bench.breaker.lastSuccess == nil)
    #expect(bench.breaker.totals.excluded == 1)
    #expect(bench.breaker.totals.successes == 0)
  }

  @Test("closed, run fails: the counter is one more, and below fail-max nothing else happens")
  func closedFailure() throws {
    var bench = Bench()
    try bench.run(.failure, .failure, .failure, .failure)
    bench.shows(.closed, counter: 4, writes: ["failure: exit 1"])
    #expect(bench.breaker.generation == 1)
    #expect(bench.breaker.lastFailure == .init(at: bench.now, reason: "exit 1"))
  }

  @Test("closed, the fail-max-th run in a row fails: open", arguments: [1, 2, 5])
  func closedTrip(failMax: Int) throws {
    var bench = Bench { $0.failMax = failMax }
    for _ in 1..<failMax { try bench.run(.failure) }
    bench.wait(.seconds(3))
    try bench.run(.failure)
    let cause = failMax == 1 ? "1 failure (exit 1)" : "\(failMax) failures in a row (exit 1)"
    bench.shows(
      .open, counter: failMax, changes: ["closed -> open: \(cause)"],
      writes: ["failure: exit 1", "state-change closed -> open: \(cause)"])
    #expect(bench.breaker.generation == 2)
    #expect(bench.breaker.totals.trips == 1)
    #expect(bench.retryAfter == .seconds(60))
  }

  @Test("closed, failures that a success parts do not open")
  func closedNotInARow() throws {
    var bench = Bench { $0.failMax = 2 }
    for _ in 1...20 { try bench.run(.failure, .success) }
    bench.shows(.closed, counter: 0)
    #expect(bench.breaker.totals.failures == 20)
  }

  @Test("closed, run is ignored: no verdict at all, only counted")
  func closedIgnored() throws {
    var bench = Bench { $0.failMax = 3 }
    try bench.run(.failure, .failure, .ignored)
    bench.shows(.closed, counter: 2)
    #expect(bench.breaker.totals.ignored == 1)
    #expect(bench.breaker.totals.calls == 3)
    try bench.run(.failure)
    #expect(bench.breaker.state == .open)
  }

  @Test("open, timeout not over: rejected, counters unchanged")
  func openRejects() throws {
    var bench = Bench { $0.failMax = 2 }
    try bench.trip()
    bench.wait(.ms(59_999))
    #expect(!bench.wouldAdmit)
    bench.ask()
    bench.shows(.open, counter: 2, writes: ["rejected: circuit open"])
    #expect(bench.rejection?.cause == .open(retryAfter: .ms(1)))
    #expect(bench.breaker.totals.rejected == 1)
    #expect(bench.breaker.totals.calls == 2)
    #expect(bench.breaker.generation == 2)
    #expect(!bench.last.isStateChange)
  }

  @Test("open, timeout over to the millisecond: half-open, and this run is a trial")
  func openToHalfOpen() throws {
    var bench = Bench { $0.failMax = 2 }
    try bench.trip()
    bench.wait(.seconds(60))
    #expect(bench.wouldAdmit)
    #expect(bench.retryAfter == .zero)
    #expect(bench.breaker.state == .open)  // lazily: until a run comes it reads open
    let permit = try bench.start()
    bench.shows(
      .halfOpen, counter: 2, changes: ["open -> half-open: reset timeout over"],
      writes: ["state-change open -> half-open: reset timeout over"])
    #expect(permit.isTrial)
    #expect(permit.hasLease)
    #expect(bench.breaker.trials == 1)
    #expect(bench.breaker.generation == 3)
  }

  @Test("half-open, fewer than half-open-max trials live: a trial", arguments: [1, 2, 3])
  func halfOpenAdmits(most: Int) throws {
    var bench = Bench { $0.halfOpenMax = most }
    var permits = [try bench.startTrial()]
    while permits.count < most { permits.append(try bench.start()) }
    #expect(permits.allSatisfy { $0.isTrial && $0.generation == 3 })
    #expect(bench.breaker.trials == most)
    #expect(!bench.wouldAdmit)
  }

  @Test("half-open, no trial free: rejected", arguments: [1, 2, 3])
  func halfOpenRejects(most: Int) throws {
    var bench = Bench { $0.halfOpenMax = most }
    _ = try bench.startTrial()
    for _ in 1..<most { _ = try bench.start() }
    bench.ask()
    bench.shows(.halfOpen, counter: 5, writes: ["rejected: trial running"])
    #expect(bench.rejection?.cause == .noTrialFree(live: most))
    #expect(bench.breaker.trials == most)
  }

  @Test("half-open, trial succeeds or is excluded: closed, counter zero", arguments: [Outcome.success, .excluded])
  func trialSucceeds(outcome: Outcome) throws {
    var bench = Bench()
    let trial = try bench.startTrial()
    bench.end(trial, outcome)
    bench.shows(
      .closed, counter: 0, changes: ["half-open -> closed: trial succeeded"],
      writes: ["state-change half-open -> closed: trial succeeded"])
    #expect(bench.breaker.generation == 4)
    #expect(bench.breaker.leases.isEmpty)
  }

  @Test("half-open, success-threshold trials have to succeed, one after the other")
  func successThreshold() throws {
    var bench = Bench { $0.successThreshold = 3 }
    bench.end(try bench.startTrial(), .success)
    bench.shows(.halfOpen, counter: 5)
    #expect(bench.successes == 1)
    try bench.run(.excluded)
    #expect(bench.successes == 2)
    try bench.run(.success)
    bench.shows(
      .closed, counter: 0, changes: ["half-open -> closed: 3 trials succeeded"],
      writes: ["state-change half-open -> closed: 3 trials succeeded"])
  }

  @Test("half-open, trial fails: counter one more, open again at once with a timeout of its own")
  func trialFails() throws {
    var bench = Bench { $0.successThreshold = 2 }
    bench.end(try bench.startTrial(), .success)
    let trial = try bench.start()
    bench.wait(.seconds(7))
    bench.end(trial, .failure)
    bench.shows(
      .open, counter: 6, changes: ["half-open -> open: trial failed (exit 1)"],
      writes: ["failure: exit 1", "state-change half-open -> open: trial failed (exit 1)"])
    #expect(bench.retryAfter == .seconds(60))
    #expect(bench.breaker.totals.trips == 2)
    bench.wait(.seconds(60))
    _ = try bench.start()
    #expect(bench.successes == 0)  // of this round, not of the one before
  }

  @Test("half-open, trial lost because its process died: its place is free, no verdict")
  func trialLost() throws {
    var bench = Bench()
    let trial = try bench.startTrial()
    bench.apply(.lose([trial.token]))
    bench.shows(.halfOpen, counter: 5, writes: ["lost: trial lost"])
    #expect(bench.breaker.totals.lost == 1)
    #expect(bench.breaker.totals.calls == 5)
    #expect(bench.wouldAdmit)
    try bench.run(.success)
    #expect(bench.breaker.state == .closed)
  }

  @Test("half-open, trial lost because its lease ran out: free when it has, and not before")
  func trialRanOut() throws {
    var bench = Bench()
    let trial = try bench.startTrial()
    bench.wait(.ms(14_999))
    #expect(!bench.wouldAdmit)
    bench.wait(.ms(1))
    #expect(bench.wouldAdmit)
    let next = try bench.start()
    bench.shows(.halfOpen, counter: 5, writes: ["lost: trial lost"])
    bench.end(trial, .failure)  // it comes back after all
    bench.shows(.halfOpen, counter: 5)
    #expect(bench.last.effect == .stale)
    bench.end(next, .success)
    #expect(bench.breaker.state == .closed)
  }

  @Test("half-open, a lease that is renewed does not run out")
  func trialRenewed() throws {
    var bench = Bench()
    let trial = try bench.startTrial()
    for _ in 1...100 {
      bench.wait(Lease.renewal)
      bench.apply(.renew(trial.token, term: Lease.term))
      #expect(!bench.wouldAdmit)
    }
    bench.end(trial, .success)
    #expect(bench.breaker.state == .closed)
    #expect(bench.breaker.totals.lost == 0)
  }

  @Test("a renewal never makes a lease shorter, and does not bring back one that ran out")
  func renewals() throws {
    var bench = Bench()
    let trial = try bench.startTrial()
    bench.apply(.renew(trial.token, term: .seconds(1)))
    bench.wait(.seconds(14))
    #expect(bench.breaker.trials == 1 && !bench.wouldAdmit)
    bench.wait(.seconds(1))
    bench.apply(.renew(trial.token, term: .seconds(15)))
    bench.shows(.halfOpen, counter: 5, writes: ["lost: trial lost"])
    #expect(bench.breaker.leases.isEmpty)
  }

  @Test("half-open, trial ignored: its place is free, no verdict")
  func trialIgnored() throws {
    var bench = Bench()
    bench.end(try bench.startTrial(), .ignored)
    bench.shows(.halfOpen, counter: 5)
    #expect(bench.successes == 0)
    #expect(bench.wouldAdmit)
    #expect(bench.breaker.totals.ignored == 1)
  }

  @Test("the failure counter survives open and half-open")
  func counterSurvives() throws {
    var bench = Bench { $0.successThreshold = 2 }
    for round in 1...4 {
      let trial = try bench.startTrial()
      #expect(bench.breaker.failCounter == 4 + round)
      bench.end(trial, .failure)
      bench.shows(
        .open, counter: 5 + round, changes: ["half-open -> open: trial failed (exit 1)"],
        writes: ["failure: exit 1", "state-change half-open -> open: trial failed (exit 1)"])
    }
    bench.wait(.seconds(60))
    try bench.run(.success)
    bench.shows(.halfOpen, counter: 9)
    try bench.run(.success)
    #expect(bench.breaker.failCounter == 0)
  }

  @Test("with a reset timeout of zero the next run is a trial already")
  func zeroTimeout() throws {
    var bench = Bench {
      $0.failMax = 1
      $0.resetTimeout = .zero
    }
    try bench.run(.failure)
    #expect(bench.retryAfter == .zero)
    #expect(try bench.start().isTrial)
  }

  @Test("an opening that lies in the future is not believed: a trial is due")
  func openedInTheFuture() throws {
    var bench = Bench()
    try bench.trip()
    bench.now = Timestamp(milliseconds: bench.now.milliseconds - 1)
    #expect(bench.retryAfter == .zero)
    #expect(try bench.start().isTrial)
  }

  @Test("only the first reported rejection since the circuit was closed is the first, however often it opens again")
  func firstRejection() throws {
    var bench = Bench()
    try bench.trip()
    bench.apply(
      .admit(AdmissionRequest(token: Token(text: "quiet"), policy: bench.policy, announcesRejection: false)))
    #expect(bench.rejection?.isFirstSinceClosed == true)
    bench.ask()
    #expect(bench.rejection?.isFirstSinceClosed == true)
    bench.ask()
    #expect(bench.rejection?.isFirstSinceClosed == false)
    bench.wait(.seconds(60))
    let trial = try bench.start()
    bench.ask()
    #expect(bench.rejection?.isFirstSinceClosed == false)
    bench.end(trial, .failure)
    bench.ask()
    #expect(bench.rejection?.isFirstSinceClosed == false)  // the same outage
    bench.open()
    bench.ask()
    #expect(bench.rejection?.isFirstSinceClosed == false)
  }

  @Test("after a circuit has closed, the trip before it silences nobody")
  func rejectionAfterClosing() throws {
    var bench = Bench()
    try bench.trip()
    bench.ask()
    bench.close()
    bench.halfOpen()
    _ = try bench.start()
    bench.ask()
    #expect(bench.rejection?.isFirstSinceClosed == true)
  }
}
