import ArgumentParser
import CircuitBreaker

struct HalfOpen: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "half-open",
    abstract: "Make circuits half-open now: the next run is a trial.",
    usage: "cb half-open NAME... [--reason TEXT]",
    discussion: "NAME may be a quoted glob.")

  @OptionGroup var reason: ReasonOption
  @OptionGroup var common: CommonOptions
  @Argument(help: "The breakers.") var names: [String]

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let action = try reason.action(world)
    return try ManualChange(session: Session(common.places, world: world), names: names)
      .execute { _ in .halfOpen(action) }
  }
}
