extension Breaker {
  mutating func record(_ report: RunReport, at now: Timestamp) -> Step {
    guard let place = leases.firstIndex(where: { $0.token == report.permit.token }) else {
      return record(report, isPlaced: false, at: now)
    }
    let lease = leases.remove(at: place)
    let step = record(report, isPlaced: true, at: now)
    // A probe goes on until it has succeeded often enough, in the same place.
    if case .recorded(let verdict) = step.effect, report.isProbe, verdict.outcome == .success,
      report.permit.generation == generation
    {
      leases.append(lease)
    }
    return step
  }

  /// - Parameter isPlaced: whether the permit's lease was still there.
  private mutating func record(_ report: RunReport, isPlaced: Bool, at now: Timestamp) -> Step {
    let permit = report.permit
    if permit.role == .observed { return Step(.done) }
    // Only a closed circuit admits without a lease, or force.
    let isHeard = isPlaced || (!permit.hasLease && (state == .closed || permit.role == .forced))
    guard permit.generation == generation, permit.breaker ?? id == id, isHeard else {
      totals.stale += 1
      return Step(.stale)
    }
    return judge(report, at: now)
  }

  /// A run that nobody asked to admit: that of a closed circuit, or a trial where one is due and free.
  mutating func recordUnasked(_ result: UnaskedResult, at now: Timestamp) -> Step {
    var free = result.policy
    free.maxConcurrent = nil  // it is over, and takes no place
    guard rejection(free, at: now) == nil else {
      totals.stale += 1
      return Step(.stale)
    }
    totals.recorded += 1
    let transitions = beginTrials(caller: result.caller, at: now)
    let permit = Permit(
      token: Token(text: ""), breaker: id, generation: generation, role: state == .halfOpen ? .trial : .ordinary,
      hasLease: false)
    var step = judge(
      RunReport(
        permit: permit, verdict: result.verdict, policy: result.policy, draw: result.draw, hint: result.hint,
        caller: result.caller),
      at: now)
    step.transitions = transitions + step.transitions
    return step
  }

  /// Takes a result that belongs to this generation.
  private mutating func judge(_ report: RunReport, at now: Timestamp) -> Step {
    remember(report.policy, at: now)
    let isSlow = !report.isProbe && report.verdict.outcome != .ignored && report.policy.isSlow(report.verdict.duration)
    if isSlow, report.verdict.outcome == .success, report.policy.failsSlow(isTrial: report.permit.isTrial) {
      var failed = report
      failed.verdict.failAsSlow()
      return decide(failed, isSlow: true, at: now)
    }
    return decide(report, isSlow: isSlow, at: now)
  }

  /// What a verdict that is final comes to.
  private mutating func decide(_ report: RunReport, isSlow: Bool, at now: Timestamp) -> Step {
    count(report, isSlow: isSlow, at: now)
    var step = Step(.recorded(report.verdict))
    // What was forced past a circuit that is not closed neither closes nor opens it.
    let decides = state == .closed || report.permit.isTrial
    switch report.verdict.outcome {
    case .ignored: break
    case .success, .excluded:
      guard decides else { break }
      if case .halfOpen(let successes) = phase {
        step.transitions = trialSucceeded(successes + 1, report, at: now)
      } else {
        failCounter = 0
        if let reason = windowIsFull(isSlow ? .slow : [], report, at: now) {
          tripUnlessHeld(report, reason, nil, &step, at: now)
        }
      }
    case .failure:
      failCounter += 1
      guard decides else { break }
      failed(report, isSlow: isSlow, &step, at: now)
    }
    if case .probe(let run?) = report.work, case .failure = report.verdict.outcome {
      step.rejection = reject(run, after: report, at: now)
    }
    return step
  }

  /// The run that waited for a probe which failed.
  private mutating func reject(
    _ run: RunReport.WaitingRun, after report: RunReport, at now: Timestamp
  ) -> Rejection? {
    let cause = Rejection.Cause.open(retryAfter: retryAfter(nil, at: now))
    return switch run.mode {
    case .enforce:
      reject(cause, report.policy, isAnnounced: run.announcesRejection, caller: report.caller, at: now)
    case .observe: noteObserved(cause, report.policy, caller: report.caller, at: now)
    case .force: nil
    }
  }

  private mutating func remember(_ policy: Policy, at now: Timestamp) {
    var policy = policy
    policy.isResetTimeoutCallersOwn = false
    guard policy != lastPolicy else { return }
    otherPolicy = lastPolicy.map { OtherPolicy(policy: $0, at: now) }
    lastPolicy = policy
  }

  private mutating func count(_ report: RunReport, isSlow: Bool, at now: Timestamp) {
    let verdict = report.verdict
    if verdict.outcome == .failure {
      lastFailure = LastFailure(at: now, reason: verdict.reason, caller: report.caller)
      note(.failure, at: now, reason: verdict.reason, caller: report.caller)
    }
    guard !report.isProbe else {
      totals.probes += 1
      return
    }
    totals.calls += 1
    if let duration = verdict.duration { durations.add(duration) }
    if verdict.timedOut { totals.timeouts += 1 }
    if isSlow { totals.slow += 1 }
    recent.append(verdict.outcome)
    if recent.count > Self.recentCount { recent.removeFirst(recent.count - Self.recentCount) }
    switch verdict.outcome {
    case .success:
      totals.successes += 1
      lastSuccess = now
    case .failure: totals.failures += 1
    case .excluded: totals.excluded += 1
    case .ignored: totals.ignored += 1
    }
  }

  private mutating func trialSucceeded(_ successes: Int, _ report: RunReport, at now: Timestamp) -> [Transition] {
    guard successes >= report.policy.successThreshold else {
      phase = .halfOpen(successes: successes)
      return []
    }
    let reason = (report.isProbe ? "probe" : "trial").succeeded(successes)
    move(to: .closed, at: now)
    failCounter = 0
    streak.beginHealth(at: now, decay: report.policy.resetTimeout)
    note(.stateChange, at: now, from: .halfOpen, to: .closed, reason: reason, caller: report.caller)
    return [Transition(from: .halfOpen, to: .closed, reason: reason)]
  }
}

extension String {
  fileprivate func succeeded(_ times: Int) -> String {
    times == 1 ? "\(self) succeeded" : "\(times) \(self)s succeeded"
  }
}
