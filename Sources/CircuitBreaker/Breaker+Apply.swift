extension Breaker {
  /// Takes an event at `now` and says what it did. The time of events never goes back: a store sees to that.
  package mutating func apply(_ event: Event, at now: Timestamp) -> Step {
    let before = (hold: hold, generation: generation)
    settle(at: now)
    var step =
      switch event {
      case .admit(let request): admit(request, at: now)
      case .record(let report): record(report, at: now)
      case .renew(let token, let term): renew(token, term: term, at: now)
      case .lose(let tokens): lose(tokens, at: now)
      case .open(let opening, let action): open(opening, action, at: now)
      case .close(let closing, let action): close(closing, action, at: now)
      case .halfOpen(let action): halfOpen(action, at: now)
      case .reset: reset()
      case .configure(let changes, let policy): configure(changes, policy: policy)
      }
    step.isStateChange = step.isStateChange || generation != before.generation || hold != before.hold
    return step
  }

  private mutating func renew(_ token: Token, term: Span, at now: Timestamp) -> Step {
    if let index = leases.firstIndex(where: { $0.token == token }) {
      leases[index].expires = max(leases[index].expires, now + term)
    }
    return Step(.done)
  }

  private mutating func lose(_ tokens: [Token], at now: Timestamp) -> Step {
    drop(at: now) { tokens.contains($0.token) }
    return Step(.done)
  }

  private mutating func configure(_ changes: [(key: SettingKey, values: [String])], policy: Policy) -> Step {
    for (key, values) in changes { settings[key] = values }
    // An operator who sets another reset timeout while the circuit is open means this outage too.
    if case .open(var open) = phase, let spread = open.spread,
      changes.contains(where: { [.resetTimeout, .resetBackoff, .resetMax, .jitter].contains($0.key) })
    {
      open.retryAt = open.since + policy.openSpan(trips: open.trips, spread: spread)
      phase = .open(open)
    }
    var step = Step(.done)
    step.isStateChange = true
    return step
  }
}
