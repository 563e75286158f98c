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

  /// What is only taken counts as what is applied, and a client that looks then sees it.
  ///
  /// - Parameter stores: two clients of one empty place, which report in turn: neither has seen what the other did.
  package static func taken(name: BreakerName, stores: [any BreakerStorage]) throws -> [String] {
    for round in 0..<150 {
      let store = stores[round % stores.count]
      let request = AdmissionRequest(token: Token(UInt64(round), 1), policy: Policy())
      guard let permit = try store.read(name).admitWithoutTrace(request) else {
        return ["round \(round): not admitted"]
      }
      let verdict = Verdict(round % 3 == 0 ? .excluded : .success, reason: "exit 0")
      let report = RunReport(permit: permit, verdict: verdict, policy: Policy(), draw: 0)
      let notices = try store.submit(.record(report), to: name)
      if !notices.isEmpty { return ["round \(round): \(notices)"] }
    }
    guard let totals = try stores[0].read(name).breaker?.totals else { return ["no breaker"] }
    let isRight = totals.calls == 150 && totals.successes == 100 && totals.excluded == 50 && totals.stale == 0
    return isRight ? [] : ["\(totals)"]
  }

  /// Names of every kind are listed, looked at and removed, each by itself.
  ///
  /// - Parameter stores: two clients of one empty place.
  package static func names(stores: [any BreakerStorage]) throws -> [String] {
    guard let store = stores.first, let other = stores.last else { return ["no store"] }
    let names = try ["b", "a b", "a%2F", "{x}", "}", "é", "a.json", String(repeating: "é", count: 64)]
      .map { try BreakerName($0) }
    var faults: [String] = []
    func expect(_ isRight: Bool, _ fault: String) { if !isRight { faults.append(fault) } }
    expect(try store.names().isEmpty, "names where nothing is")
    for name in names {
      expect(try store.read(name).breaker == nil, "\(name) is there before it was made")
      expect(try store.history(name, limit: 10) == nil, "\(name) has a history before it was made")
      _ = try store.apply(.open(.held, ManualAction(by: "me", reason: name.text)), to: name)
    }
    expect(try store.names() == names.sorted(), "the list is \(try store.names())")
    for name in names {
      expect(try store.read(name).breaker?.hold?.reason == name.text, "\(name) is another's")
    }
    var all: [BreakerName] = []
    try other.readAll { name, reading in
      all.append(name)
      expect((try? reading.get())?.breaker?.state == .open, "\(name) is not open in the look at all")
    }
    expect(all == names.sorted(), "the look at all shows \(all)")
    for name in names {
      expect(try store.remove(name), "\(name) is not removed")
      expect(try !store.remove(name), "\(name) is removed twice")
      expect(try other.read(name).breaker == nil, "\(name) is there after it was removed")
    }
    expect(try store.names().isEmpty, "names where nothing is left")
    return faults
  }

  /// A result that comes after its breaker was removed is stale, and makes none.
  ///
  /// - Parameter stores: two clients of one place, the second of which removes.
  package static func lateResult(name: BreakerName, stores: [any BreakerStorage]) throws -> [String] {
    guard let store = stores.first, let other = stores.last else { return ["no store"] }
    _ = try store.apply(.halfOpen(ManualAction(by: "me")), to: name)
    let admitted = try store.apply(.admit(AdmissionRequest(token: Token(1, 2), policy: Policy())), to: name)
    guard case .admitted(let permit) = admitted.step.effect, permit.isTrial else {
      return ["no trial: \(admitted.step)"]
    }
    guard try other.remove(name) else { return ["not removed"] }
    let report = RunReport(permit: permit, verdict: Verdict(.failure, reason: "exit 1"), policy: Policy(), draw: 0)
    let late = try store.apply(.record(report), to: name)
    guard late.step.effect == .stale, late.breaker == nil else { return ["\(late.step)"] }
    return try other.read(name).breaker == nil ? [] : ["it made a breaker"]
  }

  /// What must agree: all but how much of the history is kept in the document.
  private static func difference(_ found: Breaker?, _ expected: Breaker) -> String? {
    var (found, expected) = (found, expected)
    found?.history = []
    expected.history = []
    return found == expected ? nil : "\(String(describing: found)) rather than \(expected)"
  }
}
