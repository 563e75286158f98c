/// Everything that can happen to a breaker. An event holds all on which its effect depends (the policy of the asker,
/// what was drawn), but for the time, which the store adds: two stores that see the same events in the same order at
/// the same times hold the same breaker.
package enum Event: Hashable, Sendable {
  case admit(AdmissionRequest)
  case record(RunReport)
  case recordUnasked(UnaskedResult)
  /// The holder lives on: its lease runs again from now.
  case renew(Token, term: Span)
  /// The holders were seen to be dead.
  case lose([Token])
  case open(Opening, ManualAction)
  case close(Closing, ManualAction)
  case halfOpen(ManualAction)
  case reset(ManualAction)
  case configure(SettingsChange)
}

extension Event {
  /// Whether a breaker that is not there is made (docs/CONTRACT.md, "Commands"). A late result makes none: the breaker
  /// that it belongs to was removed.
  package var createsBreaker: Bool {
    switch self {
    case .admit, .recordUnasked, .open, .close, .halfOpen, .configure: true
    case .record(let report): report.permit.breaker == nil && report.permit.role != .observed
    case .renew, .lose, .reset: false
    }
  }
}

extension Event {
  /// Whether a person asked for it.
  package var isByHand: Bool {
    switch self {
    case .open, .close, .halfOpen, .reset, .configure: true
    case .admit, .record, .recordUnasked, .renew, .lose: false
    }
  }
}

/// Who acted by hand, and why.
package struct ManualAction: Hashable, Sendable {
  /// As people name themselves: `ann@web-3`.
  package var by: String
  package var reason: String?
  package var caller: Caller?

  /// `by` as `user@host`; `reason` is what `--reason` says.
  package init(by: String, reason: String? = nil, caller: Caller? = nil) {
    self.by = by
    self.reason = reason
    self.caller = caller
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
