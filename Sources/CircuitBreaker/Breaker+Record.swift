extension Breaker {
  mutating func record(_ report: Report, at now: Timestamp) -> Step {
    let permit = report.permit
    let lease = leases.firstIndex { $0.token == permit.token }.map { leases.remove(at: $0) }
    // Only a closed circuit admits without a lease.
    let isHeard = lease != nil || (!permit.hasLease && state == .closed)
    guard permit.generation == generation, permit.breaker ?? id == id, isHeard else {
      totals.stale += 1
      return Step(.stale)
    }
    let policy = report.policy
    remember(policy, at: now)
    var verdict = report.verdict
    let isSlow = isSlow(verdict, policy)
    if isSlow { totals.slow += 1 }
    if isSlow, policy.window == nil, verdict.outcome == .success {
      verdict.outcome = .failure
      verdict.reason = "slow (\(verdict.duration.map(DurationText.format) ?? ""))"
    }
    count(verdict, at: now)
    var step = Step(.recorded(verdict))
    switch verdict.outcome {
    case .ignored: break
    case .success, .excluded:
      if case .halfOpen(let successes) = phase {
        step.transitions = trialSucceeded(successes + 1, policy, at: now)
      } else {
        failCounter = 0
        step.transitions = judgeWindow(isSlow ? .slow : [], report, at: now)
      }
    case .failure:
      failCounter += 1
      if case .halfOpen = phase {
        step.transitions = trip(report, verdict, "trial failed (\(verdict.reason))", at: now)
      } else if policy.window != nil {
        step.transitions = judgeWindow(isSlow ? [.failed, .slow] : .failed, report, at: now)
      } else if failCounter >= policy.failMax {
        step.transitions = tripUnlessHeld(report, verdict, Self.inARow(failCounter, verdict.reason), at: now)
      }
    }
    return step
  }

  private mutating func remember(_ policy: Policy, at now: Timestamp) {
    var policy = policy
    policy.isResetTimeoutCallersOwn = false
    guard policy != lastPolicy else { return }
    otherPolicy = lastPolicy.map { OtherPolicy(policy: $0, at: now) }
    lastPolicy = policy
  }

  private static func inARow(_ count: Int, _ reason: String) -> String {
    count == 1 ? "1 failure (\(reason))" : "\(count) failures in a row (\(reason))"
  }

  private func isSlow(_ verdict: Verdict, _ policy: Policy) -> Bool {
    guard let slowAfter = policy.slowAfter, let duration = verdict.duration, verdict.outcome != .ignored else {
      return false
    }
    return duration > slowAfter
  }

  private mutating func count(_ verdict: Verdict, at now: Timestamp) {
    totals.calls += 1
    if verdict.timedOut { totals.timeouts += 1 }
    remember(verdict.outcome)
    switch verdict.outcome {
    case .success:
      totals.successes += 1
      lastSuccess = now
    case .failure:
      totals.failures += 1
      lastFailure = LastFailure(at: now, reason: verdict.reason)
      note(.failure, at: now, reason: verdict.reason)
    case .excluded: totals.excluded += 1
    case .ignored: totals.ignored += 1
    }
  }

  private mutating func trialSucceeded(_ successes: Int, _ policy: Policy, at now: Timestamp) -> [Transition] {
    guard successes >= policy.successThreshold else {
      phase = .halfOpen(successes: successes)
      return []
    }
    let reason = successes == 1 ? "trial succeeded" : "\(successes) trials succeeded"
    move(to: .closed, at: now)
    failCounter = 0
    streak.rest(from: now, decay: policy.resetTimeout)
    note(.stateChange, at: now, from: .halfOpen, to: .closed, reason: reason)
    return [Transition(from: .halfOpen, to: .closed, reason: reason)]
  }

  /// Judges by rate (CONTRACT section 3, `window`). Only a failure or a slow run can open, as in the table: a run
  /// that went well is no reason to.
  private mutating func judgeWindow(_ run: RunWindow.Run, _ report: Report, at now: Timestamp) -> [Transition] {
    let policy = report.policy
    guard let size = policy.window else { return [] }
    let tally = window.add(run, size: size, at: now)
    guard tally.calls >= policy.callsToJudge else { return [] }
    if run.contains(.failed), reaches(tally.failures, of: tally.calls, policy.failureRate) {
      return tripUnlessHeld(
        report, report.verdict, "\(tally.failures) of \(tally.calls) runs failed (\(report.verdict.reason))", at: now)
    }
    if run.contains(.slow), policy.slowAfter != nil, reaches(tally.slow, of: tally.calls, policy.slowRate) {
      return tripUnlessHeld(
        report, report.verdict, "\(tally.slow) of \(tally.calls) runs were slow", at: now)
    }
    return []
  }

  /// Whether `part` of `whole` reaches the rate; 3 of 10 reaches 0.3, whatever 0.3 is in binary.
  private func reaches(_ part: Int, of whole: Int, _ rate: Double) -> Bool {
    Double(part) + 1e-9 >= Double(whole) * rate
  }

  private mutating func tripUnlessHeld(
    _ report: Report, _ verdict: Verdict, _ reason: String, at now: Timestamp
  ) -> [Transition] {
    if hold?.state == .closed {
      totals.wouldTrip += 1
      return []
    }
    return trip(report, verdict, reason, at: now)
  }

  private mutating func trip(
    _ report: Report, _ verdict: Verdict, _ reason: String, at now: Timestamp
  ) -> [Transition] {
    let from = state
    totals.trips += 1
    streak.settle(at: now)
    streak.count += 1
    let span = report.policy.openSpan(trips: streak.count, spread: report.draw)
    move(
      to: .open(OpenPhase(since: now, retryAt: now + span, spread: report.draw, trips: streak.count)), at: now)
    rejectionNoticed = false
    note(.stateChange, at: now, from: from, to: .open, reason: reason)
    return [Transition(from: from, to: .open, reason: reason)]
  }
}
