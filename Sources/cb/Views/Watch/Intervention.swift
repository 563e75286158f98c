import BreakerStore
import CircuitBreaker

/// A key of `cb status --watch` that changes a breaker: the same as the command of that name.
struct Intervention {
  /// A person waits for what is done: with a store of its own, that is asked even if it failed a moment ago.
  let places: Places
  let world: World
  let change: WatchModel.Change
  let name: BreakerName
  let reason: String?

  /// One line that says what it did, or why not.
  func execute() -> String {
    do throws(CommandFailure) {
      let outcome = try outcome(try Session(places, world: world))
      outcome.announce()
      return ([outcome.line] + outcome.notices).joined(separator: "; ")
    } catch {
      return error.message
    }
  }

  private func outcome(_ session: Session) throws(CommandFailure) -> ManualChange.Outcome {
    let action = session.world.action(reason: reason)
    let act: ManualChange.Act
    switch change {
    case .open: act = .open(.usual)
    case .close: act = .close(.usual)
    case .halfOpen: act = .halfOpen
    case .holdOpen: act = .open(.held)
    case .holdClosed: act = .close(.held)
    case .reset: return try ResetAct(session: session, action: action).apply(to: name)
    }
    return try ManualChange(session: session, act: act, action: action).apply(to: name)
  }
}
