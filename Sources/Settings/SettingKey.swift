/// The settings (docs/CONTRACT.md, "Settings"): the one place in which a key's name is written. `SettingKey.row` has
/// the rest of it. Options, environment variables, stored settings, the configuration file, JSON, help and the checks
/// of the documentation are made from the two.
package enum SettingKey: String, CaseIterable, Sendable {
  case failMax = "fail-max"
  case resetTimeout = "reset-timeout"
  case successThreshold = "success-threshold"
  case halfOpenMax = "half-open-max"
  case exclude
  case excludeIf = "exclude-if"
  case ignore
  case ignoreIf = "ignore-if"
  case failIf = "fail-if"
  case only
  case tripOn = "trip-on"
  case holdOn = "hold-on"
  case holdIf = "hold-if"
  case holdAfter = "hold-after"
  case retryHint = "retry-hint"
  case retryHintMax = "retry-hint-max"
  case probe
  case probeTimeout = "probe-timeout"
  case preset
  case mode
  case remind
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
  case timeoutSignal = "timeout-signal"
  case killAfter = "kill-after"
  case onEvent = "on-event"
  case onStoreError = "on-store-error"
  case fallback
  case wait
  case notice
  case rejectedExit = "rejected-exit"

  package var name: String { rawValue }

  /// `CB_FAIL_MAX` for `fail-max`.
  package var environmentName: String {
    Self.environmentPrefix + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
  }

  package static let environmentPrefix = "CB_"

  /// The key that a variable sets: `fail-max` for `CB_FAIL_MAX`; nil for any other variable.
  ///
  /// Not generic: the witnesses that the runtime would look up cost a run more than reading its document.
  package init?(environmentName: String) {
    guard environmentName.hasPrefix(Self.environmentPrefix) else { return nil }
    var name: [UInt8] = []
    for byte in environmentName.utf8.dropFirst(Self.environmentPrefix.utf8.count) {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): name.append(byte | 0x20)
      case UInt8(ascii: "_"): name.append(UInt8(ascii: "-"))
      default: return nil
      }
    }
    self.init(named: String(decoding: name, as: UTF8.self))
  }

  /// The key of this name; nil where there is none.
  ///
  /// In place of `init(rawValue:)`, for which the runtime fills a table of all names at the first use: 25,000
  /// instructions for the one or two look-ups of a run.
  package init?(named name: String) {
    let length = name.utf8.count
    for key in Self.allCases where key.rawValue.utf8.count == length && key.rawValue == name {
      self = key
      return
    }
    return nil
  }

  /// Whether the values of all levels add up, rather than the highest level's alone having effect.
  package var isList: Bool { row.isList }

  /// What a value may be, as the end of the sentence "it must be ...".
  package var range: String { row.range }
}
