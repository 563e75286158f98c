/// The settings that `cb set` keeps with a breaker, as texts that were checked when they were set.
package struct StoredSettings: Hashable, Sendable {
  package private(set) var values: [SettingKey: [String]] = [:]

  package init() {}

  package var isEmpty: Bool { values.isEmpty }

  package subscript(key: SettingKey) -> [String] {
    get { values[key] ?? [] }
    set { values[key] = newValue.isEmpty ? nil : newValue }
  }

  package var level: SettingsLevel {
    SettingsLevel(
      source: .stored,
      values: isEmpty ? [] : SettingKey.allCases.flatMap { key in self[key].map { (key: key, text: $0) } })
  }
}
