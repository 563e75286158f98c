extension Breaker {
  /// A failure that decides: of a closed circuit, or of a trial. Asked in this order: whether it holds, trips, brings a
  /// hint, is a trial, or is one too many.
  mutating func failed(_ report: RunReport, isSlow: Bool, _ step: inout Step, at now: Timestamp) {
    let hint = heed(report, at: now)
    // Also where the failure opens anyway: the window is to show it.
    let windowReason = windowIsFull(isSlow ? [.failed, .slow] : .failed, report, at: now)
    let reason = report.verdict.reason
    let cause: String? =
      switch (report.verdict.severity, hint) {
      case (.holds(let why), _), (.trips(let why), _): why
      case (.counts, let hint?): "\(reason), the other side asked for \(hint.askedText)"
      case (.counts, nil) where report.policy.window != nil: windowReason
      case (.counts, nil): failCounter >= report.policy.failMax ? Self.inARow(failCounter, reason) : nil
      }
    if case .halfOpen = phase {
      trip(
        report, "trial failed (\(report.verdict.severity == .counts && hint == nil ? reason : cause ?? reason))",
        hint, &step, at: now)
    } else if let cause {
      tripUnlessHeld(report, cause, hint, &step, at: now)
    }
  }

  /// Notes a hint that is ahead; nil if there is none.
  private mutating func heed(_ report: RunReport, at now: Timestamp) -> LastHint? {
    guard let asked = report.hint?.ahead(of: now) else { return nil }
    let most = report.policy.retryHintMax
    let hint = LastHint(at: now, asked: asked, until: now + min(asked, most), isCapped: asked > most)
    lastHint = hint
    return hint
  }

  private static func inARow(_ count: Int, _ reason: String) -> String {
    count == 1 ? "1 failure (\(reason))" : "\(count) failures in a row (\(reason))"
  }

  /// Judges by rate (docs/CONTRACT.md, "Settings", `window`): why the circuit is to open; nil if it is not. Only a
  /// failure or a slow run can open, as in the table: a run that went well is no reason to.
  mutating func windowIsFull(_ run: RunWindow.Mark, _ report: RunReport, at now: Timestamp) -> String? {
    let policy = report.policy
    guard let size = policy.window, case .closed = phase else { return nil }
    let tally = window.add(run, size: size, at: now)
    guard tally.calls >= policy.callsToJudge else { return nil }
    if run.contains(.failed), reaches(tally.failures, of: tally.calls, policy.failureRate) {
      return "\(tally.failures) of \(tally.calls) runs failed (\(report.verdict.reason))"
    }
    if run.contains(.slow), policy.slowAfter != nil, reaches(tally.slow, of: tally.calls, policy.slowRate) {
      return "\(tally.slow) of \(tally.calls) runs were slow"
    }
    return nil
  }

  /// Whether `part` of `whole` reaches the rate; 3 of 10 reaches 0.3, whatever 0.3 is in binary.
  private func reaches(_ part: Int, of whole: Int, _ rate: Double) -> Bool {
    Double(part) + 1e-9 >= Double(whole) * rate
  }

  mutating func tripUnlessHeld(
    _ report: RunReport, _ reason: String, _ hint: LastHint?, _ step: inout Step, at now: Timestamp
  ) {
    if hold?.state == .closed {
      totals.wouldTrip += 1
    } else {
      trip(report, reason, hint, &step, at: now)
    }
  }

  /// Opens. A hint says when to come back and not that it got worse, so it does not lengthen the streak.
  private mutating func trip(
    _ report: RunReport, _ reason: String, _ hint: LastHint?, _ step: inout Step, at now: Timestamp
  ) {
    let from = state
    totals.trips += 1
    streak.endHealth(at: now)
    if hint == nil { streak.count += 1 }
    var open = OpenPhase(
      since: now, retryAt: nil, spread: nil, trips: max(1, streak.count), reason: reason)
    let holdReason = holdReason(report, isLengthened: hint == nil)
    if holdReason == nil {
      open.spread = report.draw
      open.hintedUntil = hint.map { now + report.policy.jittered($0.until - now, spread: report.draw) }
      open.retryAt = open.retryAt(report.policy, spread: report.draw)
    }
    move(to: .open(open), at: now)
    var entry = HistoryEntry(
      sequence: nextSequence, at: now, kind: .stateChange, from: from, to: .open, reason: reason, caller: report.caller)
    if let holdReason {
      hold = Hold(
        state: .open, until: nil, reason: holdReason, by: report.caller.map { "cb on \($0.host)" } ?? "cb", since: now,
        caller: report.caller)
      step.newHold = hold
      entry.isHold = true
    }
    note(entry)
    step.transitions.append(Transition(from: from, to: .open, reason: reason))
  }

  private func holdReason(_ report: RunReport, isLengthened: Bool) -> String? {
    if case .failure = report.verdict.outcome, case .holds(let reason) = report.verdict.severity { return reason }
    guard let most = report.policy.holdAfter, isLengthened, streak.count >= most else { return nil }
    return streak.count == 1 ? "1 trip" : "\(streak.count) trips in a row"
  }
}
