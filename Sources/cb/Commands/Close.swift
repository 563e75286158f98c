import ArgumentParser
import CircuitBreaker

struct Close: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "close",
    abstract: "Close circuits now and zero the failure counter.",
    usage: "cb close NAME... [--for DURATION | --hold] [--reason TEXT]",
    discussion: """
      With --for or --hold the circuit stays closed that long whatever fails; without them a hold ends. NAME may be a \
      quoted glob; a NAME that does not exist is created.

      Example: cb close db-backup --reason 'replica is back'
      """)

  @OptionGroup var hold: HoldOptions
  @OptionGroup var reason: ReasonOption
  @OptionGroup var common: CommonOptions
  @Argument(help: ArgumentHelp("The breakers.", valueName: "name")) var names: [String]

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let act = ManualChange.Act.close(ManualChange.Length(try hold.length("close")))
    let action = try reason.action(world, "close")
    return try ManualChange(session: Session(common.places, world: world), act: act, action: action).execute(names)
  }
}
