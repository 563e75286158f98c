package import CircuitBreaker
import System

/// Effective settings: every key with a meaning instead of a text, at its default until a text is applied.
package struct Settings: Hashable, Sendable {
  package var failMax = 5
  package var resetTimeout = Span.seconds(60)
  package var successThreshold = 1
  package var halfOpenMax = 1
  package var rules = JudgingRules()
  package var excludeIf: [String] = []
  package var ignoreIf: [String] = []
  package var failIf: [String] = []
  package var holdIf: [String] = []
  package var holdAfter: Int?
  package var retryHint: [String] = []
  package var retryHintMax = Span.seconds(3600)
  package var probe: String?
  package var probeTimeout = Span.seconds(10)
  package var presets: [Preset] = []
  package var mode = RunMode.enforce
  package var remind: Span?
  package var window: WindowSize?
  package var failureRate = 0.5
  package var minCalls = 10
  package var slowAfter: Span?
  package var slowRate = 1.0
  package var resetBackoff = 1.0
  package var resetMax = Span.seconds(3600)
  package var jitter = 0.0
  package var maxConcurrent: Int?
  package var timeout: Span?
  /// A signal's number.
  package var timeoutSignal: Int32 = 15
  package var killAfter = Span.seconds(5)
  package var listeners: [Listener] = []
  package var onStoreError = StoreErrorPolicy.local
  package var fallback: String?
  package var wait: Span?
  package var notice = Notice.each
  package var rejectedExit = ExitCode.rejected

  /// Every key at its default.
  package init() {}

  /// The lists of all presets: they judge only what no list of the user's names.
  package var presetRules: JudgingRules {
    presets.reduce(into: JudgingRules()) { rules, preset in
      let own = preset.rules
      rules.ignore.elements += own.ignore.elements
      rules.exclude.elements += own.exclude.elements
      rules.holdOn.elements += own.holdOn.elements
    }
  }

  /// Gives `key` the value that `text` names; what is a list grows.
  package mutating func apply(_ key: SettingKey, _ text: String) throws(SettingFault) {
    guard key.row.apply(&self, text) else { throw SettingFault(key: key, value: text) }
  }

  /// Whether `text` is a value of `key`.
  package static func check(_ key: SettingKey, _ text: String) throws(SettingFault) {
    var scratch = Settings()
    try scratch.apply(key, text)
  }

  /// What the state machine decides on.
  ///
  /// - Parameter ownsResetTimeout: whether the asker gave the reset timeout for this very call.
  package func policy(ownsResetTimeout: Bool = false) -> Policy {
    var policy = Policy()
    policy.failMax = failMax
    policy.resetTimeout = resetTimeout
    policy.successThreshold = successThreshold
    policy.halfOpenMax = halfOpenMax
    policy.window = window
    policy.failureRate = failureRate
    policy.minCalls = minCalls
    policy.slowAfter = slowAfter
    policy.slowRate = slowRate
    policy.resetBackoff = resetBackoff
    policy.resetMax = resetMax
    policy.jitter = jitter
    policy.maxConcurrent = maxConcurrent
    policy.retryHintMax = retryHintMax
    policy.holdAfter = holdAfter
    policy.remind = remind
    policy.isResetTimeoutCallersOwn = ownsResetTimeout
    return policy
  }

  /// The settings that a run used, as far as its policy has them; the rest as here.
  package func with(_ policy: Policy) -> Settings {
    var settings = self
    settings.failMax = policy.failMax
    settings.resetTimeout = policy.resetTimeout
    settings.successThreshold = policy.successThreshold
    settings.halfOpenMax = policy.halfOpenMax
    settings.window = policy.window
    settings.failureRate = policy.failureRate
    settings.minCalls = policy.minCalls
    settings.slowAfter = policy.slowAfter
    settings.slowRate = policy.slowRate
    settings.resetBackoff = policy.resetBackoff
    settings.resetMax = policy.resetMax
    settings.jitter = policy.jitter
    settings.maxConcurrent = policy.maxConcurrent
    settings.retryHintMax = policy.retryHintMax
    settings.holdAfter = policy.holdAfter
    settings.remind = policy.remind
    return settings
  }
}

/// A value that a setting cannot take.
package struct SettingFault: Error, Hashable, Sendable {
  package var key: SettingKey
  package var value: String

  /// `fail-max: '0' is not valid: it must be a whole number, 1 or more (up to 2147483647)`
  package var message: String {
    "\(key.name): '\(value.escapingControls())' is not valid: it must be \(key.range)"
  }
}
