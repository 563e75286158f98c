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
  /// The circuit opens for as long as the other side asks, be it shorter than its own timeout.
  case believesShortHints
  case overhearsHints
  /// A failure that holds only opens.
  case forgetsHolds
  case tellsNobodyOfHolds
  /// A forced run takes the trial's part.
  case closesByForce
  /// What observe let pass is heard all the same.
  case countsObserved
  /// Observing, the hand of an operator is not seen.
  case overlooksHands
  case countsProbesAsCalls
  /// A trial's place is free while its probes go on.
  case freesProbesPlace
  case remindsAlways
  /// A result that nobody asked for is taken by an open circuit too.
  case hearsUnasked

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
    case .hidesStateChanges, .hidesTransitions, .tellsNobodyOfHolds: .stepTellsAll
    case .believesShortHints, .overhearsHints, .forgetsHolds, .closesByForce, .overlooksHands, .freesProbesPlace,
      .remindsAlways, .hearsUnasked:
      .followsTheTable
    case .countsObserved: .lateNewsIsNoNews
    case .countsProbesAsCalls: .totalsAddUp
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
    case (.overhearsHints, .record(var report)):
      report.hint = nil
      event = .record(report)
    case (.forgetsHolds, .record(var report)):
      report.verdict.severity = .counts
      event = .record(report)
    case (.closesByForce, .record(var report)) where report.permit.role == .forced:
      // Heard, as a trial without a lease would not be.
      if breaker.state == .halfOpen, report.permit.generation == breaker.generation {
        breaker.leases.append(
          Lease(
            token: report.permit.token, kind: .run, role: .trial, generation: breaker.generation, since: now,
            expires: now + Lease.term, holder: nil))
        report.permit.role = .trial
        report.permit.hasLease = true
      }
      event = .record(report)
    case (.countsObserved, .record(var report)) where report.permit.role == .observed:
      report.permit.role = .forced
      report.permit.generation = breaker.generation
      event = .record(report)
    case (.overlooksHands, .admit(let request)) where request.mode == .observe:
      if case .open(var open) = breaker.phase {
        open.isByHand = false
        breaker.phase = .open(open)
      }
    case (.countsProbesAsCalls, .record(var report)):
      report.work = .command
      event = .record(report)
    case (.remindsAlways, .admit): breaker.remindedAt = breaker.remindedAt.map { _ in Timestamp(milliseconds: 0) }
    case (.hearsUnasked, .recordUnasked):
      if case .open(var open) = breaker.phase {
        open.retryAt = now
        breaker.phase = .open(open)
      }
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
      if moved, breaker.state == .closed, !event.isReset { breaker.failCounter = before.failCounter }
    case .reusesGenerations: if event.isReset { breaker.generation = 1 }
    case .skipsHistoryNumbers: if moved, !event.isReset { breaker.nextSequence += 1 }
    case .countsCallsTwice: if breaker.totals.calls > before.totals.calls { breaker.totals.calls += 1 }
    case .hidesStateChanges: step.isStateChange = false
    case .hidesTransitions: if case .close = event { step.transitions = [] }
    case .believesShortHints:
      if moved, case .open(var open) = breaker.phase, let until = open.hintedUntil {
        open.retryAt = until
        breaker.phase = .open(open)
      }
    case .tellsNobodyOfHolds: step.newHold = nil
    case .freesProbesPlace:
      if case .record(let report) = event, report.isProbe {
        breaker.leases.removeAll { $0.token == report.permit.token }
      }
    default: break
    }
    return step
  }

  func wouldAdmit(_ policy: Policy, mode: AdmissionMode = .enforce, at now: Timestamp) -> Bool {
    mutation == .looksTooKindly && breaker.state == .open || breaker.wouldAdmit(policy, mode: mode, at: now)
  }

  func admitWithoutTrace(_ request: AdmissionRequest) -> Permit? {
    if mutation == .admitsWithoutTraceWhileOpen, breaker.state == .open {
      return Permit(
        token: request.token, breaker: 1, generation: breaker.generation, role: .ordinary, hasLease: false)
    }
    return breaker.admitWithoutTrace(request)
  }
}

extension Event {
  var isReset: Bool {
    if case .reset = self { true } else { false }
  }
}
