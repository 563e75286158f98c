/// What an event did.
package struct Step: Hashable, Sendable {
  package var effect: Effect
  /// In the order in which they happened; empty if the state stayed.
  package var transitions: [Transition] = []
  /// Whether more than bookkeeping changed, so that the change has to survive a power cut: the state, a hold, a
  /// generation, a setting.
  package var isStateChange = false
  /// The rejection of a run that `AdmissionMode.observe` let pass, or whose probe failed (where `effect` is that of the
  /// admission or of the report).
  package var rejection: Rejection?
  /// The hold that the result of a run brought about: the process that gets it announces it, and no other.
  package var newHold: Breaker.Hold?

  /// A step that changes no state; callers add what else happened.
  package init(_ effect: Effect) {
    self.effect = effect
  }
}

/// One change of state, as events and the history tell it.
package struct Transition: Hashable, Sendable {
  package var from: CircuitState
  package var to: CircuitState
  /// The cause, as people read it.
  package var reason: String

  /// `from` and `to` differ.
  package init(from: CircuitState, to: CircuitState, reason: String) {
    self.from = from
    self.to = to
    self.reason = reason
  }
}

/// What became of the asker's event.
package enum Effect: Hashable, Sendable {
  case admitted(Permit)
  case rejected(Rejection)
  /// The result was taken, as this outcome (a slow success may count as a failure).
  case recorded(Verdict)
  /// The result came too late, and was only counted as such.
  case stale
  /// Anything else, the result of an observed run too; the breaker itself tells.
  case done
}

/// Why a run was not admitted.
package struct Rejection: Hashable, Sendable {
  /// What stood in the way; `live` and `max` are counts of processes over all hosts.
  package enum Cause: Hashable, Sendable {
    /// nil: held open without an end.
    case open(retryAfter: Span?)
    case noTrialFree(live: Int)
    case tooManyRunning(max: Int)
  }

  package var cause: Cause
  /// No earlier rejection was reported since the circuit was last closed, by a trial or by hand.
  package var isFirstSinceClosed: Bool
  /// `Policy.remind` has passed since the circuit was last closed, or since the last reminder.
  package var isReminder: Bool
  /// Why the circuit is open: `5 failures in a row (exit 1)`, `trial failed (probe: exit 2)`. nil if it is not open,
  /// or where a version that did not keep it opened it.
  package var openReason: String?

  /// `openReason` with the cause `open` only.
  package init(cause: Cause, isFirstSinceClosed: Bool, isReminder: Bool = false, openReason: String? = nil) {
    self.cause = cause
    self.isFirstSinceClosed = isFirstSinceClosed
    self.isReminder = isReminder
    self.openReason = openReason
  }
}
