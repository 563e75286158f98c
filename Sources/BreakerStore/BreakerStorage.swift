package import CircuitBreaker

/// Where breakers live. A store gives one atomic primitive, `apply`, and everything else reads.
///
/// The store owns the time: it hands `Breaker.apply` the time at which the event took effect, and no event of a
/// breaker is earlier than the one before it. All stores that see the same events at the same times hold the same
/// breakers; one conformance suite checks them.
package protocol BreakerStorage {
  /// The breaker as it is now, leases of the dead and holds that are over gone. Never writes.
  func read(_ name: BreakerName) throws(StoreError) -> Reading

  /// As `read`, before an `apply` that decides whatever was read: where a look that is exact costs more than one step,
  /// a place of a process that has just ended may be shown as lost.
  func readToChange(_ name: BreakerName) throws(StoreError) -> Reading

  /// Takes the event, atomically over all processes (and hosts) that share the store, and returns once its effect
  /// cannot be lost by the end of any process; a state change not even by a power cut.
  func apply(_ event: Event, to name: BreakerName) throws(StoreError) -> Applied

  /// As `apply`, for an event of which the caller needs no more than that it is stored: a store of which working the
  /// effect out costs something may leave that to those who look later.
  ///
  /// - Returns: what the user has to be told once, as in `Applied.notices`.
  func take(_ event: Event, to name: BreakerName) throws(StoreError) -> [String]

  /// Every breaker as `read` gives it, in the order of names. One that cannot be read keeps no other from it.
  func readAll(_ body: (BreakerName, Result<Reading, StoreError>) -> Void) throws(StoreError)

  /// All names, sorted.
  func names() throws(StoreError) -> [BreakerName]

  /// Forgets the breaker; false if there was none.
  func remove(_ name: BreakerName) throws(StoreError) -> Bool

  /// The last `limit` events, oldest first; nil if there is no such breaker. Never writes.
  func history(_ name: BreakerName, limit: Int) throws(StoreError) -> [HistoryEntry]?

  /// Where the breakers are, for people and for labels: a URL without its secrets, or `file:DIR`.
  var label: String { get }

  /// Whether the last error is one that the user has not been told of: of an outage, the first of this host.
  var isNews: Bool { get }

  /// Looks at everything on which a run would depend, for `cb doctor`, in the order in which people would. Leaves the
  /// store as it was, though it may write beside it to see whether that is possible.
  func checks() -> [StoreCheck]

  /// Lets go of what is held between two steps, such as a connection; the next step takes it again.
  func rest()

  /// Whether there is anything that `rest` would let go of.
  var isHolding: Bool { get }

  /// Has the next steps ask the store itself, even where it failed a moment ago and would be left alone for a while: a
  /// person waits for the answer. It holds until the store fails this caller.
  func insist()
}

/// What a look at a breaker shows.
package struct Reading {
  /// nil if there is no such breaker.
  package var breaker: Breaker?
  package var now: Timestamp
  /// What is wrong with the document, where that is why there is no breaker. The next run sets it aside.
  package var damage: String?

  /// `damage` only without a breaker.
  package init(breaker: Breaker?, now: Timestamp, damage: String? = nil) {
    self.breaker = breaker
    self.now = now
    self.damage = damage
  }

  /// The permit of a run that passes a closed circuit and leaves no trace in it, so that a look was all it took.
  package func admitWithoutTrace(_ request: AdmissionRequest) -> Permit? {
    guard damage == nil else { return nil }
    guard var permit = (breaker ?? Breaker(id: 0)).admitWithoutTrace(request) else { return nil }
    if breaker == nil { permit.breaker = nil }
    return permit
  }
}

extension Reading {
  /// Why a run that asks now would be rejected, as far as a look tells; nil if it would not. For a store that can be
  /// read and not written: what can be read counts (docs/CONTRACT.md, "Stores").
  package func rejection(_ policy: Policy, mode: AdmissionMode = .enforce) -> Rejection.Cause? {
    guard let breaker, !breaker.wouldAdmit(policy, mode: mode, at: now) else { return nil }
    return breaker.rejection(policy, at: now)
  }

  /// The permit under which a result counts here that was admitted by another store, one that has failed since: in a
  /// circuit that is closed, and nowhere else, as if the run had been admitted now.
  package func permitOfStrayResult(_ token: Token) -> Permit {
    Permit(
      token: token, breaker: breaker?.id, generation: (breaker ?? Breaker(id: 0)).generation, role: .ordinary,
      hasLease: false)
  }
}

/// What an event came to.
package struct Applied {
  /// nil if there is no such breaker and the event makes none; the step then says `stale` or `done`.
  package var breaker: Breaker?
  package var step: Step
  package var now: Timestamp
  /// What the user has to be told once, such as a damaged document that was set aside.
  package var notices: [String]

  /// The breaker after the event, what the event did to it, and when.
  package init(breaker: Breaker?, step: Step, now: Timestamp, notices: [String] = []) {
    self.breaker = breaker
    self.step = step
    self.now = now
    self.notices = notices
  }
}

extension BreakerStorage {
  /// For a store in which the effect costs nothing more: `apply`, and only its notices.
  package func take(_ event: Event, to name: BreakerName) throws(StoreError) -> [String] {
    try apply(event, to: name).notices
  }

  /// For a store whose `read` is always exact.
  package func readToChange(_ name: BreakerName) throws(StoreError) -> Reading { try read(name) }

  /// For a store that holds nothing between two steps.
  package func rest() {}

  package var isHolding: Bool { false }

  /// For a store that never leaves a failed server alone.
  package func insist() {}

  /// For a store without anything to check.
  package func checks() -> [StoreCheck] { [] }

  package var isNews: Bool { true }
}
