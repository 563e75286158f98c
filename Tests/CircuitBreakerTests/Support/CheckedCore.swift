import CircuitBreaker

/// A way to break the core on purpose: a check that finds none of these checks nothing.
enum Mutation: CaseIterable {
  /// A late result is taken for one of now.
  case ignoresGenerations
  case dropsTrialLimit
  /// Lost trials and leases that ran out keep their places.
  case keepsLostTrials
  /// A trip has no end.
  case opensForever
  case countsFailuresTwice
  /// A trial's success leaves the counter.
  case keepsCounterOnClosing
  /// One success closes, whatever success-threshold says.
  case closesTooEarly
  /// A reset begins with the first generation again.
  case reusesGenerations
  case skipsHistoryNumbers
  case countsCallsTwice
  /// A look at an open circuit says yes.
  case looksTooKindly
  case admitsWithoutTraceWhileOpen
  /// A state change is stored as if it were bookkeeping.
  case hidesStateChanges
  /// A manual close forgets to tell its transition.
  case hidesTransitions

  /// What has to find it.
  var caughtBy: Invariant {
    switch self {
    case .ignoresGenerations: .lateNewsIsNoNews
    case .dropsTrialLimit: .trialLimit
    case .keepsLostTrials: .deadHoldNothing
    case .opensForever: .openEnds
    case .countsFailuresTwice, .keepsCounterOnClosing: .counterIsExact
    case .closesTooEarly: .followsTheTable
    case .reusesGenerations: .generationMovesOn
    case .skipsHistoryNumbers: .historyHasNoGaps
    case .countsCallsTwice: .totalsAddUp
    case .looksTooKindly: .lookingAgrees
    case .admitsWithoutTraceWhileOpen: .tracelessAgrees
    case .hidesStateChanges, .hidesTransitions: .stepTellsAll
    }
  }
}

/// The core, whole or broken.
struct CheckedCore {
  var breaker = Breaker(id: 1)
  var mutation: Mutation?

  mutating func apply(_ event: Event, at now: Timestamp) -> Step {
    var event = event
    let before = breaker
    switch (mutation, event) {
    case (.ignoresGenerations, .record(var report)):
      report.permit.generation = breaker.generation
      report.permit.hasLease = false
      event = .record(report)
    case (.dropsTrialLimit, .admit(var request)):
      request.policy.halfOpenMax = 1000
      event = .admit(request)
    case (.closesTooEarly, .record(var report)):
      report.policy.successThreshold = 1
      event = .record(report)
    case (.keepsLostTrials, .lose): return Step(.done)
    case (.keepsLostTrials, _):
      for index in breaker.leases.indices { breaker.leases[index].expires = Timestamp(milliseconds: .max) }
    default: break
    }
    var step = breaker.apply(event, at: now)
    let moved = breaker.state != before.state
    switch mutation {
    case .opensForever:
      if moved, case .open(var open) = breaker.phase {
        open.retryAt = nil
        breaker.phase = .open(open)
      }
    case .countsFailuresTwice:
      if breaker.failCounter > before.failCounter { breaker.failCounter += 1 }
    case .keepsCounterOnClosing:
      if moved, breaker.state == .closed, event != .reset { breaker.failCounter = before.failCounter }
    case .reusesGenerations: if event == .reset { breaker.generation = 1 }
    case .skipsHistoryNumbers: if moved, event != .reset { breaker.nextSequence += 1 }
    case .countsCallsTwice: if breaker.totals.calls > before.totals.calls { breaker.totals.calls += 1 }
    case .hidesStateChanges: step.isStateChange = false
    case .hidesTransitions: if case .close = event { step.transitions = [] }
    default: break
    }
    return step
  }

  func wouldAdmit(_ policy: Policy, at now: Timestamp) -> Bool {
    mutation == .looksTooKindly && breaker.state == .open || breaker.wouldAdmit(policy, at: now)
  }

  func admitWithoutTrace(_ request: AdmissionRequest) -> Permit? {
    if mutation == .admitsWithoutTraceWhileOpen, breaker.state == .open {
      return Permit(
        token: request.token, breaker: 1, generation: breaker.generation, isTrial: false, hasLease: false)
    }
    return breaker.admitWithoutTrace(request)
  }
}
