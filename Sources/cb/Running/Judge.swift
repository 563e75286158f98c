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

  /// A run is ignored where a signal to cb kept a predicate from the answer that decides whether it failed.
  func verdict(on end: CommandEnd) -> Verdict {
    let own = settings.settings
    let predicate = Predicate(name: name, end: end, world: world)
    var cutShort: Int32?
    var verdict = own.rules.judge(
      end.forCore, preset: own.presetRules, policy: settings.policy, isTrial: isTrial
    ) { question in
      let texts =
        switch question {
        case .ignoreIf: own.ignoreIf
        case .excludeIf: own.excludeIf
        case .failIf: own.failIf
        case .holdIf: own.holdIf
        }
      var signal: Int32?
      for text in texts {
        switch predicate.answer(text, to: question) {
        case .yes: return true
        case .no: break
        case .cutShort(let number): signal = number
        }
      }
      if !own.rules.names(end.forCore), own.presets.contains(where: { $0.answers(question, end) }) { return true }
      // Whether it holds is a question about a failure.
      if question != .holdIf { cutShort = cutShort ?? signal }
      return false
    }
    if let cutShort {
      verdict = Verdict(
        .ignored, reason: "\(verdict.reason), \(SignalName.name(of: cutShort)) to cb", duration: verdict.duration,
        timedOut: verdict.timedOut)
    }
    return verdict
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
