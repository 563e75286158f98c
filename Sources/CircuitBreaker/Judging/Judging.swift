/// The way from an ending to a verdict, a question at a time, in the order of docs/CONTRACT.md, "The state machine":
/// `timeout` and signals to `cb`; `ignore`, `ignore-if`; for a code that is not 0 `exclude`, `exclude-if`, `only`, else
/// failure; for a success `slow-after`, `fail-if`; then, of a failure, `hold-on`, `hold-if`, `trip-on`.
///
/// A predicate is a process, so it is asked only where its answer decides: `step` says which is next, and `answer`
/// takes what it said. That `timeout` comes first means that a run which it ended is one of `timeout`, whatever signal
/// CMD died of; the lists then judge it by that name, as any other ending. What `retry-hint` says comes after the
/// verdict, and does not change it.
package struct Judging: Hashable, Sendable {
  /// A predicate of the user's, by the setting that holds it.
  package enum Question: Hashable, Sendable, CaseIterable {
    case ignoreIf
    case excludeIf
    case failIf
    case holdIf
  }

  /// What comes next: a predicate to run, or the verdict.
  package enum Step: Hashable, Sendable {
    case ask(Question)
    case decided(Verdict)
  }

  package private(set) var step: Step
  private let ending: RunEnding
  private let rules: JudgingRules
  private let failsSlow: Bool
  private let isSlow: Bool

  /// - Parameters:
  ///   - preset: rules for what none of the user's lists names.
  ///   - policy: for `slow-after`, and whether a window counts the slow runs.
  ///   - isTrial: a slow trial is a failed trial, with or without a window.
  package init(
    _ ending: RunEnding, rules: JudgingRules, preset: JudgingRules = JudgingRules(), policy: Policy = Policy(),
    isTrial: Bool = false
  ) {
    self.ending = ending
    self.rules = rules.over(preset, for: ending)
    isSlow = policy.isSlow(ending.duration)
    failsSlow = policy.failsSlow(isTrial: isTrial)
    step = .ask(.ignoreIf)
    begin()
  }

  /// Goes on with the answer to the question of `step`; without effect where there is none.
  package mutating func answer(_ yes: Bool) {
    guard case .ask(let question) = step else { return }
    switch question {
    case .ignoreIf: yes ? decide(.ignored) : afterIgnoring()
    case .excludeIf: yes ? decide(.excluded) : afterExcluding()
    case .failIf: yes ? fail("\(ending.reason), fail-if") : decide(.success)
    case .holdIf: yes ? hold("hold-if (\(failure.reason))") : afterHolding()
    }
  }

  /// Where the judging is at a failure: what it is called.
  private var failure = Verdict(.failure, reason: "")

  private var isSuccess: Bool { ending.how == .exited(0) }

  private mutating func begin() {
    // CMD that was not started says nothing of what it depends on.
    if case .notStarted = ending.how { return decide(.ignored) }
    if ending.isForeignSignal || rules.ignore.contains(ending) { return decide(.ignored) }
    if isSuccess { afterIgnoring() }
  }

  private mutating func afterIgnoring() {
    if !isSuccess {
      rules.exclude.contains(ending) ? decide(.excluded) : ask(.excludeIf)
    } else if isSlow && failsSlow {
      var slow = verdict(.success)
      slow.failAsSlow()
      fail(slow.reason)
    } else {
      ask(.failIf)
    }
  }

  private mutating func afterExcluding() {
    !rules.only.isEmpty && !rules.only.contains(ending) ? decide(.excluded) : fail(ending.reason)
  }

  private mutating func fail(_ reason: String) {
    failure = verdict(.failure)
    failure.reason = reason
    rules.holdOn.contains(ending) ? hold("\(ending.name) is in hold-on") : ask(.holdIf)
  }

  private mutating func afterHolding() {
    if rules.tripOn.contains(ending) { failure.severity = .trips(reason: "\(ending.name), which is in trip-on") }
    step = .decided(failure)
  }

  private mutating func hold(_ reason: String) {
    failure.severity = .holds(reason: reason)
    step = .decided(failure)
  }

  private mutating func ask(_ question: Question) { step = .ask(question) }

  private mutating func decide(_ outcome: Outcome) { step = .decided(verdict(outcome)) }

  private func verdict(_ outcome: Outcome) -> Verdict {
    Verdict(outcome, reason: ending.reason, duration: ending.duration, timedOut: ending.how == .timedOut)
  }
}

extension JudgingRules {
  /// Judges a run to the end; `answer` is asked only where it decides.
  package func judge(
    _ ending: RunEnding, preset: JudgingRules = JudgingRules(), policy: Policy = Policy(), isTrial: Bool = false,
    answer: (Judging.Question) -> Bool = { _ in false }
  ) -> Verdict {
    var judging = Judging(ending, rules: self, preset: preset, policy: policy, isTrial: isTrial)
    while true {
      switch judging.step {
      case .ask(let question): judging.answer(answer(question))
      case .decided(let verdict): return verdict
      }
    }
  }
}
