import ArgumentParser
import BreakerStore
import CircuitBreaker
import Settings

struct Set: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "set",
    abstract: "Store settings with a breaker.",
    usage: "cb set NAME KEY=VALUE...",
    discussion: """
      KEY= returns the key to its default. A key that takes a list may be given several times; the values given \
      replace those stored before.
      """)

  @OptionGroup var common: CommonOptions
  @Argument(help: "The breaker.") var name: String
  @Argument(help: ArgumentHelp("What to store.", valueName: "key=value")) var changes: [String]

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let name = try BreakerName(argument: name)
    let changes = try Self.parse(changes)
    let session = try Session(common.places, world: world)
    let reading = try session.storeResult { () throws(StoreError) in try session.store.read(name) }
    var stored = reading.breaker?.settings ?? StoredSettings()
    for (key, values) in changes { stored[key.name] = values }
    let settings = session.settings(for: name, stored: stored)
    let change = SettingsChange(
      entries: changes.map { SettingsChange.Entry(key: $0.key.name, values: $0.values) }, policy: settings.policy,
      appliesToOpenCircuit: changes.contains {
        [.resetTimeout, .resetBackoff, .resetMax, .jitter].contains($0.key)
      }, action: world.action())
    _ = try session.apply(.configure(change), to: name)
    return ExitCode.success
  }

  /// Each key with all its values; every value is checked before anything is stored.
  private static func parse(_ texts: [String]) throws(CommandFailure) -> [(key: SettingKey, values: [String])] {
    var changes: [(key: SettingKey, values: [String])] = []
    for text in texts {
      guard let equals = text.firstIndex(of: "=") else {
        throw .usage("set: '\(text)' is no KEY=VALUE; write \(text)=VALUE, or \(text)= for the default")
      }
      guard let key = SettingKey(rawValue: String(text[..<equals])) else {
        throw .usage(
          "set: unknown key '\(text[..<equals])': it must be one of "
            + SettingKey.allCases.map(\.name).joined(separator: ", "))
      }
      let value = String(text[text.index(after: equals)...])
      if !value.isEmpty {
        var scratch = Settings()
        do {
          try scratch.apply(key, value)
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
