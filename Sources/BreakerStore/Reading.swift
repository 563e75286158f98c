package import CircuitBreaker

/// What a look at a breaker shows.
package struct Reading {
  /// nil if there is no such breaker.
  package let breaker: Breaker?
  package let now: Timestamp
  /// What is wrong with the document, where that is why there is no breaker. The next run sets it aside.
  package let damage: String?

  /// `damage` only without a breaker.
  package init(breaker: Breaker?, now: Timestamp, damage: String? = nil) {
    self.breaker = breaker
    self.now = now
    self.damage = damage
  }

  /// The permit of a run that passes a closed circuit and leaves no trace in it, so that a look was all it took.
  package func admitWithoutTrace(_ request: AdmissionRequest) -> Permit? {
    guard damage == nil else { return nil }
    if let breaker { return breaker.admitWithoutTrace(request) }
    var permit = Breaker(id: 0).admitWithoutTrace(request)
    permit?.breaker = nil
    return permit
  }
}

extension Reading {
  /// Why a run that asks now would be rejected, as far as a look tells; nil if it would not. For a store that can be
  /// read and not written: what can be read counts (docs/CONTRACT.md, "Stores").
  package func rejection(_ policy: Policy, mode: AdmissionMode = .enforce) -> Rejection.Cause? {
    guard let breaker, !breaker.wouldAdmit(policy, mode: mode, at: now) else { return nil }
    return breaker.rejection(policy, at: now)
  }

  /// The permit under which a result counts here that was admitted by another store, one that has failed since: in a
  /// circuit that is closed, and nowhere else, as if the run had been admitted now.
  package func permitOfStrayResult(_ token: Token) -> Permit {
    Permit(
      token: token, breaker: breaker?.id, generation: (breaker ?? Breaker(id: 0)).generation, role: .ordinary,
      hasLease: false)
  }
}

extension Applied {
  /// The breaker as the event left it.
  package var reading: Reading { Reading(breaker: breaker, now: now) }
}

/// What an event came to.
package struct Applied {
  /// nil if there is no such breaker and the event makes none; the step then says `stale` or `done`.
  package let breaker: Breaker?
  package var step: Step
  package let now: Timestamp
  /// What the user has to be told once, such as a damaged document that was set aside.
  package let notices: [String]

  /// The breaker after the event, what the event did to it, and when.
  package init(breaker: Breaker?, step: Step, now: Timestamp, notices: [String] = []) {
    self.breaker = breaker
    self.step = step
    self.now = now
    self.notices = notices
  }
}
