import ArgumentParser
import BreakerStore
import CircuitBreaker

struct Remove: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Forget breakers altogether.",
    usage: "cb remove NAME...",
    discussion: "NAME may be a quoted glob.")

  @OptionGroup var common: CommonOptions
  @Argument(help: "The breakers.") var names: [String]

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let session = try Session(common.places, world: world)
    return try session.forEachBreaker(names, creating: false) { (name) throws(CommandFailure) in
      _ = try session.storeResult { () throws(StoreError) in try session.store.remove(name) }
    }
  }
}
