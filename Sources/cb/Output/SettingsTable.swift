import BreakerStore
import CircuitBreaker

/// The settings of a breaker with the places they came from, for `cb status -v`.
enum SettingsTable {
  static func text(_ row: BreakerRow) -> String {
    var text = "\(row.name.text.escapingControls())\n"
    let width = SettingKey.allCases.map(\.name.count).max() ?? 0
    for key in SettingKey.allCases {
      let sources = row.settings.sources[key] ?? [.standard]
      let value = String(decoding: row.settings.settings.json(key).bytes(.compact), as: UTF8.self)
      text += "  \(key.name)\(String(repeating: " ", count: width - key.name.count))  \(value)"
      text += "  (\(sources.map(\.description).joined(separator: " + ").escapingControls()))\n"
    }
    return text
  }
}
