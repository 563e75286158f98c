import CircuitBreaker
import JSON

extension Crowd {
  /// What `cb status --json` shows of a breaker.
  struct Look: Hashable {
    var state: String
    var numbers: [Int]
    var probes: Int
    /// The state in which it is held.
    var held: String?
    /// Of the last hint: nil, or whether it was capped.
    var hint: Bool?
    /// Which of the reset timeout (10 h), a hint (20 h) and the longest hint (40 h) it waits for: in tens of hours.
    var wait: Int?

    init(_ breaker: Breaker) {
      state = breaker.state.rawValue
      var successes = 0
      if case .halfOpen(let count) = breaker.phase { successes = count }
      numbers = [breaker.failCounter, breaker.generation, breaker.trials, successes, breaker.running]
      numbers += breaker.totals.fields.map(\.count)
      probes = breaker.totals.probes
      held = breaker.hold?.state.rawValue
      hint = breaker.lastHint?.isCapped
      wait = breaker.retryAfter(Crowd.policy, at: Model.now).map { Self.tens($0.seconds) }
    }

    /// Up to the next ten hours: no test takes that long.
    private static func tens(_ seconds: Double) -> Int { Int((seconds / 36000).rounded(.up)) }

    init(_ text: String) throws {
      let value = try JSONValue.parse(Array(text.utf8)).array?.first
      guard let value, let state = value["state"]?.string else { throw TestFailure(text) }
      self.state = state
      numbers = ["fail_counter", "generation", "trials", "success_counter"].map { value[$0]?.int ?? -1 }
      numbers.append(value["holders"]?.array?.count ?? -1)
      numbers += Totals().fields.map { value["totals"]?[$0.key]?.int ?? -1 }
      probes = value["totals"]?["probes"]?.int ?? -1
      held = value["held"]?["state"]?.string
      hint = value["last_hint"]?["capped"]?.bool
      wait = value["retry_after"]?.double.map { Self.tens($0) }
    }
  }
}
