import CircuitBreaker
import TestSupport
import Testing

/// Long random lives of a breaker, the same for the same seed, held against `Invariant`.
struct RandomSequenceTests {
  struct Violation {
    var seed: Int
    var step: Int
    var event: Event
    var invariants: Set<Invariant>
  }

  /// Everything around one breaker: the clock, the runs that are under way, and those that are thought dead.
  private struct Life {
    var random: SeededRandom
    var checker: InvariantChecker
    let policy: Policy
    var now = Timestamp.start
    var running: [Permit] = []
    /// Lost, expired or reported already: what comes from these is late.
    var spent: [Permit] = []
    var tokens = 0

    static let longestTerm = Span.seconds(600)

    init(seed: Int, mutation: Mutation?) {
      random = SeededRandom(seed: seed)
      var policy = Policy()
      policy.failMax = random.int(1...4)
      policy.resetTimeout = .ms(random.pick([0, 1, 1000, 60_000, 60_000]))
      policy.successThreshold = random.int(1...3)
      policy.halfOpenMax = random.int(1...3)
      policy.jitter = random.pick([0, 0, 0.5])
      policy.maxConcurrent = random.chance(25) ? random.int(1...4) : nil
      policy.retryHintMax = .ms(random.pick([1, 30_000, 300_000]))
      policy.holdAfter = random.chance(25) ? random.int(1...4) : nil
      policy.remind = random.chance(50) ? .ms(random.pick([1, 60_000, 3_600_000])) : nil
      self.policy = policy
      checker = InvariantChecker(mutation: mutation, longest: Self.longestTerm)
    }

    mutating func event() -> Event {
      let action = ManualAction(by: "ann", reason: random.chance(50) ? "because" : nil)
      switch random.int(1...100) {
      case 1...38:
        tokens += 1
        let isPermit = random.chance(15)
        return .admit(
          AdmissionRequest(
            token: Token(text: "t\(tokens)"), policy: policy, kind: isPermit ? .permit : .run,
            term: isPermit ? .seconds(random.span(1...600)) : Lease.term, announcesRejection: random.chance(80),
            mode: mode()))
      case 39, 40:
        return .recordUnasked(
          UnaskedResult(verdict: verdict(), policy: policy, draw: random.unit(), hint: hint()))
      case 41...76:
        guard let index = running.indices.randomElement(using: &random) else { return .lose([]) }
        let permit = running.remove(at: index)
        if permit.hasLease { spent.append(permit) }
        return report(permit)
      case 77...79:
        guard let permit = spent.randomElement(using: &random) else { return .lose([]) }
        return report(permit)
      case 80...84:
        let lost = running.filter { $0.hasLease && random.chance(50) }
        running.removeAll { lost.contains($0) }
        spent += lost
        return .lose(lost.map(\.token))
      case 85...90:
        guard let permit = (running + spent).randomElement(using: &random) else { return .lose([]) }
        return .renew(permit.token, term: Lease.term)
      case 91, 92: return .open(random.pick([.usual(policy), .lasting(.seconds(random.span(0...600))), .held]), action)
      case 93...95:
        return .close(random.pick([.usual, .usual, .lasting(.seconds(random.span(0...600))), .held]), action)
      case 96, 97: return .halfOpen(action)
      case 98: return .reset(action)
      default:
        let entry = SettingsChange.Entry(key: "kill-after", values: random.chance(50) ? ["9s"] : [])
        return .configure(
          SettingsChange(entries: [entry], policy: policy, appliesToOpenCircuit: false, action: action))
      }
    }

    mutating func mode() -> AdmissionMode {
      random.chance(80) ? .enforce : random.chance(60) ? .observe : .force(by: "ann")
    }

    mutating func verdict() -> Verdict {
      let outcome = random.pick([Outcome.success, .success, .failure, .failure, .failure, .excluded, .ignored])
      let severity: Verdict.Severity =
        switch random.int(1...20) {
        case 1: .trips(reason: "exit 1, which is in trip-on")
        case 2: .holds(reason: "exit 1 is in hold-on")
        default: .counts
        }
      return Verdict(outcome, reason: "exit 1", timedOut: random.chance(5), severity: severity)
    }

    mutating func hint() -> RetryHint? {
      guard random.chance(10) else { return nil }
      let span = Span.ms(random.pick([-1000, 0, 1, 5000, 100_000, 400_000]))
      return random.chance(50) ? .after(span) : .at(now + span)
    }

    mutating func report(_ permit: Permit) -> Event {
      var work = RunReport.Work.command
      if permit.isTrial, random.chance(40) {
        let mode = mode()
        work = .probe(random.chance(80) ? .init(mode: mode, announcesRejection: random.chance(80)) : nil)
      }
      return .record(
        RunReport(
          permit: permit, verdict: verdict(), policy: policy, draw: random.unit(),
          hint: work == .command ? hint() : nil, work: work))
    }

    mutating func passTime() {
      switch random.int(1...20) {
      case 1...9: break  // many things happen in one millisecond
      case 10...13: now = now + .ms(random.span(0...2000))
      case 14...16: now = now + policy.resetTimeout
      case 17: now = now + Lease.term
      case 18, 19: now = now + .ms(random.span(0...100_000))
      default: now = now + .ms(random.pick([1, 604_800_000, 10_000_000_000_000]))
      }
    }

    mutating func step() -> Event {
      passTime()
      let event = event()
      let step = checker.play(event, policy: policy, at: now)
      if case .admitted(let permit) = step.effect { running.append(permit) }
      if spent.count > 20 { spent.removeFirst(10) }
      if checker.breaker.history.count > 30 { checker.trim() }
      return event
    }
  }

  /// Plays one life until an invariant does not hold.
  private func firstViolation(seed: Int, steps: Int, mutation: Mutation? = nil) -> Violation? {
    var life = Life(seed: seed, mutation: mutation)
    for step in 1...steps {
      let event = life.step()
      if !life.checker.violated.isEmpty {
        return Violation(seed: seed, step: step, event: event, invariants: life.checker.violated)
      }
    }
    return nil
  }

  @Test("every invariant holds over 300 long lives")
  func holds() {
    for seed in 1...300 {
      if let violation = firstViolation(seed: seed, steps: 250) {
        Issue.record("seed \(seed): \(violation)")
        return
      }
    }
  }

  @Test("the lives reach every state, every answer and every kind of history")
  func reaches() {
    var states: Set<CircuitState> = []
    var kinds: Set<HistoryEntry.Kind> = []
    var stale = 0
    var held = 0
    for seed in 1...20 {
      var life = Life(seed: seed, mutation: nil)
      for _ in 1...250 {
        _ = life.step()
        let breaker = life.checker.breaker
        states.insert(breaker.state)
        if let kind = breaker.history.last?.kind { kinds.insert(kind) }
        stale += breaker.totals.stale
        held += breaker.hold == nil ? 0 : 1
      }
    }
    #expect(states == Set(CircuitState.allCases))
    #expect(kinds == Set(HistoryEntry.Kind.allCases))
    #expect(stale > 0 && held > 0)
  }

  @Test("a core that is broken on purpose is found, by the invariant that it breaks", arguments: Mutation.allCases)
  func finds(mutation: Mutation) {
    var found: Set<Invariant> = []
    for seed in 1...40 where !found.contains(mutation.caughtBy) {
      found.formUnion(firstViolation(seed: seed, steps: 250, mutation: mutation)?.invariants ?? [])
    }
    #expect(found.contains(mutation.caughtBy), "found \(found)")
  }
}
