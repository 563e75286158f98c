import ArgumentParser
import CircuitBreaker

struct Open: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "open",
    abstract: "Open circuits now.",
    usage: "cb open NAME... [--for DURATION | --hold] [--reason TEXT]",
    discussion: """
      Without an option, the usual reset timeout runs from now. NAME may be a quoted glob; a NAME that does not exist is \
      created.

      Example: cb open db-backup --for 2h --reason 'disk swap'
      """)

  @OptionGroup var hold: HoldOptions
  @OptionGroup var reason: ReasonOption
  @OptionGroup var common: CommonOptions
  @Argument(help: ArgumentHelp("The breakers.", valueName: "name")) var names: [String]

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let act = ManualChange.Act.open(ManualChange.Length(try hold.length("open")))
    let action = try reason.action(world, "open")
    return try ManualChange(session: Session(common.places, world: world), act: act, action: action).execute(names)
  }
}
