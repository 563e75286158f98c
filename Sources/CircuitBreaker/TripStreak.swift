/// How many trips came in a row, for `reset-backoff`. It loses one for each full reset timeout in health, rather than
/// vanish on the first success, so that a flapping dependency keeps its backoff.
package struct TripStreak: Hashable, Sendable {
  package var count = 0
  /// When the circuit closed last; nil while it is not closed, and before the first trip.
  package var healthySince: Timestamp?
  /// The reset timeout at that time.
  package var decay = Span.zero
  /// Members that this version does not know.
  package var kept = KeptMembers()

  /// `decay` is the time in health after which the streak loses one trip.
  package init(count: Int = 0, healthySince: Timestamp? = nil, decay: Span = .zero) {
    self.count = count
    self.healthySince = healthySince
    self.decay = decay
  }

  /// The streak as it is at `now`.
  package func current(at now: Timestamp) -> Int {
    guard let healthySince else { return count }
    guard decay > .zero else { return 0 }
    let healthy = max(0, (now - healthySince).milliseconds / decay.milliseconds)
    return healthy >= Int64(count) ? 0 : count - Int(healthy)
  }

  /// Ends the time of health: the circuit is closed no longer.
  mutating func endHealth(at now: Timestamp) {
    count = current(at: now)
    healthySince = nil
  }

  /// Begins a time of health: the circuit closed.
  mutating func beginHealth(at now: Timestamp, decay: Span) {
    healthySince = count > 0 ? now : nil
    self.decay = decay
  }
}
