extension Breaker {
  /// The permit of a run that is admitted and leaves no trace: most runs of a closed circuit. A store may then do
  /// without a write; the result carries all that is needed.
  package func admitWithoutTrace(_ request: AdmissionRequest) -> Permit? {
    guard case .closed = phase, request.kind == .run, request.policy.maxConcurrent == nil else { return nil }
    return permit(for: request, isTrial: false, hasLease: false)
  }

  /// Whether a run would be admitted at `now`; changes nothing.
  package func wouldAdmit(_ policy: Policy, at now: Timestamp) -> Bool {
    var copy = self
    copy.settle(at: now)
    return copy.rejection(policy, at: now) == nil
  }

  mutating func admit(_ request: AdmissionRequest, at now: Timestamp) -> Step {
    if let cause = rejection(request.policy, at: now) {
      return reject(request, cause, at: now)
    }
    var step = Step(.done)
    if case .open = phase {
      let reason = "reset timeout over"
      move(to: .halfOpen(successes: 0), at: now)
      note(.stateChange, at: now, from: .open, to: .halfOpen, reason: reason)
      step.transitions = [Transition(from: .open, to: .halfOpen, reason: reason)]
      hold = nil
    }
    let isTrial = state == .halfOpen
    let hasLease = isTrial || request.kind == .permit || request.policy.maxConcurrent != nil
    if hasLease {
      leases.append(
        Lease(
          token: request.token, kind: request.kind, isTrial: isTrial, generation: generation, since: now,
          expires: now + request.term, holder: request.holder))
    }
    step.effect = .admitted(permit(for: request, isTrial: isTrial, hasLease: hasLease))
    return step
  }

  /// Why a run is not admitted; nil where it is.
  func rejection(_ policy: Policy, at now: Timestamp) -> Rejection.Cause? {
    switch phase {
    case .closed: break
    case .open:
      guard let wait = retryAfter(policy, at: now) else { return .open(retryAfter: nil) }
      if wait > .zero { return .open(retryAfter: wait) }
    case .halfOpen:
      let live = trials
      if live >= policy.halfOpenMax { return .noTrialFree(live: live) }
    }
    if let most = policy.maxConcurrent, running >= most { return .tooManyRunning(max: most) }
    return nil
  }

  private mutating func reject(_ request: AdmissionRequest, _ cause: Rejection.Cause, at now: Timestamp) -> Step {
    totals.rejected += 1
    var isFirst = true
    switch cause {
    case .open, .noTrialFree:
      isFirst = !rejectionNoticed
      if request.announcesRejection { rejectionNoticed = true }
    case .tooManyRunning: break
    }
    note(.rejected, at: now, reason: cause.reason)
    return Step(.rejected(Rejection(cause: cause, isFirstOfTrip: isFirst)))
  }

  private func permit(for request: AdmissionRequest, isTrial: Bool, hasLease: Bool) -> Permit {
    Permit(token: request.token, breaker: id, generation: generation, isTrial: isTrial, hasLease: hasLease)
  }
}

extension Rejection.Cause {
  /// As the history shows it.
  package var reason: String {
    switch self {
    case .open(nil): "circuit held open"
    case .open: "circuit open"
    case .noTrialFree: "trial running"
    case .tooManyRunning(let most): "\(most) running (max-concurrent)"
    }
  }
}
