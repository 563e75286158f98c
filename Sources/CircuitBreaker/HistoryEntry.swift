/// One thing that happened to a breaker, for `cb history`.
package struct HistoryEntry: Hashable, Sendable {
  /// What happened; `rawValue` is its name in JSON and in `--kind`.
  package enum Kind: Hashable, Sendable {
    /// A state change that a run brought about; `reason` is its cause.
    case stateChange
    case failure
    /// Also a run that only `AdmissionMode.observe` let pass; its reason says so.
    case rejected
    /// A trial, run or permit that never reported.
    case lost
    /// The circuit was opened, closed or half-opened by hand, or a run was forced: with who, why, and the states.
    case manual
    /// Settings were stored: with who, and which.
    case set
    /// All before it was cleared: with who.
    case reset
    /// What a later version noted, by its name there: shown as it is.
    case other(String)
  }

  /// Counts up within a breaker, without gaps.
  package var sequence: Int
  package var at: Timestamp
  package var kind: Kind
  package var from: CircuitState?
  package var to: CircuitState?
  package var reason: String?
  /// Who acted by hand.
  package var by: String?
  /// Whether a hold without an end was asked for by hand.
  package var isHold: Bool
  /// The time that was asked for by hand.
  package var lasting: Span?
  /// The settings that were changed.
  package var keys: [String]
  /// The process that brought it about, or whose place was lost.
  package var caller: Caller?
  /// Members that this version does not know.
  package var kept = KeptMembers()

  /// An entry without the members of an act by hand (`isHold`, `lasting`, `keys`).
  package init(
    sequence: Int, at: Timestamp, kind: Kind, from: CircuitState? = nil, to: CircuitState? = nil,
    reason: String? = nil, by: String? = nil, isHold: Bool = false, lasting: Span? = nil, keys: [String] = [],
    caller: Caller? = nil
  ) {
    self.sequence = sequence
    self.at = at
    self.kind = kind
    self.from = from
    self.to = to
    self.reason = reason
    self.by = by
    self.isHold = isHold
    self.lasting = lasting
    self.keys = keys
    self.caller = caller
  }
}

extension HistoryEntry.Kind: CaseIterable {
  /// The kinds that this version notes.
  package static let allCases: [HistoryEntry.Kind] = [.stateChange, .failure, .rejected, .lost, .manual, .set, .reset]
}

extension HistoryEntry.Kind: RawRepresentable {
  /// A kind that this version knows; `init(text:)` takes any.
  package init?(rawValue: String) {
    self.init(text: rawValue)
    if case .other = self { return nil }
  }

  /// Of any name: an unknown one is a later version's.
  package init(text: String) {
    switch text {
    case Self.stateChange.rawValue: self = .stateChange
    case Self.failure.rawValue: self = .failure
    case Self.rejected.rawValue: self = .rejected
    case Self.lost.rawValue: self = .lost
    case Self.manual.rawValue: self = .manual
    case Self.set.rawValue: self = .set
    case Self.reset.rawValue: self = .reset
    default: self = .other(text)
    }
  }

  package var rawValue: String {
    switch self {
    case .stateChange: "state-change"
    case .failure: "failure"
    case .rejected: "rejected"
    case .lost: "lost"
    case .manual: "manual"
    case .set: "set"
    case .reset: "reset"
    case .other(let text): text
    }
  }
}
