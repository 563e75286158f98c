import BreakerStore
import CircuitBreaker
import Settings

/// What `open`, `close` and `half-open` share: the same event for each breaker, and one line that says what it did.
struct ManualChange {
  let session: Session
  let names: [String]

  /// - Parameter event: makes the event from the effective settings of a breaker.
  func execute(_ event: (ResolvedSettings) -> Event) throws(CommandFailure) -> Int32 {
    try session.forEachBreaker(names, creating: true) { (name) throws(CommandFailure) in
      let reading = try session.storeResult { () throws(StoreError) in try session.store.read(name) }
      let settings = session.settings(for: name, stored: reading.breaker?.settings)
      let before = reading.breaker?.state ?? .closed
      let applied = try session.apply(event(settings), to: name)
      // Where the state stayed, it was what it is: the look before may be of another time.
      let from = applied.step.transitions.first?.from ?? applied.breaker?.state ?? before
      try session.world.print("\(name): \(from.rawValue) -> \(applied.breaker?.state.rawValue ?? before.rawValue)\n")
      Announcer(name: name, settings: settings, world: session.world)
        .announce(applied.step.transitions, applied.breaker, at: applied.now)
    }
  }
}
