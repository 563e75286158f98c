import CircuitBreaker
import Testing

/// Precedence and provenance (CONTRACT section 3): option, environment, stored, configuration, default.
struct SettingsLevelsTests {
  private static let sources: [SettingSource] = [
    .configuration(file: "/etc/cb", pattern: nil), .configuration(file: "/etc/cb", pattern: "db-*"), .stored,
    .environment, .option,
  ]

  @Test("whatever levels speak, the highest stands, and is named as the source")
  func precedence() throws {
    for mask in 0..<32 {
      let chosen = Self.sources.indices.filter { mask & (1 << $0) != 0 }
      let levels = chosen.map { SettingsLevel(source: Self.sources[$0], values: [(key: .failMax, text: "\($0 + 10)")]) }
      let resolved = try ResolvedSettings(levels: levels)
      #expect(resolved.settings.failMax == chosen.last.map { $0 + 10 } ?? 5)
      #expect(resolved.sources[.failMax] == chosen.last.map { [Self.sources[$0]] })
    }
  }

  @Test("lists of all levels add up, in the order of the levels, and every level is named once")
  func lists() throws {
    let levels = Self.sources.enumerated().map { index, source in
      SettingsLevel(source: source, values: [(.exclude, "\(index + 1)"), (.exclude, "\(index + 101)")])
    }
    let resolved = try ResolvedSettings(levels: levels)
    #expect(
      resolved.settings.rules.exclude.texts == ["1", "101", "2", "102", "3", "103", "4", "104", "5", "105"])
    #expect(resolved.sources[.exclude] == Self.sources)
    #expect(resolved.sources[.ignore] == nil)
  }

  @Test("a reset timeout is the caller's own from an option or the environment, and from nowhere else")
  func callersOwn() throws {
    for source in Self.sources {
      let resolved = try ResolvedSettings(
        levels: [SettingsLevel(source: source, values: [(key: .resetTimeout, text: "7s")])])
      let own = source == .environment || source == .option
      #expect(resolved.callersResetTimeout == (own ? .seconds(7) : nil))
      #expect(resolved.policy.isResetTimeoutCallersOwn == own)
      #expect(resolved.policy.resetTimeout == .seconds(7))
    }
    #expect(try ResolvedSettings(levels: []).callersResetTimeout == nil)
  }

  @Test("a fault names the level it came from, even where a higher level has another value")
  func faults() throws {
    let expected: [(SettingSource, String)] = [
      (.option, "option --fail-max: '0' is not valid"), (.stored, "stored setting fail-max: '0' is not valid"),
      (.environment, "environment variable CB_FAIL_MAX: fail-max: '0' is not valid"),
      (.configuration(file: "/etc/cb", pattern: nil), "/etc/cb, defaults: fail-max: '0' is not valid"),
      (.configuration(file: "/etc/cb", pattern: "db-*"), "/etc/cb, breakers 'db-*': fail-max: '0' is not valid"),
    ]
    for (source, message) in expected {
      let fault = #expect(throws: SettingsLevelFault.self) {
        try ResolvedSettings(levels: [
          SettingsLevel(source: source, values: [(key: .failMax, text: "0")]),
          SettingsLevel(source: .option, values: [(key: .failMax, text: "3")]),
        ])
      }
      #expect(fault?.source == source)
      #expect(fault?.message.hasPrefix(message) == true)
    }
  }
}
