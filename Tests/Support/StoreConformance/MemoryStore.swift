package import BreakerStore
package import CircuitBreaker

/// A store that keeps breakers as they are: the third that conforms, and the one that shows how little a store has to do.
package final class MemoryStore: BreakerStorage {
  private var breakers: [BreakerName: Breaker] = [:]
  private var nextID: UInt64 = 1
  package var now = Timestamp(milliseconds: 1_700_000_000_000)

  package init() {}

  package func read(_ name: BreakerName, _ look: Look) throws(StoreError) -> Reading {
    now.milliseconds += 1
    var breaker = breakers[name]
    breaker?.settle(at: now)
    return Reading(breaker: breaker, now: now)
  }

  package func apply(_ event: Event, to name: BreakerName) throws(StoreError) -> Applied {
    now.milliseconds += 1
    guard breakers[name] != nil || event.createsBreaker else {
      let effect: Effect = if case .record = event { .stale } else { .done }
      return Applied(breaker: nil, step: Step(effect), now: now)
    }
    var breaker = breakers[name] ?? Breaker(id: nextID)
    nextID += 1
    let step = breaker.apply(event, at: now)
    breakers[name] = breaker
    return Applied(breaker: breaker, step: step, now: now)
  }

  package func readAll(_ body: (BreakerName, Result<Reading, StoreError>) -> Void) throws(StoreError) {
    for name in try names() { body(name, .success(try read(name))) }
  }

  package func names() throws(StoreError) -> [BreakerName] { breakers.keys.sorted() }

  package func remove(_ name: BreakerName) throws(StoreError) -> Bool { breakers.removeValue(forKey: name) != nil }

  package func history(_ name: BreakerName, limit: Int) throws(StoreError) -> [HistoryEntry]? {
    try read(name).breaker.map { Array($0.history.suffix(limit)) }
  }
}
