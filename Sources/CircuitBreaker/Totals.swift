/// What was counted since the breaker was made or reset (docs/CONTRACT.md, "JSON and metrics").
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
  /// Runs that only `AdmissionMode.observe` let pass; they are not among the calls.
  package var wouldReject = 0
  /// Probes that reported; they are not among the calls.
  package var probes = 0
  /// Runs that were admitted by force.
  package var forced = 0
  /// Results of runs for which nobody asked, of which the stale ones are not.
  package var recorded = 0
  /// Members that this version does not know.
  package var kept = KeptMembers()

  /// Every count 0.
  package init() {}

  /// Every count with its JSON key, in the order of the contract.
  package func forEachField(_ body: (_ key: String, _ count: Int) -> Void) {
    body("calls", calls)
    body("successes", successes)
    body("failures", failures)
    body("excluded", excluded)
    body("ignored", ignored)
    body("rejected", rejected)
    body("timeouts", timeouts)
    body("slow", slow)
    body("stale", stale)
    body("lost", lost)
    body("trips", trips)
    body("would_trip", wouldTrip)
    body("would_reject", wouldReject)
    body("probes", probes)
    body("forced", forced)
    body("recorded", recorded)
  }

  package var fields: [(key: String, count: Int)] {
    var fields: [(key: String, count: Int)] = []
    forEachField { fields.append((key: $0, count: $1)) }
    return fields
  }
}
