package import BreakerStore
package import CircuitBreaker
import TestSupport

/// One contract, one suite, every store: whatever a store does with an event must be what the core does with it at the
/// time that the store gave it. Each check says what was wrong; nothing where all is right.
package enum StoreConformance {
  /// - Parameter stores: clients of one place, none of which may live on what it remembers.
  package static func randomSequence(
    seed: UInt64, rounds: Int = 120, name: BreakerName, stores: [any BreakerStorage]
  ) throws -> [String] {
    var events = RandomEvents(seed: seed)
    var model: Breaker?
    for round in 0..<rounds {
      let store = events.random.pick(stores)
      let event = events.next()
      let place = "seed \(seed), round \(round), \(event)"
      let applied = try store.apply(event, to: name)
      if model == nil, let id = applied.breaker?.id { model = Breaker(id: id) }
      guard var expected = model else {
        if applied.breaker != nil { return ["a breaker out of nothing: \(place)"] }
        continue
      }
      let step = expected.apply(event, at: applied.now)
      model = expected
      if applied.step != step { return ["\(applied.step) rather than \(step): \(place)"] }
      if let difference = difference(applied.breaker, expected) { return ["\(difference): \(place)"] }
      if case .admitted(let permit) = step.effect { events.permits.append(permit) }
      let reading = try stores[0].read(name)
      var seen = expected
      seen.settle(at: reading.now)
      if let difference = difference(reading.breaker, seen) { return ["a look, \(difference): \(place)"] }
    }
    guard let model, let numbers = try stores.last?.history(name, limit: 1000)?.map(\.sequence) else {
      return ["no history"]
    }
    // A place that ran out since has added to it.
    let first = max(model.firstSequence, (numbers.last ?? 0) - 999)
    guard let last = numbers.last, last >= model.nextSequence - 1, numbers == Array(first...last) else {
      return ["history \(numbers) of \(model.firstSequence)..<\(model.nextSequence)"]
    }
    return []
  }

  /// What must agree: all but how much of the history is kept in the document.
  private static func difference(_ found: Breaker?, _ expected: Breaker) -> String? {
    var (found, expected) = (found, expected)
    found?.history = []
    expected.history = []
    return found == expected ? nil : "\(String(describing: found)) rather than \(expected)"
  }
}
