import ArgumentParser
import BreakerStore
import CircuitBreaker
import Settings

struct Reset: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "reset",
    abstract: "Make breakers as new: closed, counters, history and holds cleared, settings kept.",
    usage: "cb reset NAME...",
    discussion: "NAME may be a quoted glob.")

  @OptionGroup var common: CommonOptions
  @Argument(help: "The breakers.") var names: [String]

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let session = try Session(common.places, world: world)
    return try session.forEachBreaker(names, creating: false) { (name) throws(CommandFailure) in
      let applied = try session.apply(.reset(world.action()), to: name)
      guard let breaker = applied.breaker else { return }
      let settings = session.settings(for: name, stored: breaker.settings)
      Announcer(name: name, settings: settings, world: world)
        .announce(applied.step.transitions, breaker, at: applied.now)
    }
  }
}
