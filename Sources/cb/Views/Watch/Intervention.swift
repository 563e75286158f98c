import BreakerStore
import CircuitBreaker

/// A key of `cb status --watch` that changes a breaker: the same as the command of that name.
struct Intervention {
  let session: Session
  let change: WatchModel.Change
  let name: BreakerName
  let reason: String?

  /// One line that says what it did, or why not.
  func execute() -> String {
    session.store.insist()
    do throws(CommandFailure) {
      let outcome = try outcome()
      outcome.announce()
      return ([outcome.line] + outcome.notices).joined(separator: "; ")
    } catch {
      return error.message
    }
  }

  private func outcome() throws(CommandFailure) -> ManualChange.Outcome {
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
