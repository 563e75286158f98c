import CircuitBreaker
import Settings
import Testing

/// Precedence and provenance (docs/CONTRACT.md, "Settings"): option, environment, stored, configuration, default.
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
      #expect(resolved.policy.isResetTimeoutCallersOwn == own)
      #expect(resolved.policy.resetTimeout == .seconds(7))
    }
    #expect(try !ResolvedSettings(levels: []).policy.isResetTimeoutCallersOwn)
  }

  private static let faults: [(SettingSource, String)] = [
    (.stored, "stored setting fail-max: '0' is not valid"),
    (.environment, "environment variable CB_FAIL_MAX: fail-max: '0' is not valid"),
    (.configuration(file: "/etc/cb", pattern: nil), "/etc/cb, defaults: fail-max: '0' is not valid"),
    (.configuration(file: "/etc/cb", pattern: "db-*"), "/etc/cb, breakers 'db-*': fail-max: '0' is not valid"),
  ]

  @Test("what was typed and cannot be used is an error, whatever lies below it")
  func typed() {
    let fault = #expect(throws: SettingsLevelFault.self) {
      try ResolvedSettings(levels: [
        SettingsLevel(source: .environment, values: [(key: .failMax, text: "3")]),
        SettingsLevel(source: .option, values: [(key: .failMax, text: "0")]),
      ])
    }
    #expect(fault?.source == .option)
    #expect(fault?.message.hasPrefix("option --fail-max: '0' is not valid: it must be ") == true)
  }

  @Test("from anywhere else it is left out: what lies below stands, and the fault names the level")
  func leftOut() throws {
    for (source, message) in Self.faults {
      let level = SettingsLevel(source: source, values: [(.failMax, "0"), (.jitter, "10%"), (.exclude, "256")])
      for below in [nil, 3] {
        let lower = below.map { [SettingsLevel(source: source, values: [(key: .failMax, text: "\($0)")])] } ?? []
        let resolved = try ResolvedSettings(levels: lower + [level])
        #expect(resolved.settings.failMax == below ?? 5)
        #expect(resolved.settings.jitter == 0.1)
        #expect(resolved.settings.rules.exclude.texts.isEmpty)
        #expect(resolved.faults.map(\.fault.key) == [.failMax, .exclude])
        #expect(resolved.faults.map(\.source) == [source, source])
        #expect(resolved.faults[0].message.hasPrefix(message))
        #expect(resolved.sources[.failMax] == below.map { _ in [source] })
      }
    }
  }

  @Test("a setting that needs another, which was not given, is idle", arguments: SettingKey.allCases)
  func idle(_ key: SettingKey) throws {
    guard let needed = key.row.needs else { return }
    let values: [SettingKey: String] = [
      .failureRate: "20%", .minCalls: "3", .slowRate: "20%", .probeTimeout: "5s", .window: "20", .probe: "true",
    ]
    let own = SettingsLevel(source: .option, values: [(key, try #require(values[key]))])
    let other = SettingsLevel(source: .stored, values: [(needed, try #require(values[needed]))])
    #expect(try ResolvedSettings(levels: [own]).idle == [key])
    #expect(try ResolvedSettings(levels: [other, own]).idle.isEmpty)
    #expect(try ResolvedSettings(levels: [other]).idle.isEmpty)
  }

  @Test("stored settings of a newer version are kept, named, and without effect")
  func unknownStored() throws {
    var stored = StoredSettings()
    stored["fail-max"] = ["3"]
    stored["from-tomorrow"] = ["x"]
    stored["exclude"] = ["3", "4"]
    #expect(stored.unknownKeys == ["from-tomorrow"])
    #expect(stored.level.values.map(\.key) == [.failMax, .exclude, .exclude])
    let resolved = try ResolvedSettings(levels: [stored.level])
    #expect(resolved.settings.failMax == 3 && resolved.faults.isEmpty)
  }
}
