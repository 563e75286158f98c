import ArgumentParser
import CircuitBreaker

struct HalfOpen: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "half-open",
    abstract: "Make circuits half-open now: the next run is a trial.",
    usage: "cb half-open NAME... [--reason TEXT]",
    discussion: """
      A hold ends. NAME may be a quoted glob; a NAME that does not exist is created.

      Example: cb half-open db-backup
      """)

  @OptionGroup var reason: ReasonOption
  @OptionGroup var common: CommonOptions
  @Argument(help: ArgumentHelp("The breakers.", valueName: "name")) var names: [String]

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let action = try reason.action(world, "half-open")
    return try ManualChange(session: Session(common.places, world: world), act: .halfOpen, action: action)
      .execute(names)
  }
}
