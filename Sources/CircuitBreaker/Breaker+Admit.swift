extension Breaker {
  /// The permit of a run that is admitted and leaves no trace: most runs of a closed circuit. A store may then do
  /// without a write; the result carries all that is needed.
  package func admitWithoutTrace(_ request: AdmissionRequest) -> Permit? {
    guard case .closed = phase, request.kind == .run, request.policy.maxConcurrent == nil else { return nil }
    if case .force = request.mode { return nil }
    return permit(for: request, as: .ordinary, hasLease: false)
  }

  /// Whether a run would be admitted at `now`; changes nothing.
  package func wouldAdmit(_ policy: Policy, mode: AdmissionMode = .enforce, at now: Timestamp) -> Bool {
    var copy = self
    copy.settle(at: now)
    return switch mode {
    case .force: true
    case .enforce: copy.rejection(policy, at: now) == nil
    case .observe: copy.rejection(policy, at: now) == nil || !copy.isOpenByHand
    }
  }

  mutating func admit(_ request: AdmissionRequest, at now: Timestamp) -> Step {
    if case .force(let by) = request.mode { return force(request, by: by, at: now) }
    if let cause = rejection(request.policy, at: now) {
      if request.mode == .observe, !isOpenByHand { return observe(request, cause, at: now) }
      let rejection = reject(
        cause, request.policy, isAnnounced: request.announcesRejection, caller: request.caller, at: now)
      return Step(.rejected(rejection))
    }
    var step = Step(.done)
    step.transitions = beginTrials(caller: request.caller, at: now)
    let role = state == .halfOpen ? Permit.Role.trial : .ordinary
    step.effect = .admitted(place(request, as: role, hasLease: role == .trial || takesPlace(request), at: now))
    return step
  }

  /// A trial is due and somebody asks: an open circuit is half-open from now on.
  mutating func beginTrials(caller: Caller?, at now: Timestamp) -> [Transition] {
    guard case .open = phase else { return [] }
    let reason = "reset timeout over"
    move(to: .halfOpen(successes: 0), at: now)
    note(.stateChange, at: now, from: .open, to: .halfOpen, reason: reason, caller: caller)
    hold = nil
    return [Transition(from: .open, to: .halfOpen, reason: reason)]
  }

  /// Why a run is not admitted at `now`; nil if it is. Of a breaker that was settled.
  package func rejection(_ policy: Policy, at now: Timestamp) -> Rejection.Cause? {
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

  private var isOpenByHand: Bool {
    if case .open(let open) = phase { open.isByHand } else { false }
  }

  /// Counts a rejection, and says what is to be told of it.
  mutating func reject(
    _ cause: Rejection.Cause, _ policy: Policy, isAnnounced: Bool, caller: Caller?, at now: Timestamp
  ) -> Rejection {
    totals.rejected += 1
    note(.rejected, at: now, reason: cause.reason, caller: caller)
    var rejection = rejection(of: cause, policy, at: now)
    switch cause {
    case .open, .noTrialFree:
      rejection.isFirstSinceClosed = !rejectionNoticed
      if isAnnounced { rejectionNoticed = true }
    case .tooManyRunning: break
    }
    return rejection
  }

  /// A run that would be rejected, and is only counted as such.
  private mutating func observe(_ request: AdmissionRequest, _ cause: Rejection.Cause, at now: Timestamp) -> Step {
    let permit = place(request, as: .observed, hasLease: request.kind == .permit, at: now)
    var step = Step(.admitted(permit))
    step.rejection = noteObserved(cause, request.policy, caller: request.caller, at: now)
    return step
  }

  mutating func noteObserved(
    _ cause: Rejection.Cause, _ policy: Policy, caller: Caller?, at now: Timestamp
  ) -> Rejection {
    totals.wouldReject += 1
    note(.rejected, at: now, reason: "\(cause.reason), observed", caller: caller)
    return rejection(of: cause, policy, at: now)
  }

  /// A rejection with what the breaker knows of it. A reminder is one for all: who is given it tells it.
  private mutating func rejection(of cause: Rejection.Cause, _ policy: Policy, at now: Timestamp) -> Rejection {
    var rejection = Rejection(cause: cause, isFirstSinceClosed: true)
    guard case .open(let open) = phase else { return rejection }
    rejection.openReason = open.reason
    if let remind = policy.remind, let last = remindedAt, now - last >= remind {
      rejection.isReminder = true
      remindedAt = now
    }
    return rejection
  }

  private mutating func force(_ request: AdmissionRequest, by: String, at now: Timestamp) -> Step {
    totals.forced += 1
    note(.manual, at: now, from: state, to: state, reason: "forced run", by: by, caller: request.caller)
    return Step(.admitted(place(request, as: .forced, hasLease: takesPlace(request), at: now)))
  }

  private func takesPlace(_ request: AdmissionRequest) -> Bool {
    request.kind == .permit || request.policy.maxConcurrent != nil
  }

  private mutating func place(
    _ request: AdmissionRequest, as role: Permit.Role, hasLease: Bool, at now: Timestamp
  ) -> Permit {
    if hasLease {
      leases.append(
        Lease(
          token: request.token, kind: request.kind, role: role, generation: generation, since: now,
          expires: now + request.term, holder: request.holder, caller: request.caller))
    }
    return permit(for: request, as: role, hasLease: hasLease)
  }

  private func permit(for request: AdmissionRequest, as role: Permit.Role, hasLease: Bool) -> Permit {
    Permit(token: request.token, breaker: id, generation: generation, role: role, hasLease: hasLease)
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
