/// A wish to run.
package struct AdmissionRequest: Hashable, Sendable {
  package var token: Token
  package var policy: Policy
  package var kind: Lease.Kind
  /// How long the place is kept without a renewal.
  package var term: Span
  package var holder: Holder?
  /// Whether a rejection is going to be reported to somebody: the first one is remembered.
  package var announcesRejection: Bool
  /// What a rejection is to the asker.
  package var mode: AdmissionMode
  package var caller: Caller?

  /// `term` is how long a lease lasts without a renewal, if the store keeps one.
  package init(
    token: Token, policy: Policy, kind: Lease.Kind = .run, term: Span = Lease.term, holder: Holder? = nil,
    announcesRejection: Bool = true, mode: AdmissionMode = .enforce, caller: Caller? = nil
  ) {
    self.token = token
    self.policy = policy
    self.kind = kind
    self.term = term
    self.holder = holder
    self.announcesRejection = announcesRejection
    self.mode = mode
    self.caller = caller
  }
}

/// What a rejection is to an asker.
package enum AdmissionMode: Hashable, Sendable {
  /// It is rejected.
  case enforce
  /// It still runs, and its result is not counted; only a circuit that was opened by hand rejects it.
  case observe
  /// It runs whatever the state; the history says that `by` wanted it.
  case force(by: String)
}

/// Leave to run; its result has to show it.
package struct Permit: Hashable, Sendable {
  /// As what a run was admitted.
  package enum Role: String, Hashable, Sendable, CaseIterable {
    /// By a closed circuit.
    case ordinary
    /// By a half-open one: its result decides.
    case trial
    /// Although it was rejected (`AdmissionMode.observe`): its result is not counted.
    case observed
    /// Without being asked for a reason (`AdmissionMode.force`): in a closed circuit its result is that of an ordinary
    /// run; in an open or half-open one it only counts, so that an emergency neither closes the circuit for all the
    /// others, nor keeps it open, nor takes the trial's place.
    case forced
  }

  package var token: Token
  /// nil: there was no breaker of that name yet.
  package var breaker: UInt64?
  package var generation: Int
  package var role: Role
  /// Whether the store keeps a lease for it, which its holder has to renew.
  package var hasLease: Bool

  package var isTrial: Bool { role == .trial }

  /// A permit as an admission gives it; `init(_:breaker:)` makes one from a lease.
  package init(token: Token, breaker: UInt64?, generation: Int, role: Role, hasLease: Bool) {
    self.token = token
    self.breaker = breaker
    self.generation = generation
    self.role = role
    self.hasLease = hasLease
  }

  /// The permit of an admission that the store keeps, as its result has to show it.
  package init(_ lease: Lease, breaker: UInt64) {
    self.init(token: lease.token, breaker: breaker, generation: lease.generation, role: lease.role, hasLease: true)
  }
}
