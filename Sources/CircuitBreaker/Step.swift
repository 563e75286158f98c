/// What an event did.
package struct Step: Hashable, Sendable {
  package var effect: Effect
  /// In the order in which they happened; empty where the state stayed.
  package var transitions: [Transition] = []
  /// Whether more than bookkeeping changed, so that the change has to survive a power cut: the state, a hold, a
  /// generation, a setting.
  package var isStateChange = false

  package init(_ effect: Effect) {
    self.effect = effect
  }
}

package struct Transition: Hashable, Sendable {
  package var from: CircuitState
  package var to: CircuitState
  /// The cause, as people read it.
  package var reason: String

  package init(from: CircuitState, to: CircuitState, reason: String) {
    self.from = from
    self.to = to
    self.reason = reason
  }
}

package enum Effect: Hashable, Sendable {
  case admitted(Permit)
  case rejected(Rejection)
  /// The result was taken, as this outcome (a slow success may count as a failure).
  case recorded(Verdict)
  /// The result came too late, and was only counted as such.
  case stale
  /// Anything else; the breaker itself tells.
  case done
}

/// Why a run was not admitted.
package struct Rejection: Hashable, Sendable {
  package enum Cause: Hashable, Sendable {
    /// nil: held open without an end.
    case open(retryAfter: Span?)
    case noTrialFree(live: Int)
    case tooManyRunning(max: Int)
  }

  package var cause: Cause
  /// No earlier rejection of this trip was reported.
  package var isFirstOfTrip: Bool
}
