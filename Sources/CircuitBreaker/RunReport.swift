/// The result of an admission.
package struct RunReport: Hashable, Sendable {
  /// What ended.
  package enum Work: Hashable, Sendable {
    /// The run itself.
    case command
    /// The setting `probe`, in the place of the trial; nil: no run waits for it (`cb probe`).
    case probe(WaitingRun?)
  }

  /// The run that waits for a probe, and is rejected where it fails.
  package struct WaitingRun: Hashable, Sendable {
    package var mode: AdmissionMode
    /// As in the run's `AdmissionRequest`.
    package var announcesRejection: Bool

    /// How the waiting run takes a rejection, and whether one is reported.
    package init(mode: AdmissionMode, announcesRejection: Bool) {
      self.mode = mode
      self.announcesRejection = announcesRejection
    }
  }

  package var permit: Permit
  package var verdict: Verdict
  package var policy: Policy
  /// From 0 up to but not including 1: the jitter, should this result trip.
  package var draw: Double
  /// How long the other side asked to be left alone; used after a failure only.
  package var hint: RetryHint?
  package var work: Work
  package var caller: Caller?

  /// `draw` from 0 up to but not including 1, drawn for this result.
  package init(
    permit: Permit, verdict: Verdict, policy: Policy, draw: Double, hint: RetryHint? = nil, work: Work = .command,
    caller: Caller? = nil
  ) {
    self.permit = permit
    self.verdict = verdict
    self.policy = policy
    self.draw = draw
    self.hint = hint
    self.work = work
    self.caller = caller
  }

  package var isProbe: Bool { work != .command }
}

extension RunReport {
  /// Whether it may change the state of the circuit. What went well, and was not slow, in a closed circuit does not,
  /// nor does it where the circuit has moved on since.
  package var mayChangeState: Bool {
    permit.role != .observed && (permit.hasLease || verdict.outcome == .failure || policy.slowAfter != nil)
  }
}

/// The result of a run for which nobody asked (`cb record`).
package struct UnaskedResult: Hashable, Sendable {
  package var verdict: Verdict
  package var policy: Policy
  /// From 0 up to but not including 1: the jitter, should this result trip.
  package var draw: Double
  package var hint: RetryHint?
  package var caller: Caller?

  /// `draw` from 0 up to but not including 1, drawn for this result.
  package init(verdict: Verdict, policy: Policy, draw: Double, hint: RetryHint? = nil, caller: Caller? = nil) {
    self.verdict = verdict
    self.policy = policy
    self.draw = draw
    self.hint = hint
    self.caller = caller
  }
}

/// When the other side wants to be asked again.
package enum RetryHint: Hashable, Sendable {
  /// Counted from when the store takes the report.
  case after(Span)
  /// On the store's own time line: a host whose clock differs can say `after`, and a date is measured against the
  /// clock that all share.
  case at(Timestamp)

  /// How long that is from `now`; nil if it is not ahead, and so is not a hint.
  package func ahead(of now: Timestamp) -> Span? {
    let span =
      switch self {
      case .after(let span): span
      case .at(let time): time - now
      }
    return span > .zero ? span : nil
  }
}
