extension Breaker {
  /// Takes an event at `now` and says what it did. The time of events never goes back: a store sees to that.
  package mutating func apply(_ event: Event, at now: Timestamp) -> Step {
    if isHeld { return applyHeld(event, at: now) }
    var step = carryOut(event, at: now)
    step.isStateChange = step.isStateChange || isHeld
    return step
  }

  /// Apart, and not inlined, so that a run of a breaker that nobody holds does not pay for a copy of the hold.
  @inline(never)
  private mutating func applyHeld(_ event: Event, at now: Timestamp) -> Step {
    let before = hold
    var step = carryOut(event, at: now)
    step.isStateChange = step.isStateChange || hold != before
    return step
  }

  private var isHeld: Bool { if case .some = hold { true } else { false } }

  private mutating func carryOut(_ event: Event, at now: Timestamp) -> Step {
    let before = generation
    settle(at: now)
    var step =
      switch event {
      case .admit(let request): admit(request, at: now)
      case .record(let report): record(report, at: now)
      case .recordUnasked(let result): recordUnasked(result, at: now)
      case .renew(let token, let term): renew(token, term: term, at: now)
      case .lose(let tokens): lose(tokens, at: now)
      case .open(let opening, let action): open(opening, action, at: now)
      case .close(let closing, let action): close(closing, action, at: now)
      case .halfOpen(let action): halfOpen(action, at: now)
      case .reset(let action): reset(action, at: now)
      case .configure(let change): configure(change, at: now)
      }
    step.isStateChange = step.isStateChange || generation != before
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

  private mutating func configure(_ change: SettingsChange, at now: Timestamp) -> Step {
    for entry in change.entries { settings[entry.key] = entry.values }
    if change.appliesToOpenCircuit, case .open(var open) = phase, let spread = open.spread {
      open.retryAt = open.retryAt(change.policy, spread: spread)
      phase = .open(open)
    }
    var entry = HistoryEntry(
      sequence: nextSequence, at: now, kind: .set, reason: change.action.reason, by: change.action.by,
      caller: change.action.caller)
    entry.keys = change.entries.map(\.key)
    note(entry)
    var step = Step(.done)
    step.isStateChange = true
    return step
  }
}
