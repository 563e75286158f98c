import ArgumentParser
import CircuitBreaker
import Settings

struct Open: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "open",
    abstract: "Open circuits now.",
    usage: "cb open NAME... [--for DURATION | --hold] [--reason TEXT]",
    discussion: "Plain, the usual reset timeout runs from now. NAME may be a quoted glob.")

  @OptionGroup var hold: HoldOptions
  @OptionGroup var reason: ReasonOption
  @OptionGroup var common: CommonOptions
  @Argument(help: "The breakers.") var names: [String]

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let length = try hold.length()
    let action = try reason.action(world)
    return try ManualChange(session: Session(common.places, world: world), names: names).execute { settings in
      switch length {
      case nil: .open(.usual(settings.policy), action)
      case .some(nil): .open(.held, action)
      case .some(.some(let span)): .open(.lasting(span), action)
      }
    }
  }
}
