/// What was counted since the breaker was made or reset (CONTRACT section 8).
package struct Totals: Hashable, Sendable {
  /// Runs whose result was taken: successes, failures, excluded and ignored ones.
  package var calls = 0
  package var successes = 0
  package var failures = 0
  package var excluded = 0
  package var ignored = 0
  package var rejected = 0
  package var timeouts = 0
  package var slow = 0
  /// Results of an earlier generation, which changed nothing else.
  package var stale = 0
  /// Trials, runs and permits that never reported.
  package var lost = 0
  package var trips = 0
  /// Failures that would have tripped a circuit that is held closed.
  package var wouldTrip = 0

  package init() {}

  /// Every count with its JSON key, in the order of CONTRACT section 8.
  package var fields: [(key: String, count: Int)] {
    [
      ("calls", calls), ("successes", successes), ("failures", failures), ("excluded", excluded),
      ("ignored", ignored), ("rejected", rejected), ("timeouts", timeouts), ("slow", slow), ("stale", stale),
      ("lost", lost), ("trips", trips), ("would_trip", wouldTrip),
    ]
  }
}
