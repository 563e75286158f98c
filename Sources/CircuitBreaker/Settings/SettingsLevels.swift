/// Where a value of a setting came from, lowest precedence first (CONTRACT section 3).
package enum SettingSource: Hashable, Sendable {
  case standard
  /// The configuration file; `pattern` is nil for its `defaults`.
  case configuration(file: String, pattern: String?)
  case stored
  case environment
  case option

  package var description: String {
    switch self {
    case .standard: "default"
    case .configuration(let file, nil): "\(file), defaults"
    case .configuration(let file, let pattern?): "\(file), breakers '\(pattern)'"
    case .stored: "cb set"
    case .environment: "environment"
    case .option: "command line"
    }
  }

  /// Whether the asker gave the value for this very call, over what all share.
  var isCallersOwn: Bool { self == .environment || self == .option }
}

/// The texts one level gives to keys; a key of a list may stand more than once.
package struct SettingsLevel: Hashable, Sendable {
  package var source: SettingSource
  package var values: [(key: SettingKey, text: String)]

  package init(source: SettingSource, values: [(key: SettingKey, text: String)]) {
    self.source = source
    self.values = values
  }

  package static func == (left: SettingsLevel, right: SettingsLevel) -> Bool {
    left.source == right.source && left.values.elementsEqual(right.values) { $0 == $1 }
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(source)
  }
}

/// A value that cannot be taken, with the level that gave it.
package struct SettingsLevelFault: Error, Hashable, Sendable {
  package var fault: SettingFault
  package var source: SettingSource

  package var message: String {
    switch source {
    case .environment: "environment variable \(fault.key.environmentName): " + fault.message
    case .option: "option --" + fault.message
    case .stored: "stored setting " + fault.message
    case .configuration, .standard: "\(source.description): " + fault.message
    }
  }
}

/// Settings with the places they came from.
package struct ResolvedSettings: Hashable, Sendable {
  package private(set) var settings = Settings()
  /// For a key that is not here: `standard`. For a list: every level that added to it.
  package private(set) var sources: [SettingKey: [SettingSource]] = [:]

  /// Lays the levels over the defaults, from the lowest to the highest.
  package init(levels: [SettingsLevel]) throws(SettingsLevelFault) {
    for level in levels {
      for (key, text) in level.values {
        do {
          try settings.apply(key, text)
        } catch {
          throw SettingsLevelFault(fault: error, source: level.source)
        }
        if !key.isList {
          sources[key] = [level.source]
        } else if sources[key]?.last != level.source {
          sources[key, default: []].append(level.source)
        }
      }
    }
  }

  /// The reset timeout where the asker gave one of its own; it then decides over what the trip stored.
  package var callersResetTimeout: Span? {
    sources[.resetTimeout]?.last?.isCallersOwn == true ? settings.resetTimeout : nil
  }

  package var policy: Policy {
    Policy(settings, callersResetTimeout: callersResetTimeout)
  }
}

extension StoredSettings {
  /// The texts of the keys that this version knows.
  package var level: SettingsLevel {
    SettingsLevel(
      source: .stored,
      values: isEmpty ? [] : SettingKey.allCases.flatMap { key in self[key.name].map { (key: key, text: $0) } })
  }
}
