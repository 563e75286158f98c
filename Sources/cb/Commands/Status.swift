import ArgumentParser
import BreakerStore
import CircuitBreaker

struct Status: CBCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show breakers.",
    usage: "cb status [NAME...] [--json] [--verbose]",
    discussion: "Without a NAME: all. NAME may be a quoted glob. Never writes.")

  @Flag(help: "Print JSON.") var json = false
  @Flag(name: .shortAndLong, help: "Show every setting and where its value came from.") var verbose = false
  @OptionGroup var common: CommonOptions
  @Argument(help: "The breakers.") var names: [String] = []

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let session = try Session(common.places, world: world)
    var isAnyMissing = false
    let chosen: [BreakerName]
    if names.isEmpty {
      chosen = try session.storeResult { () throws(StoreError) in try session.store.names() }
    } else {
      (chosen, isAnyMissing) = try session.breakers(names, creating: false)
    }
    var rows: [BreakerRow] = []
    for name in chosen.sorted() {
      let reading = try session.storeResult { () throws(StoreError) in try session.store.read(name) }
      if let damage = reading.damage {
        world.say("\(name): \(damage)")
        isAnyMissing = true
      }
      guard let breaker = reading.breaker else { continue }
      rows.append(
        BreakerRow(
          name: name, breaker: breaker, settings: try session.settings(for: name, stored: breaker.settings),
          now: reading.now))
    }
    try world.print(output(rows))
    return isAnyMissing ? ExitCode.failure : ExitCode.success
  }

  private func output(_ rows: [BreakerRow]) -> String {
    if json {
      let array = JSONValue.array(rows.map { StatusJSON.object($0.name, $0.breaker, $0.settings, at: $0.now) })
      return String(decoding: array.bytes(.pretty), as: UTF8.self)
    }
    if verbose { return rows.map { SettingsTable.text($0) }.joined(separator: "\n") }
    return StatusTable.text(rows)
  }
}

/// A breaker with all that a row about it needs.
struct BreakerRow {
  var name: BreakerName
  var breaker: Breaker
  var settings: ResolvedSettings
  var now: Timestamp
}
