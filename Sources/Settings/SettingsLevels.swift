package import CircuitBreaker

/// Where a value of a setting came from, lowest precedence first (docs/CONTRACT.md, "Settings").
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

/// The texts that one level gives to keys; a key of a list may be there more than once.
package struct SettingsLevel: Sendable {
  package var source: SettingSource
  package var values: [(key: SettingKey, text: String)]

  /// The texts are not parsed yet: `SettingsLevels` reports the ones that cannot be used.
  package init(source: SettingSource, values: [(key: SettingKey, text: String)]) {
    self.source = source
    self.values = values
  }
}

/// A value that cannot be used, with the level that gave it.
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

/// Settings with the places that they came from.
package struct ResolvedSettings: Sendable {
  package private(set) var settings = Settings()
  /// For a key that is not here: `standard`. For a list: every level that added to it.
  package private(set) var sources: [SettingKey: [SettingSource]] = [:]
  /// Values that were left out because they cannot be used: each is worth one warning.
  package private(set) var faults: [SettingsLevelFault] = []

  /// Lays the levels over the defaults, from the lowest to the highest.
  ///
  /// Only what was typed on the command line is an error (docs/CONTRACT.md, "Settings"); from anywhere else a value
  /// that cannot be used is left out and noted.
  package init(levels: [SettingsLevel]) throws(SettingsLevelFault) {
    for level in levels {
      for (key, text) in level.values {
        do {
          try settings.apply(key, text)
        } catch {
          let fault = SettingsLevelFault(fault: error, source: level.source)
          if level.source == .option { throw fault }
          faults.append(fault)
          continue
        }
        if !key.isList {
          sources[key] = [level.source]
        } else if sources[key]?.last != level.source {
          sources[key, default: []].append(level.source)
        }
      }
    }
  }

  /// The settings that were given and have no effect, as what they need was not: `failure-rate` without `window`.
  package var idle: [SettingKey] {
    SettingKey.allCases.filter { key in
      guard let needed = key.row.needs else { return false }
      return sources[key] != nil && sources[needed] == nil
    }
  }

  package var policy: Policy {
    settings.policy(ownsResetTimeout: sources[.resetTimeout]?.last?.isCallersOwn == true)
  }
}

extension StoredSettings {
  /// The texts of the keys that this version knows.
  package var level: SettingsLevel {
    SettingsLevel(
      source: .stored,
      values: isEmpty ? [] : SettingKey.allCases.flatMap { key in self[key.name].map { (key: key, text: $0) } })
  }

  /// The keys that this version does not know: kept, and without effect.
  package var unknownKeys: [String] { keys.filter { SettingKey(named: $0) == nil } }
}
