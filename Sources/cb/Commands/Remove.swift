import ArgumentParser
import BreakerStore
import CircuitBreaker

struct Remove: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Delete breakers.",
    usage: "cb remove NAME... [--yes] [--reason TEXT]",
    discussion: """
      NAME may be a quoted glob; on a terminal, it asks for confirmation of the breakers that match.

      Example: cb remove 'test-*'
      """)

  @OptionGroup var asking: AskingOption
  @OptionGroup var reason: ReasonOption
  @OptionGroup var common: CommonOptions
  @Argument(help: ArgumentHelp("The breakers.", valueName: "name")) var names: [String]

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let action = try reason.action(world, "remove")
    let session = try Session(common.places, world: world)
    return try asking.forEachBreaker(names, "remove", session) { (name) throws(CommandFailure) in
      // Its listeners are known before it is gone.
      let reading = try session.read(name)
      let settings = session.settings(for: name, stored: reading.breaker?.settings)
      let isThere = try session.storeResult { () throws(StoreError) in try session.store.storage.remove(name) }
      guard isThere else { throw .failed(session.missing(name)) }
      try world.print("\(name): removed\n")
      let applied = Applied(breaker: reading.breaker, step: Step(.done), now: reading.now)
      Announcer(name: name, settings: settings, world: world)
        .announceByHand(ManualAct("remove"), applied, action)
    }
  }
}
