import CircuitBreaker
import CommandProcess
import Settings
import System

/// Judges how CMD ended by the breaker's rules; asks the predicates where their answers decide.
struct Judge {
  let name: BreakerName
  let settings: ResolvedSettings
  let isTrial: Bool
  let world: World

  /// How much of the end of CMD's standard error predicates and hints see, in bytes.
  static let tail = 4096

  /// Whether anything asks for the tail of standard error, so that CMD has to write into a pipe.
  static func needsTail(_ settings: Settings) -> Bool {
    !(settings.excludeIf.isEmpty && settings.ignoreIf.isEmpty && settings.holdIf.isEmpty
      && settings.failIf.isEmpty && settings.retryHint.isEmpty)
      || settings.presets.contains { !$0.texts.isEmpty }
  }

  func verdict(on end: CommandEnd) -> Verdict {
    let own = settings.settings
    let predicate = Predicate(name: name, end: end, world: world)
    return own.rules.judge(
      end.forCore, preset: own.presetRules, policy: settings.policy, isTrial: isTrial
    ) { question in
      let texts =
        switch question {
        case .ignoreIf: own.ignoreIf
        case .excludeIf: own.excludeIf
        case .failIf: own.failIf
        case .holdIf: own.holdIf
        }
      return texts.contains { predicate.holds($0, of: question) }
        || !own.rules.names(end.forCore) && own.presets.contains { $0.answers(question, end) }
    }
  }

  /// When the other side wants to be asked again: of several hints the longest; nil for none, and of anything but a
  /// failure.
  func hint(_ end: CommandEnd, _ verdict: Verdict) -> RetryHint? {
    guard verdict.outcome == .failure, !settings.settings.retryHint.isEmpty else { return nil }
    if case .holds = verdict.severity { return nil }
    let predicate = Predicate(name: name, end: end, world: world)
    let now = Timestamp(milliseconds: world.clock.reading().wallMilliseconds)
    return settings.settings.retryHint.compactMap { predicate.hint($0) }
      .max { $0.ahead(of: now) ?? .zero < $1.ahead(of: now) ?? .zero }
  }
}

extension Preset {
  /// Whether a text rule of the preset says yes. It has no `fail-if`.
  fileprivate func answers(_ question: Judging.Question, _ end: CommandEnd) -> Bool {
    guard case .exited(let code) = end.forCore.how else { return false }
    let verdict: Verdict
    switch question {
    case .ignoreIf: verdict = .ignore
    case .excludeIf: verdict = .exclude
    case .holdIf: verdict = .hold
    case .failIf: return false
    }
    return says(verdict, onExit: code, stderrTail: end.stderrTail)
  }
}
