import BreakerStore
import CircuitBreaker
import Settings

/// A result whose store failed between admission and report.
extension RunCommand {
  /// What `on-store-error` makes of it (docs/CONTRACT.md, "Stores"): under `local` the file store counts it as a stand-in,
  /// which then trips as it would have had the run been admitted there.
  ///
  /// - Returns: what it came to there; nil if it was not counted.
  func count(_ report: RunReport, _ admitted: Admitter.Admitted, after error: StoreError) -> Applied? {
    let result = "the result of this run (\(report.verdict.reason))"
    // A Redis that fell silent may have done what it was asked for.
    let fate = if case .redis = error.kind { "was not counted, as far as is known" } else { "was not counted" }
    guard admitted.settings.settings.onStoreError == .local, admitted.store.label == session.store.label,
      let standIn = session.standIn()
    else {
      world.say("\(name): \(error.description); \(result) \(fate)")
      return nil
    }
    do throws(StoreError) {
      let applied = try apply(report, to: standIn)
      // Only once an outage, as at the admission: a thousand jobs of a host would each say the same.
      if error.isNews {
        let place = "the stand-in \(standIn.label)"
        let isStale = applied.step.effect == .stale
        let words = isStale ? "\(fate): the circuit of \(place) is not closed" : "is counted by \(place)"
        world.say("\(name): \(error.description); \(result) \(words)")
      }
      return applied
    } catch let second {
      world.say("\(name): \(error.description); \(result) \(fate), not by the stand-in either: \(second.description)")
      return nil
    }
  }

  private func apply(_ report: RunReport, to standIn: OpenStore) throws(StoreError) -> Applied {
    var report = report
    report.permit = try standIn.storage.read(name).permitOfStrayResult(report.permit.token)
    return try standIn.storage.apply(.record(report), to: name)
  }
}
