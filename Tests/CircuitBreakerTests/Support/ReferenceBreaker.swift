import CircuitBreaker

/// The table of docs/CONTRACT.md, "The state machine", written down a second time, as plainly as possible and apart
/// from the core: no history, no totals, no windows, no backoff. What the core does is held against it.
struct ReferenceBreaker {
  enum Answer: Equatable {
    case admitted(Permit.Role)
    /// Rejected, or let pass by `observe` all the same, or not run after a failed probe.
    case rejected(Told)
    case observed(Told)
    case taken
    case notRunAfterProbe(Told)
    case stale
    case done
  }

  struct Told: Equatable {
    var isFirst: Bool
    var isReminder: Bool
  }

  struct Place {
    var token: Token
    var role: Permit.Role
    var era: Int
    var end: Timestamp
  }

  private(set) var state = CircuitState.closed
  private(set) var failures = 0
  private(set) var successes = 0
  /// Counts the state changes, and the results that come from before one are late.
  private(set) var era = 1
  /// When a trial is due; nil: never.
  private(set) var due: Timestamp?
  private(set) var held: CircuitState?
  private var heldUntil: Timestamp?
  private(set) var places: [Place] = []
  private var isByHand = false
  /// Trips in a row, and since when the circuit has been closed after them.
  private var row = 0
  private var healthySince: Timestamp?
  private var decay = Span.zero
  /// nil while closed.
  private var told: (first: Bool, last: Timestamp)?

  var trials: Int { state == .halfOpen ? places.count { $0.role == .trial && $0.era == era } : 0 }
  var running: Int { places.count { $0.role != .observed } }

  mutating func play(_ event: Event, at now: Timestamp) -> Answer {
    if let end = heldUntil, end <= now { (held, heldUntil) = (nil, nil) }
    places.removeAll { $0.end <= now }
    switch event {
    case .admit(let request): return admit(request, at: now)
    case .record(let report): return take(report, at: now)
    case .recordUnasked(let result): return take(result, at: now)
    case .renew(let token, let term):
      for index in places.indices where places[index].token == token {
        places[index].end = max(places[index].end, now + term)
      }
    case .lose(let tokens): places.removeAll { tokens.contains($0.token) }
    case .open(let opening, _):
      if state != .open { go(.open, at: now) }
      (isByHand, held, heldUntil) = (true, nil, nil)
      switch opening {
      case .usual(let policy): due = now + policy.resetTimeout
      case .lasting(let span): (due, held, heldUntil) = (now + span, .open, now + span)
      case .held: (due, held) = (nil, .open)
      }
    case .close(let closing, _):
      if state != .closed { go(.closed, at: now) }
      (failures, held, heldUntil, row, healthySince) = (0, nil, nil, 0, nil)
      switch closing {
      case .usual: break
      case .lasting(let span): (held, heldUntil) = (.closed, now + span)
      case .held: held = .closed
      }
    case .halfOpen:
      go(.halfOpen, at: now)
      (held, heldUntil) = (nil, nil)
    case .reset:
      go(.closed, at: now)
      (failures, held, heldUntil, row, healthySince) = (0, nil, nil, 0, nil)
    case .configure: break
    }
    return .done
  }

  private mutating func go(_ next: CircuitState, at now: Timestamp) {
    if state == .closed {
      row = tripsInARow(at: now)
      healthySince = nil
      told = (first: false, last: now)
    }
    era += 1
    (state, successes, isByHand) = (next, 0, false)
    if next == .closed { told = nil }
  }

  /// One trip less for each reset timeout in health.
  private func tripsInARow(at now: Timestamp) -> Int {
    guard let healthySince else { return row }
    guard decay > .zero else { return 0 }
    return max(0, row - Int((now - healthySince).milliseconds / decay.milliseconds))
  }

  private func whyNot(_ policy: Policy, at now: Timestamp) -> Bool {
    if state == .open && due.map({ $0 > now }) ?? true { return true }
    if state == .halfOpen && trials >= policy.halfOpenMax { return true }
    return false
  }

  private mutating func tell(_ policy: Policy, announced: Bool, at now: Timestamp) -> Told {
    guard let before = told else { return Told(isFirst: true, isReminder: false) }
    let isReminder = state == .open && policy.remind.map { before.last + $0 <= now } ?? false
    told = (first: before.first || announced, last: isReminder ? now : before.last)
    return Told(isFirst: !before.first, isReminder: isReminder)
  }

  private mutating func admit(_ request: AdmissionRequest, at now: Timestamp) -> Answer {
    let policy = request.policy
    let isKept = request.kind == .permit || policy.maxConcurrent != nil
    if case .force = request.mode {
      if isKept { take(request, .forced, at: now) }
      return .admitted(.forced)
    }
    let isFull = policy.maxConcurrent.map { running >= $0 } ?? false
    let isShut = whyNot(policy, at: now)
    if isShut || isFull {
      if request.mode == .observe && !(state == .open && isByHand) {
        if request.kind == .permit { take(request, .observed, at: now) }
        return .observed(Told(isFirst: true, isReminder: tell(policy, announced: false, at: now).isReminder))
      }
      var news = tell(policy, announced: isShut && request.announcesRejection, at: now)
      // A circuit that is full rejects for a reason of its own.
      if !isShut { news.isFirst = true }
      return .rejected(news)
    }
    if state == .open {
      go(.halfOpen, at: now)
      (held, heldUntil) = (nil, nil)
    }
    let role = state == .halfOpen ? Permit.Role.trial : .ordinary
    if role == .trial || isKept { take(request, role, at: now) }
    return .admitted(role)
  }

  private mutating func take(_ request: AdmissionRequest, _ role: Permit.Role, at now: Timestamp) {
    places.append(Place(token: request.token, role: role, era: era, end: now + request.term))
  }

  private mutating func take(_ result: UnaskedResult, at now: Timestamp) -> Answer {
    if whyNot(result.policy, at: now) { return .stale }
    if state == .open {
      go(.halfOpen, at: now)
      (held, heldUntil) = (nil, nil)
    }
    judge(
      result.verdict, result.policy, isTrial: state == .halfOpen, hint: result.hint, draw: result.draw, at: now)
    return .taken
  }

  private mutating func take(_ report: RunReport, at now: Timestamp) -> Answer {
    let permit = report.permit
    let place = places.first { $0.token == permit.token }
    places.removeAll { $0.token == permit.token }
    if permit.role == .observed { return .done }
    if permit.generation != era || (permit.hasLease && place == nil) { return .stale }
    judge(
      report.verdict, report.policy, isTrial: permit.role == .trial, hint: report.hint, draw: report.draw, at: now)
    guard case .probe(let run) = report.work else { return .taken }
    if report.verdict.outcome == .success, permit.generation == era, let place { places.append(place) }
    guard report.verdict.outcome == .failure, let run else { return .taken }
    switch run.mode {
    case .force: return .taken
    case .observe:
      return .notRunAfterProbe(
        Told(isFirst: true, isReminder: tell(report.policy, announced: false, at: now).isReminder))
    case .enforce: return .notRunAfterProbe(tell(report.policy, announced: run.announcesRejection, at: now))
    }
  }

  private mutating func judge(
    _ verdict: Verdict, _ policy: Policy, isTrial: Bool, hint: RetryHint?, draw: Double, at now: Timestamp
  ) {
    // A forced run past a circuit that is not closed only counts.
    let decides = state == .closed || isTrial
    switch verdict.outcome {
    case .ignored: break
    case .success, .excluded:
      if decides && state == .halfOpen {
        successes += 1
        if successes >= policy.successThreshold {
          go(.closed, at: now)
          failures = 0
          (healthySince, decay) = (row > 0 ? now : nil, policy.resetTimeout)
        }
      } else if decides {
        failures = 0
      }
    case .failure:
      failures += 1
      guard decides else { break }
      var asked: Span?
      switch hint {
      case .after(let span): asked = span
      case .at(let time): asked = time - now
      case nil: break
      }
      if let span = asked, span <= .zero { asked = nil }
      let opens = isTrial || verdict.severity != .counts || asked != nil || failures >= policy.failMax
      guard opens, held != .closed else { break }
      go(.open, at: now)
      if asked == nil { row += 1 }
      var isHeld = false
      if case .holds = verdict.severity { isHeld = true }
      if asked == nil, let most = policy.holdAfter, row >= most { isHeld = true }
      let open = max(policy.resetTimeout, min(asked ?? .zero, policy.retryHintMax))
      due = isHeld ? nil : now + (policy.jitter > 0 ? open.stretched(by: 1 + policy.jitter * draw) : open)
      held = isHeld ? .open : nil
    }
  }
}
