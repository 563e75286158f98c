import ArgumentParser
import CircuitBreaker

struct Close: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "close",
    abstract: "Close circuits now and zero the failure counter.",
    usage: "cb close NAME... [--for DURATION | --hold] [--reason TEXT]",
    discussion: "With --for or --hold the circuit stays closed that long whatever fails. NAME may be a quoted glob.")

  @OptionGroup var hold: HoldOptions
  @OptionGroup var reason: ReasonOption
  @OptionGroup var common: CommonOptions
  @Argument(help: "The breakers.") var names: [String]

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let length = try hold.length()
    let action = try reason.action(world)
    return try ManualChange(session: Session(common.places, world: world), names: names).execute { _ in
      switch length {
      case nil: .close(.usual, action)
      case .some(nil): .close(.held, action)
      case .some(.some(let span)): .close(.lasting(span), action)
      }
    }
  }
}
