import BreakerStore
import CircuitBreaker
import Settings

/// `o`, `c` or `h` in `cb status --watch`: the same as the plain `cb open`, `close` or `half-open` of that breaker.
struct Intervention {
  let session: Session
  let change: WatchModel.Change
  let name: BreakerName

  /// One line that says what it did, or why not.
  func execute() -> String {
    session.store.insist()
    do throws(CommandFailure) {
      let reading = try session.storeResult { () throws(StoreError) in try session.store.read(name) }
      let settings = session.settings(for: name, stored: reading.breaker?.settings)
      let before = reading.breaker?.state ?? .closed
      let applied = try session.storeResult { () throws(StoreError) in
        try session.store.apply(event(settings), to: name)
      }
      Announcer(name: name, settings: settings, world: session.world)
        .announce(applied.step.transitions, applied.breaker, at: applied.now)
      let from = applied.step.transitions.first?.from ?? before
      let line = "\(name): \(from.rawValue) -> \(applied.breaker?.state.rawValue ?? before.rawValue)"
      return ([line] + applied.notices).joined(separator: "; ")
    } catch {
      return error.message
    }
  }

  private func event(_ settings: ResolvedSettings) -> Event {
    let action = session.world.action(reason: nil)
    return switch change {
    case .open: .open(.usual(settings.policy), action)
    case .close: .close(.usual, action)
    case .halfOpen: .halfOpen(action)
    }
  }
}
