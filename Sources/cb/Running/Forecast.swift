import BreakerStore
import CircuitBreaker
import Settings

/// What would become of a run now, for `cb check` and `cb wait`: a look, and nothing is written.
struct Forecast {
  let name: BreakerName
  let session: Session

  enum Answer {
    case admitted
    case rejected(Rejection, Breaker, ResolvedSettings)
    /// The store failed, and `on-store-error` is `reject`.
    case storeFailed
  }

  /// Where the store fails the answer is what `run` would do (docs/CONTRACT.md, "Commands"), and standard error says why.
  func look() -> Answer {
    let own = session.settings(for: name, stored: nil)
    if session.world.isBypassed || own.settings.mode == .bypass { return .admitted }
    do {
      return result(try session.store.storage.read(name))
    } catch {
      return instead(of: error, own)
    }
  }

  private func result(_ reading: Reading) -> Answer {
    guard let breaker = reading.breaker else { return .admitted }
    let settings = session.settings(for: name, stored: breaker.settings)
    let mode = settings.settings.mode
    guard mode != .bypass,
      !breaker.wouldAdmit(settings.policy, mode: mode == .observe ? .observe : .enforce, at: reading.now),
      let cause = breaker.rejection(settings.policy, at: reading.now)
    else { return .admitted }
    return .rejected(Rejection(cause: cause, isFirstSinceClosed: true), breaker, settings)
  }

  private func instead(of error: StoreError, _ settings: ResolvedSettings) -> Answer {
    switch settings.settings.onStoreError {
    case .reject:
      session.world.say("\(name): \(error.description); on-store-error is reject, so a run would not be started")
      return .storeFailed
    case .run:
      session.world.say("\(name): \(error.description); a run would go on unguarded")
      return .admitted
    case .local:
      guard let standIn = session.standIn(), let reading = try? standIn.storage.read(name) else {
        session.world.say("\(name): \(error.description); a run would go on unguarded")
        return .admitted
      }
      session.world.say("\(name): \(error.description); asking the stand-in \(standIn.label) instead")
      return result(reading)
    }
  }
}
