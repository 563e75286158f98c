import ArgumentParser
import BreakerStore
import CircuitBreaker
import Settings

struct Reset: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "reset",
    abstract: "Reset breakers: closed, counters, history and holds cleared, settings kept.",
    usage: "cb reset NAME... [--yes] [--reason TEXT]",
    discussion: """
      NAME may be a quoted glob; on a terminal, it asks for confirmation of the breakers that match.

      Example: cb reset db-backup
      """)

  @OptionGroup var asking: AskingOption
  @OptionGroup var reason: ReasonOption
  @OptionGroup var common: CommonOptions
  @Argument(help: ArgumentHelp("The breakers.", valueName: "name")) var names: [String]

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let action = try reason.action(world, "reset")
    let session = try Session(common.places, world: world)
    return try asking.forEachBreaker(names, "reset", session) { (name) throws(CommandFailure) in
      let act = ResetAct(session: session, action: action)
      let outcome = try act.apply(to: name)
      outcome.notices.forEach(world.say)
      try world.print(outcome.line + "\n")
      outcome.announce()
    }
  }
}

/// `reset` of one breaker.
struct ResetAct {
  let session: Session
  let action: ManualAction

  func apply(to name: BreakerName) throws(CommandFailure) -> ManualChange.Outcome {
    let applied = try session.applyQuietly(.reset(action), to: name)
    guard let breaker = applied.breaker else { throw .failed(session.missing(name)) }
    let from = applied.step.transitions.first?.from ?? .closed
    let announcer = Announcer(
      name: name, settings: session.settings(for: name, stored: breaker.settings), world: session.world)
    return ManualChange.Outcome(
      line: "\(name): reset" + (from == .closed ? "" : ", \(from.rawValue) -> closed"), notices: applied.notices,
      announce: { announcer.announceByHand(ManualAct("reset"), applied, action) })
  }
}
