/// How a run ended, as the process layer saw it.
package struct Ending: Hashable, Sendable {
  package enum How: Hashable, Sendable {
    case exited(Int32)
    case signaled(Int32)
    /// `timeout` ended it.
    case timedOut
    /// CMD was not started; the code is 126 or 127.
    case notStarted(Int32)
  }

  package var how: How
  /// From the start of CMD to its end.
  package var duration: Span
  /// The signal came to `cb` itself, or was SIGPIPE because the reader of CMD's output went away: no verdict.
  package var isForeignSignal: Bool

  package init(how: How, duration: Span = .zero, isForeignSignal: Bool = false) {
    self.how = how
    self.duration = duration
    self.isForeignSignal = isForeignSignal
  }

  /// What people read: `exit 1`, `SIGKILL`, `timeout`, `exit 127 (not found)`.
  package var reason: String {
    switch how {
    case .exited(let code): "exit \(code)"
    case .signaled(let number): SignalName.name(of: number)
    case .timedOut: "timeout"
    case .notStarted(let code): "exit \(code) (\(code == ExitCode.notFound ? "not found" : "not executable"))"
    }
  }
}

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
  package var outcome: Outcome
  package var reason: String
  package var duration: Span?
  package var timedOut: Bool

  package init(_ outcome: Outcome, reason: String, duration: Span? = nil, timedOut: Bool = false) {
    self.outcome = outcome
    self.reason = reason
    self.duration = duration
    self.timedOut = timedOut
  }
}

/// The rules that turn an ending into a verdict: `ignore`, `exclude`, `only`, in this order.
package struct JudgingRules: Hashable, Sendable {
  package var exclude = OutcomeSet()
  package var ignore = OutcomeSet()
  package var only = OutcomeSet()

  package init() {}

  /// Judges a run. `isExcludedByPredicate` is asked last, and only for what would be a failure: predicates are
  /// processes, and a success needs no excuse.
  package func judge(_ ending: Ending, isExcludedByPredicate: () -> Bool = { false }) -> Verdict {
    Verdict(
      outcome(of: ending, isExcludedByPredicate), reason: ending.reason, duration: ending.duration,
      timedOut: ending.how == .timedOut)
  }

  private func outcome(of ending: Ending, _ isExcludedByPredicate: () -> Bool) -> Outcome {
    if ending.isForeignSignal || ignore.contains(ending) { return .ignored }
    if exclude.contains(ending) { return .excluded }
    if ending.how == .exited(0) { return .success }
    if !only.isEmpty, !only.contains(ending) { return .excluded }
    return isExcludedByPredicate() ? .excluded : .failure
  }
}
