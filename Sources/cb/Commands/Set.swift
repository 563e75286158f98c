import ArgumentParser
import BreakerStore
import CircuitBreaker
import Settings

struct SetCommand: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "set",
    abstract: "Store settings with breakers.",
    usage: "cb set NAME [NAME...] KEY=VALUE...",
    discussion: """
      KEY= returns the key to its default. A key that takes a list may be given several times; the values given \
      replace those stored before. NAME may be a quoted glob; a NAME that does not exist is created. The first \
      argument is always a NAME, as are later ones without an '='.

      Example: cb set db-backup fail-max=3 reset-timeout=5m
      """)

  @OptionGroup var common: CommonOptions
  @Argument(help: ArgumentHelp("The breaker.", valueName: "name")) var name: String
  @Argument(help: ArgumentHelp("More breakers, and what to store.", valueName: "key=value")) var words: [String] = []

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let others = words.filter { !$0.utf8.contains(UInt8(ascii: "=")) }
    let changes = try Self.parse(words.filter { $0.utf8.contains(UInt8(ascii: "=")) })
    for other in others where SettingKey(named: other) != nil {
      throw .usage("set: '\(other)' has no value; write \(other)=VALUE, or \(other)= for the default")
    }
    guard !changes.isEmpty else { throw .usage("set: KEY=VALUE is missing; write cb set NAME KEY=VALUE") }
    let session = try Session(common.places, world: world)
    return try session.forEachBreaker([name] + others, creating: true) { (name) throws(CommandFailure) in
      let reading = try session.read(name)
      var stored = reading.breaker?.settings ?? StoredSettings()
      for (key, values) in changes { stored[key.name] = values }
      let settings = session.settings(for: name, stored: stored)
      let action = world.action()
      let change = SettingsChange(
        entries: changes.map { SettingsChange.Entry(key: $0.key.name, values: $0.values) }, policy: settings.policy,
        appliesToOpenCircuit: changes.contains { $0.key.row.appliesToOpenCircuit }, action: action)
      let applied = try session.apply(.configure(change), to: name)
      Announcer(name: name, settings: settings, world: world)
        .announceByHand(ManualAct("set", keys: changes.map(\.key.name)), applied, action)
    }
  }

  /// Each key with all its values; every value is checked before anything is stored.
  private static func parse(_ texts: [String]) throws(CommandFailure) -> [(key: SettingKey, values: [String])] {
    var changes: [(key: SettingKey, values: [String])] = []
    for text in texts {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let key = SettingKey(named: String(parts[0])) else {
        throw .usage("set: \(SettingKey.unknown(String(parts[0])))")
      }
      let value = String(parts[1])
      if !value.isEmpty {
        do {
          try Settings.check(key, value)
        } catch {
          throw .usage("set: \(error.message)")
        }
      }
      let values = value.isEmpty ? [] : [value]
      guard let index = changes.firstIndex(where: { $0.key == key }) else {
        changes.append((key, values))
        continue
      }
      guard key.isList else { throw .usage("set: \(key.name) is given twice") }
      changes[index].values += values
    }
    return changes
  }
}
