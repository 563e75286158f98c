extension Breaker {
  mutating func open(_ opening: Opening, _ action: ManualAction, at now: Timestamp) -> Step {
    let from = state
    var next = OpenPhase(
      since: now, retryAt: nil, spread: nil, trips: 1, reason: action.reason ?? "by \(action.by)", isByHand: true)
    var newHold: Hold?
    var asked: Asked
    switch opening {
    case .usual(let policy):
      // Jitter is drawn at a trip, backoff counts trips: neither belongs to an opening by hand.
      next.spread = 0
      next.retryAt = next.retryAt(policy, spread: 0)
      asked = .usual
    case .lasting(let span):
      next.retryAt = now + span
      newHold = Hold(.open, until: next.retryAt, action, at: now)
      asked = .lasting(span)
    case .held:
      newHold = Hold(.open, until: nil, action, at: now)
      asked = .held
    }
    if from == .open {
      phase = .open(next)
    } else {
      move(to: .open(next), at: now)
    }
    hold = newHold
    return manual(from: from, asked, action, at: now)
  }

  mutating func close(_ closing: Closing, _ action: ManualAction, at now: Timestamp) -> Step {
    let from = state
    if from != .closed { move(to: .closed, at: now) }
    failCounter = 0
    window = RunWindow()
    streak = TripStreak()
    var asked: Asked
    switch closing {
    case .usual:
      hold = nil
      asked = .usual
    case .lasting(let span):
      hold = Hold(.closed, until: now + span, action, at: now)
      asked = .lasting(span)
    case .held:
      hold = Hold(.closed, until: nil, action, at: now)
      asked = .held
    }
    return manual(from: from, asked, action, at: now)
  }

  /// On a breaker that is already half-open a new round begins, so that the next run is a trial although others still run.
  mutating func halfOpen(_ action: ManualAction, at now: Timestamp) -> Step {
    let from = state
    hold = nil
    move(to: .halfOpen(successes: 0), at: now)
    return manual(from: from, .usual, action, at: now)
  }

  /// Closed, all counters, history and holds cleared, settings kept; the history begins with this very act. The
  /// generation moves on, so that results of before stay stale; what runs keeps its place under `max-concurrent`.
  mutating func reset(_ action: ManualAction, at now: Timestamp) -> Step {
    var fresh = Breaker(id: id)
    fresh.generation = generation + 1
    fresh.settings = settings
    fresh.leases = leases
    fresh.kept = kept
    fresh.totals.kept = totals.kept
    fresh.nextSequence = nextSequence
    fresh.firstSequence = nextSequence
    let from = state
    fresh.changedAt = from == .closed ? changedAt : now
    self = fresh
    note(.reset, at: now, from: from, to: .closed, reason: action.reason, by: action.by, caller: action.caller)
    var step = Step(.done)
    step.isStateChange = true
    if from != .closed { step.transitions = [Transition(from: from, to: .closed, reason: action.reason ?? "reset")] }
    return step
  }

  /// What an act by hand asked for.
  private enum Asked {
    case usual
    case lasting(Span)
    case held
  }

  private mutating func manual(from: CircuitState, _ asked: Asked, _ action: ManualAction, at now: Timestamp) -> Step {
    var entry = HistoryEntry(
      sequence: nextSequence, at: now, kind: .manual, from: from, to: state, reason: action.reason, by: action.by,
      caller: action.caller)
    switch asked {
    case .usual: break
    case .lasting(let span): entry.lasting = span
    case .held: entry.isHold = true
    }
    note(entry)
    var step = Step(.done)
    step.isStateChange = true
    if from != state {
      step.transitions = [Transition(from: from, to: state, reason: action.reason ?? "by \(action.by)")]
    }
    return step
  }
}

extension Breaker.Hold {
  fileprivate init(_ state: CircuitState, until: Timestamp?, _ action: ManualAction, at now: Timestamp) {
    self.init(
      state: state, until: until, reason: action.reason, by: action.by, since: now, caller: action.caller)
  }
}
