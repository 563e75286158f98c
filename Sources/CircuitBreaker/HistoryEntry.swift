/// One thing that happened to a breaker, for `cb history`.
package struct HistoryEntry: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    /// A state change that a run brought about; `reason` is its cause.
    case stateChange = "state-change"
    case failure
    case rejected
    /// A trial, run or permit that never reported.
    case lost
    /// `cb open`, `cb close`, `cb half-open`: with who, why, and the states.
    case manual
  }

  /// Counts up within a breaker, without gaps.
  package var sequence: Int
  package var at: Timestamp
  package var kind: Kind
  package var from: CircuitState?
  package var to: CircuitState?
  package var reason: String?
  package var by: String?

  package init(
    sequence: Int, at: Timestamp, kind: Kind, from: CircuitState? = nil, to: CircuitState? = nil,
    reason: String? = nil, by: String? = nil
  ) {
    self.sequence = sequence
    self.at = at
    self.kind = kind
    self.from = from
    self.to = to
    self.reason = reason
    self.by = by
  }
}
