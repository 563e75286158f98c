extension Breaker {
  mutating func open(_ opening: Opening, _ action: ManualAction, at now: Timestamp) -> Step {
    let from = state
    var next = OpenPhase(since: now, retryAt: nil, spread: nil, trips: 1)
    var newHold: Hold?
    switch opening {
    case .usual(let policy):
      // Jitter is drawn at a trip, backoff counts trips: neither belongs to an opening by hand.
      next.spread = 0
      next.retryAt = now + policy.openSpan(trips: 1, spread: 0)
    case .lasting(let span):
      next.retryAt = now + span
      newHold = Hold(state: .open, until: next.retryAt, reason: action.reason, by: action.by)
    case .held:
      newHold = Hold(state: .open, until: nil, reason: action.reason, by: action.by)
    }
    if from == .open {
      phase = .open(next)
    } else {
      move(to: .open(next), at: now)
    }
    hold = newHold
    rejectionNoticed = false
    return manual(from: from, action, at: now)
  }

  mutating func close(_ closing: Closing, _ action: ManualAction, at now: Timestamp) -> Step {
    let from = state
    if from != .closed { move(to: .closed, at: now) }
    failCounter = 0
    window = RunWindow()
    streak = TripStreak()
    switch closing {
    case .usual: hold = nil
    case .lasting(let span):
      hold = Hold(state: .closed, until: now + span, reason: action.reason, by: action.by)
    case .held: hold = Hold(state: .closed, until: nil, reason: action.reason, by: action.by)
    }
    return manual(from: from, action, at: now)
  }

  /// On a breaker that is half-open already a new round begins, so that the next run is a trial whoever still is one.
  mutating func halfOpen(_ action: ManualAction, at now: Timestamp) -> Step {
    let from = state
    hold = nil
    move(to: .halfOpen(successes: 0), at: now)
    return manual(from: from, action, at: now)
  }

  /// Closed, all counters, history and holds cleared, settings kept. The generation moves on, so that results of
  /// before stay stale; what runs keeps its place under `max-concurrent`.
  mutating func reset() -> Step {
    var fresh = Breaker(id: id)
    fresh.generation = generation + 1
    fresh.settings = settings
    fresh.leases = leases
    fresh.nextSequence = nextSequence
    fresh.firstSequence = nextSequence
    let from = state
    self = fresh
    var step = Step(.done)
    step.isStateChange = true
    if from != .closed { step.transitions = [Transition(from: from, to: .closed, reason: "reset")] }
    return step
  }

  private mutating func manual(from: CircuitState, _ action: ManualAction, at now: Timestamp) -> Step {
    note(.manual, at: now, from: from, to: state, reason: action.reason, by: action.by)
    var step = Step(.done)
    step.isStateChange = true
    if from != state {
      step.transitions = [Transition(from: from, to: state, reason: action.reason ?? "by \(action.by)")]
    }
    return step
  }
}
