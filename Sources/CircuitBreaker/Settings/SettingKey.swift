import System

/// The settings of CONTRACT section 3: the one list from which options, environment variables, stored settings,
/// `status --json` and the checks of documentation are made.
package enum SettingKey: String, CaseIterable, Sendable {
  case failMax = "fail-max"
  case resetTimeout = "reset-timeout"
  case successThreshold = "success-threshold"
  case halfOpenMax = "half-open-max"
  case exclude
  case excludeIf = "exclude-if"
  case ignore
  case only
  case window
  case failureRate = "failure-rate"
  case minCalls = "min-calls"
  case slowAfter = "slow-after"
  case slowRate = "slow-rate"
  case resetBackoff = "reset-backoff"
  case resetMax = "reset-max"
  case jitter
  case maxConcurrent = "max-concurrent"
  case timeout
  case killAfter = "kill-after"
  case onEvent = "on-event"
  case onStoreError = "on-store-error"

  package var name: String { rawValue }

  /// `CB_FAIL_MAX` for `fail-max`. Written out, as every run asks for all of them; a test holds them against the names.
  package var environmentName: String {
    switch self {
    case .failMax: "CB_FAIL_MAX"
    case .resetTimeout: "CB_RESET_TIMEOUT"
    case .successThreshold: "CB_SUCCESS_THRESHOLD"
    case .halfOpenMax: "CB_HALF_OPEN_MAX"
    case .exclude: "CB_EXCLUDE"
    case .excludeIf: "CB_EXCLUDE_IF"
    case .ignore: "CB_IGNORE"
    case .only: "CB_ONLY"
    case .window: "CB_WINDOW"
    case .failureRate: "CB_FAILURE_RATE"
    case .minCalls: "CB_MIN_CALLS"
    case .slowAfter: "CB_SLOW_AFTER"
    case .slowRate: "CB_SLOW_RATE"
    case .resetBackoff: "CB_RESET_BACKOFF"
    case .resetMax: "CB_RESET_MAX"
    case .jitter: "CB_JITTER"
    case .maxConcurrent: "CB_MAX_CONCURRENT"
    case .timeout: "CB_TIMEOUT"
    case .killAfter: "CB_KILL_AFTER"
    case .onEvent: "CB_ON_EVENT"
    case .onStoreError: "CB_ON_STORE_ERROR"
    }
  }

  /// Whether the values of all levels add up, rather than the highest level's standing alone.
  package var isList: Bool {
    switch self {
    case .exclude, .excludeIf, .ignore, .only, .onEvent: true
    default: false
    }
  }

  /// What a value may be, as the end of the sentence "it must be ...".
  package var range: String {
    switch self {
    case .failMax, .successThreshold, .halfOpenMax, .minCalls, .maxConcurrent:
      "a whole number, 1 or more (up to 2147483647)"
    case .resetTimeout, .timeout, .killAfter: "a duration such as 250ms, 90s, 5m or 1h30m (up to 100 years)"
    case .slowAfter, .resetMax: "a duration above 0, such as 250ms, 90s, 5m or 1h30m (up to 100 years)"
    case .exclude, .ignore, .only: "exit codes 0 to 255, ranges, signals or 'timeout', such as 3,64-78,SIGINT,timeout"
    case .excludeIf: "a shell command"
    case .window: "a number of runs from 1 to 10000, such as 20, or a duration from 100ms with a unit, such as 1h"
    case .failureRate, .slowRate: "a rate above 0 and up to 1, such as 50% or 0.5"
    case .resetBackoff: "a number from 1 to 1000, such as 2"
    case .jitter: "a rate from 0 to 1, such as 20% or 0.2"
    case .onEvent: "EVENT=CMD with EVENT one of \(ListenedEvent.allCases.map(\.rawValue).joined(separator: ", "))"
    case .onStoreError: "local, run or reject"
    }
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
