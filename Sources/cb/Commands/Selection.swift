import BreakerStore
import CircuitBreaker
import Settings

/// The breakers that a view is of: NAMEs and quoted globs, or all. Looked up again at each look, so that a view that
/// lasts shows what was made since.
struct Selection {
  var texts: [String]
  /// Looks of a moment ago, in place of new ones.
  var looks: [BreakerName: Reading] = [:]

  /// Hands every breaker over in the order of names. One that cannot be read, or whose settings do not hold, is handed
  /// to `report` with the reason and keeps no other from being seen.
  func forEach(
    in session: Session, report: (BreakerName, String) -> Void, _ body: (BreakerRow) -> Void
  ) throws(CommandFailure) {
    func handOver(_ name: BreakerName, _ result: Result<Reading, StoreError>) {
      switch result {
      case .failure(let error): report(name, error.description)
      case .success(let reading):
        if let damage = reading.damage { report(name, damage) }
        guard let breaker = reading.breaker else { return }
        let settings = session.settings(for: name, stored: breaker.settings)
        body(BreakerRow(name: name, breaker: breaker, settings: settings, now: reading.now))
      }
    }
    if texts.isEmpty {
      return try session.storeResult { () throws(StoreError) in try session.store.storage.readAll(handOver) }
    }
    for name in try names(in: session) {
      if let look = looks[name] {
        handOver(name, .success(look))
      } else {
        handOver(name, Result { () throws(StoreError) in try session.store.storage.read(name) })
      }
    }
  }

  /// The names, sorted; those that no breaker has are among them if they were named.
  func names(in session: Session) throws(CommandFailure) -> [BreakerName] {
    let needsAll = texts.isEmpty || texts.contains(where: Glob.isPattern)
    let all = needsAll ? try session.names() : []
    if texts.isEmpty { return all }
    var chosen: Set<BreakerName> = []
    for text in texts {
      if Glob.isPattern(text) {
        chosen.formUnion(all.filter { Glob(text).matches($0.text) })
      } else {
        chosen.insert(try BreakerName(argument: text))
      }
    }
    return chosen.sorted()
  }
}
