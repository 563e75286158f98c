import CircuitBreaker

/// What holds of every event at every time, whatever came before. The random and the exhaustive tests check these,
/// and nothing else.
enum Invariant: CaseIterable {
  /// Never more than half-open-max live trials of one generation.
  case trialLimit
  /// A result of an earlier generation, or of a lease that is gone, changes nothing but `stale`, and frees its place.
  case lateNewsIsNoNews
  /// Unless the circuit is held open without an end, a run is admitted after the longest time that anything lasts.
  case openEnds
  /// After the same time without a sign of life no lease is left.
  case deadHoldNothing
  /// The failure counter is that of the reference, to the one.
  case counterIsExact
  /// State, trials, trial successes, generation and answer are those of the reference.
  case followsTheTable
  /// The generation never falls, and every change of the state moves it on.
  case generationMovesOn
  /// The history numbers its events one by one; a reset clears them, and goes on with the number.
  case historyHasNoGaps
  /// calls = successes + failures + excluded + ignored; every event is counted where it belongs, and only there; no total
  /// ever falls but by a reset.
  case totalsAddUp
  /// `settle` twice is `settle` once, and changes neither state nor generation.
  case settlesOnce
  /// `wouldAdmit` says what `admit` then does.
  case lookingAgrees
  /// Where `admitWithoutTrace` gives a permit, `admit` gives the same one, and leaves the breaker as it was.
  case tracelessAgrees
  /// The transitions lead from the state before to the state after; a change of state, generation or hold, and a
  /// manual action, is marked as a state change.
  case stepTellsAll
}

/// Plays events on a core and holds each against the invariants.
struct InvariantChecker {
  private(set) var core: CheckedCore
  private(set) var reference = ReferenceBreaker()
  /// The longest time that an opening, a hold with an end, or a lease lasts.
  let longest: Span
  /// What did not hold of the last event.
  private(set) var violated: Set<Invariant> = []

  var breaker: Breaker { core.breaker }

  init(mutation: Mutation? = nil, longest: Span) {
    core = CheckedCore(mutation: mutation)
    self.longest = longest
  }

  private mutating func require(_ invariant: Invariant, _ holds: Bool) {
    if !holds { violated.insert(invariant) }
  }

  /// Lets the history go that a store would have moved elsewhere.
  mutating func trim() {
    core.breaker.history.removeAll(keepingCapacity: true)
    core.breaker.recent.removeAll(keepingCapacity: true)
  }

  mutating func play(_ event: Event, policy: Policy, at now: Timestamp) -> Step {
    violated = []
    let before = core.breaker
    var settled = before
    settled.settle(at: now)
    var twice = settled
    twice.settle(at: now)
    require(.settlesOnce, twice == settled)
    require(.settlesOnce, settled.phase == before.phase && settled.generation == before.generation)

    let request: AdmissionRequest? = if case .admit(let request) = event { request } else { nil }
    let looked = request.map { core.wouldAdmit($0.policy, mode: $0.mode, at: now) }
    let traceless = request.flatMap { core.admitWithoutTrace($0) }

    let step = core.apply(event, at: now)
    let answer = reference.play(event, at: now)
    let after = core.breaker

    if let looked { require(.lookingAgrees, looked == step.isAdmission) }
    if let traceless {
      require(.tracelessAgrees, step.effect == .admitted(traceless) && after == settled && step.transitions.isEmpty)
    }
    if case .record(let report) = event { checkLateNews(report, step, settled, after) }
    checkCounts(event, step, settled.totals, after.totals)
    checkTable(step, answer, policy, after)
    checkLife(policy, now)
    checkBooks(event, before, settled, after)
    checkStep(event, step, before, after)
    return step
  }

  private mutating func checkLateNews(_ report: RunReport, _ step: Step, _ settled: Breaker, _ after: Breaker) {
    if report.permit.role == .observed {
      var expected = settled
      expected.leases.removeAll { $0.token == report.permit.token }
      require(.lateNewsIsNoNews, step.effect == .done && after == expected)
      return
    }
    let isGone = report.permit.hasLease && !settled.leases.contains { $0.token == report.permit.token }
    guard report.permit.generation < settled.generation || isGone else { return }
    var expected = settled
    expected.leases.removeAll { $0.token == report.permit.token }
    expected.totals.stale += 1
    require(.lateNewsIsNoNews, step.effect == .stale && after == expected)
  }

  private mutating func checkTable(
    _ step: Step, _ answer: ReferenceBreaker.Answer, _ policy: Policy, _ after: Breaker
  ) {
    require(.trialLimit, after.trials <= policy.halfOpenMax)
    require(.counterIsExact, after.failCounter == reference.failures)
    require(.followsTheTable, step.answer == answer)
    require(.followsTheTable, after.state == reference.state && after.trials == reference.trials)
    require(.followsTheTable, after.generation == reference.era && after.hold?.state == reference.held)
    require(.followsTheTable, after.running == reference.running)
    if after.state == .open { require(.followsTheTable, after.retryAt(nil) == reference.due) }
    if case .halfOpen(let successes) = after.phase {
      require(.followsTheTable, successes == reference.successes)
    }
  }

  private mutating func checkLife(_ policy: Policy, _ now: Timestamp) {
    let later = now + longest
    let isHeldForGood = core.breaker.hold.map { $0.state == .open && $0.until == nil } ?? false
    require(.openEnds, isHeldForGood || core.wouldAdmit(policy, at: later))
    var settled = core.breaker
    settled.settle(at: later)
    require(.deadHoldNothing, settled.leases.isEmpty)
    // A holder that was lost has no place from then on.
    require(.deadHoldNothing, core.breaker.leases.count <= reference.places.count)
  }

  private mutating func checkBooks(_ event: Event, _ before: Breaker, _ settled: Breaker, _ after: Breaker) {
    require(.generationMovesOn, after.generation >= before.generation)
    require(.generationMovesOn, after.state == before.state || after.generation > before.generation)
    let totals = after.totals
    require(
      .totalsAddUp, totals.calls == totals.successes + totals.failures + totals.excluded + totals.ignored)
    if case .reset = event {
      require(
        .historyHasNoGaps,
        after.history.map(\.sequence) == [after.firstSequence] && after.history[0].kind == .reset
          && after.nextSequence == after.firstSequence + 1 && after.firstSequence >= before.nextSequence)
      require(.totalsAddUp, totals == Totals())
      require(.generationMovesOn, after.generation > before.generation)
      return
    }
    require(.totalsAddUp, zip(before.totals.fields, totals.fields).allSatisfy { $0.count <= $1.count })
    let news = after.history.suffix(while: { $0.sequence >= before.nextSequence })
    require(.historyHasNoGaps, news.map(\.sequence) == Array(before.nextSequence..<after.nextSequence))
    require(.historyHasNoGaps, after.history.count == before.history.count + news.count)
  }

  private mutating func checkStep(_ event: Event, _ step: Step, _ before: Breaker, _ after: Breaker) {
    var state = before.state
    for transition in step.transitions {
      require(.stepTellsAll, transition.from == state && transition.to != state && !transition.reason.isEmpty)
      state = transition.to
    }
    require(.stepTellsAll, state == after.state)
    let isByHand =
      switch event {
      case .open, .close, .halfOpen, .reset, .configure: true
      default: false
      }
    let isChange =
      isByHand || after.state != before.state || after.generation != before.generation || after.hold != before.hold
    require(.stepTellsAll, step.isStateChange == isChange)
    let isNewlyHeld = !isByHand && after.hold?.state == .open && after.hold != before.hold
    require(.stepTellsAll, step.newHold == (isNewlyHeld ? after.hold : nil))
  }

  /// What one event adds to the totals, apart from what is lost meanwhile.
  private mutating func checkCounts(_ event: Event, _ step: Step, _ before: Totals, _ after: Totals) {
    if case .reset = event { return }
    var added: [String: Int] = [:]
    for (old, new) in zip(before.fields, after.fields) where new.count != old.count {
      added[new.key] = new.count - old.count
    }
    var expected: Set<String> = []
    switch (event, step.effect) {
    case (.admit(let request), .admitted(let permit)):
      if permit.role == .forced { expected.insert("forced") }
      if permit.role == .observed { expected.insert("would_reject") }
      require(.totalsAddUp, permit.role != .forced || request.mode != .enforce)
    case (.admit, _): expected.insert("rejected")
    case (_, .stale): expected.insert("stale")
    case (.record(let report), .recorded) where report.isProbe:
      expected.insert("probes")
      if let rejection = step.rejection, case .probe(let run?) = report.work {
        require(.stepTellsAll, rejection.cause.reason.hasPrefix("circuit"))
        expected.insert(run.mode == .observe ? "would_reject" : "rejected")
      }
    case (.recordUnasked, .recorded): expected.insert("recorded")
    default: break
    }
    let isCall =
      switch (event, step.effect) {
      case (.record(let report), .recorded): !report.isProbe
      case (.recordUnasked, .recorded): true
      default: false
      }
    require(.totalsAddUp, (added["calls"] ?? 0) == (isCall ? 1 : 0))
    for key in ["rejected", "would_reject", "forced", "probes", "recorded", "stale"] {
      require(.totalsAddUp, (added[key] ?? 0) == (expected.contains(key) ? 1 : 0))
    }
  }
}

extension Step {
  var isAdmission: Bool {
    if case .admitted = effect { true } else { false }
  }

  var answer: ReferenceBreaker.Answer {
    switch effect {
    case .admitted(let permit): rejection.map { .observed($0.told) } ?? .admitted(permit.role)
    case .rejected(let rejection): .rejected(rejection.told)
    case .recorded: rejection.map { .notRunAfterProbe($0.told) } ?? .taken
    case .stale: .stale
    case .done: .done
    }
  }
}

extension Rejection {
  var told: ReferenceBreaker.Told { .init(isFirst: isFirstSinceClosed, isReminder: isReminder) }
}

extension Array {
  /// The longest run of elements at the end that satisfy the condition.
  fileprivate func suffix(while condition: (Element) -> Bool) -> ArraySlice<Element> {
    self[(lastIndex { !condition($0) }.map { $0 + 1 } ?? startIndex)...]
  }
}
