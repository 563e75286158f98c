/// What a run means to its breaker.
package enum Outcome: String, Hashable, Sendable, CaseIterable {
  case success
  case failure
  /// Not the system's failure: counts like a success.
  case excluded
  /// No verdict at all.
  case ignored
}

/// An outcome with what it rests on.
package struct Verdict: Hashable, Sendable {
  /// What one failure does to the circuit.
  package enum Severity: Hashable, Sendable {
    /// It counts, as any.
    case counts
    /// It opens at once; the reason is why this one does.
    case trips(reason: String)
    /// It opens at once, and the circuit is held open until somebody ends that.
    case holds(reason: String)
  }

  package var outcome: Outcome
  /// As people read it: `exit 1`.
  package var reason: String
  package var duration: Span?
  package var timedOut: Bool
  /// Looked at of a failure only.
  package var severity: Severity

  /// `severity` is looked at of a failure only; `duration` nil if it is not known.
  package init(
    _ outcome: Outcome, reason: String, duration: Span? = nil, timedOut: Bool = false, severity: Severity = .counts
  ) {
    self.outcome = outcome
    self.reason = reason
    self.duration = duration
    self.timedOut = timedOut
    self.severity = severity
  }
}

extension Policy {
  /// Whether a run of this duration is slow.
  package func isSlow(_ duration: Span?) -> Bool {
    guard let slowAfter, let duration else { return false }
    return duration > slowAfter
  }

  /// Whether a slow run that went well is a failure: a trial always, and any run where no window counts the slow ones.
  package func failsSlow(isTrial: Bool) -> Bool { isTrial || window == nil }
}

extension Verdict {
  /// The failure that a success is where it took too long.
  package mutating func failAsSlow() {
    outcome = .failure
    reason = "slow" + (duration.map { " (\($0))" } ?? "")
    severity = .counts
  }
}
