package import CircuitBreaker

/// Where breakers live. A store gives one atomic primitive, `apply`, and everything else reads.
///
/// The store owns the time: it hands `Breaker.apply` the time at which the event took effect, and no event of a
/// breaker is earlier than the one before it. All stores that see the same events at the same times hold the same
/// breakers; one conformance suite checks them. What else a caller may want of a store is in `OpenStore`.
package protocol BreakerStorage {
  /// The breaker as it is now, leases of the dead and holds that are over gone. Never writes.
  func read(_ name: BreakerName, _ look: Look) throws(StoreError) -> Reading

  /// Every breaker as `read` gives it, in the order of names. One that cannot be read keeps no other from it.
  func readAll(_ body: (BreakerName, Result<Reading, StoreError>) -> Void) throws(StoreError)

  /// All names, sorted.
  func names() throws(StoreError) -> [BreakerName]

  /// The last `limit` events, oldest first; nil if there is no such breaker. Never writes.
  func history(_ name: BreakerName, limit: Int) throws(StoreError) -> [HistoryEntry]?

  /// Takes the event, atomically over all processes (and hosts) that share the store, and returns once its effect
  /// cannot be lost by the end of any process; a state change not even by a power cut.
  func apply(_ event: Event, to name: BreakerName) throws(StoreError) -> Applied

  /// As `apply`, for an event of which the caller needs no more than that it is stored: a store that has to pay for
  /// working the effect out may leave that to those who look later.
  ///
  /// - Returns: what the user has to be told once, as in `Applied.notices`.
  func submit(_ event: Event, to name: BreakerName) throws(StoreError) -> [String]

  /// Forgets the breaker; false if there was none.
  func remove(_ name: BreakerName) throws(StoreError) -> Bool
}

/// What a look at a breaker is for.
package enum Look: Sendable {
  /// To be shown, or to be acted on as it is.
  case exact
  /// Before an `apply` that decides whatever was seen. Where an exact look costs more than one step, a place whose
  /// process has just ended may be shown as lost.
  case beforeChange
}

extension BreakerStorage {
  /// An exact look.
  package func read(_ name: BreakerName) throws(StoreError) -> Reading { try read(name, .exact) }

  /// For a store in which the effect costs nothing more: `apply`, and only its notices.
  package func submit(_ event: Event, to name: BreakerName) throws(StoreError) -> [String] {
    try apply(event, to: name).notices
  }
}
