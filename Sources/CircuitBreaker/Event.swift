/// Everything that can happen to a breaker. An event holds all on which its effect depends (the policy of the asker,
/// what was drawn), but for the time, which the store adds: two stores that see the same events in the same order at
/// the same times hold the same breaker.
package enum Event: Hashable, Sendable {
  case admit(AdmissionRequest)
  case record(Report)
  /// The holder lives on: its lease runs again from now.
  case renew(Token, term: Span)
  /// The holders were seen to be dead.
  case lose([Token])
  case open(Opening, ManualAction)
  case close(Closing, ManualAction)
  case halfOpen(ManualAction)
  case reset
  /// Empty values return a key to its default. `policy` is what holds after the change.
  case configure([(key: SettingKey, values: [String])], policy: Policy)

  package static func == (left: Event, right: Event) -> Bool {
    switch (left, right) {
    case (.admit(let a), .admit(let b)): a == b
    case (.record(let a), .record(let b)): a == b
    case (.renew(let a, let x), .renew(let b, let y)): a == b && x == y
    case (.lose(let a), .lose(let b)): a == b
    case (.open(let a, let x), .open(let b, let y)): a == b && x == y
    case (.close(let a, let x), .close(let b, let y)): a == b && x == y
    case (.halfOpen(let a), .halfOpen(let b)): a == b
    case (.reset, .reset): true
    case (.configure(let a, let x), .configure(let b, let y)): a.elementsEqual(b) { $0 == $1 } && x == y
    default: false
    }
  }

  package func hash(into hasher: inout Hasher) {
    switch self {
    case .admit(let request): hasher.combine(request)
    case .record(let report): hasher.combine(report)
    case .renew(let token, _): hasher.combine(token)
    case .lose(let tokens): hasher.combine(tokens)
    case .open(_, let action), .close(_, let action), .halfOpen(let action): hasher.combine(action)
    case .reset, .configure: break
    }
  }
}

extension Event {
  /// Whether a breaker that is not there is made (CONTRACT section 2). A late result makes none: the breaker that it
  /// belongs to was removed.
  package var createsBreaker: Bool {
    switch self {
    case .admit, .open, .close, .halfOpen, .configure: true
    case .record(let report): report.permit.breaker == nil
    case .renew, .lose, .reset: false
    }
  }
}

/// A wish to run.
package struct AdmissionRequest: Hashable, Sendable {
  package var token: Token
  package var policy: Policy
  package var kind: Lease.Kind
  /// How long the place is kept without a renewal.
  package var term: Span
  package var holder: Holder?
  /// Whether a rejection is going to be reported to somebody: the first one of a trip is remembered.
  package var announcesRejection: Bool

  package init(
    token: Token, policy: Policy, kind: Lease.Kind = .run, term: Span = Lease.term, holder: Holder? = nil,
    announcesRejection: Bool = true
  ) {
    self.token = token
    self.policy = policy
    self.kind = kind
    self.term = term
    self.holder = holder
    self.announcesRejection = announcesRejection
  }
}

/// Leave to run; its result has to show it.
package struct Permit: Hashable, Sendable {
  package var token: Token
  /// nil: there was no breaker of that name yet.
  package var breaker: UInt64?
  package var generation: Int
  package var isTrial: Bool
  /// Whether the store keeps a lease for it, which its holder has to renew.
  package var hasLease: Bool

  package init(token: Token, breaker: UInt64?, generation: Int, isTrial: Bool, hasLease: Bool) {
    self.token = token
    self.breaker = breaker
    self.generation = generation
    self.isTrial = isTrial
    self.hasLease = hasLease
  }
}

/// The result of an admission.
package struct Report: Hashable, Sendable {
  package var permit: Permit
  package var verdict: Verdict
  package var policy: Policy
  /// From 0 up to but not including 1: the jitter, should this result trip.
  package var draw: Double

  package init(permit: Permit, verdict: Verdict, policy: Policy, draw: Double) {
    self.permit = permit
    self.verdict = verdict
    self.policy = policy
    self.draw = draw
  }
}

extension Report {
  /// Whether it may change the state of the circuit. What went well, and was not slow, in a closed circuit does not,
  /// nor does it where the circuit has moved on since.
  package var mayChangeState: Bool {
    permit.hasLease || verdict.outcome == .failure || policy.slowAfter != nil
  }
}

/// Who acted by hand, and why.
package struct ManualAction: Hashable, Sendable {
  package var by: String
  package var reason: String?

  package init(by: String, reason: String? = nil) {
    self.by = by
    self.reason = reason
  }
}

/// How long `cb open` opens.
package enum Opening: Hashable, Sendable {
  case usual(Policy)
  case lasting(Span)
  case held
}

/// How long `cb close` keeps closed.
package enum Closing: Hashable, Sendable {
  case usual
  case lasting(Span)
  case held
}
