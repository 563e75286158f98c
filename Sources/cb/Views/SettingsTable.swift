import CircuitBreaker
import Settings
import System

/// Settings with the places that they came from, for `cb status NAME` and `cb status -v`.
enum SettingsTable {
  /// `fail-max  3  (cb set)`: of every setting, or of those that did not come from the defaults.
  static func lines(_ resolved: ResolvedSettings, all: Bool) -> [String] {
    let shown = SettingKey.allCases.filter { all || resolved.sources[$0] != nil }
    let width = shown.map(\.name.utf8.count).max() ?? 0
    return shown.map { key in
      let sources = resolved.sources[key] ?? [.standard]
      let value = resolved.settings.value(key).people.escapingControls()
      let gap = String(repeating: " ", count: width - key.name.utf8.count + 2)
      return "\(key.name)\(gap)\(value)  (\(sources.map(\.description).joined(separator: " + ").escapingControls()))"
    }
  }
}
