import CircuitBreaker

/// The table of CONTRACT section 4 written down a second time, as plainly as possible and apart from the core: no
/// history, no totals, no windows, no backoff. What the core does is held against it.
struct ReferenceBreaker {
  enum Answer: Equatable {
    case admitted(isTrial: Bool)
    case rejected
    case taken
    case stale
    case done
  }

  struct Place {
    var token: Token
    var isTrial: Bool
    var era: Int
    var end: Timestamp
  }

  private(set) var state = CircuitState.closed
  private(set) var failures = 0
  private(set) var successes = 0
  /// Counts the state changes, and the results that come from before one are late.
  private(set) var era = 1
  /// When a trial is due; nil: never.
  private var due: Timestamp?
  private(set) var held: CircuitState?
  private var heldUntil: Timestamp?
  private(set) var places: [Place] = []

  var trials: Int { state == .halfOpen ? places.count { $0.isTrial && $0.era == era } : 0 }

  mutating func play(_ event: Event, at now: Timestamp) -> Answer {
    if let end = heldUntil, end <= now { (held, heldUntil) = (nil, nil) }
    places.removeAll { $0.end <= now }
    switch event {
    case .admit(let request): return admit(request, at: now)
    case .record(let report): return take(report, at: now)
    case .renew(let token, let term):
      for index in places.indices where places[index].token == token {
        places[index].end = max(places[index].end, now + term)
      }
    case .lose(let tokens): places.removeAll { tokens.contains($0.token) }
    case .open(let opening, _):
      if state != .open { era += 1 }
      (state, held, heldUntil) = (.open, nil, nil)
      switch opening {
      case .usual(let policy): due = now + policy.resetTimeout
      case .lasting(let span): (due, held, heldUntil) = (now + span, .open, now + span)
      case .held: (due, held) = (nil, .open)
      }
    case .close(let closing, _):
      if state != .closed { era += 1 }
      (state, failures, held, heldUntil) = (.closed, 0, nil, nil)
      switch closing {
      case .usual: break
      case .lasting(let span): (held, heldUntil) = (.closed, now + span)
      case .held: held = .closed
      }
    case .halfOpen:
      era += 1
      (state, successes, held, heldUntil) = (.halfOpen, 0, nil, nil)
    case .reset:
      era += 1
      (state, failures, held, heldUntil) = (.closed, 0, nil, nil)
    case .configure: break
    }
    return .done
  }

  private mutating func admit(_ request: AdmissionRequest, at now: Timestamp) -> Answer {
    if state == .open {
      guard let due, due <= now else { return .rejected }
    }
    if state == .halfOpen && trials >= request.policy.halfOpenMax { return .rejected }
    if let most = request.policy.maxConcurrent, places.count >= most { return .rejected }
    if state == .open {
      era += 1
      (state, successes, held, heldUntil) = (.halfOpen, 0, nil, nil)
    }
    let isTrial = state == .halfOpen
    if isTrial || request.kind == .permit || request.policy.maxConcurrent != nil {
      places.append(Place(token: request.token, isTrial: isTrial, era: era, end: now + request.term))
    }
    return .admitted(isTrial: isTrial)
  }

  private mutating func take(_ report: Report, at now: Timestamp) -> Answer {
    let hadPlace = places.contains { $0.token == report.permit.token }
    places.removeAll { $0.token == report.permit.token }
    if report.permit.generation != era || (report.permit.hasLease && !hadPlace) { return .stale }
    switch report.verdict.outcome {
    case .ignored: break
    case .success, .excluded:
      if state == .halfOpen {
        successes += 1
        if successes >= report.policy.successThreshold {
          era += 1
          (state, failures) = (.closed, 0)
        }
      } else {
        failures = 0
      }
    case .failure:
      failures += 1
      if state == .halfOpen || (failures >= report.policy.failMax && held != .closed) {
        era += 1
        state = .open
        let timeout = report.policy.resetTimeout
        due = now + (report.policy.jitter > 0 ? timeout.stretched(by: 1 + report.policy.jitter * report.draw) : timeout)
      }
    }
    return .taken
  }
}
