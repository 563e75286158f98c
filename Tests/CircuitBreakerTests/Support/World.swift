import CircuitBreaker

/// One breaker, the processes that use it, and the clock, for `ExhaustiveTests`.
struct World {
  /// What can happen next.
  enum Move {
    case ask(Int, AdmissionMode)
    case report(Int, Verdict, RetryHint?)
    /// The trial's probe; a run waits for it, and goes on with it in its place where it succeeded.
    case probe(Int, Outcome)
    case unasked(Verdict)
    /// The process dies and others see it at once, as on one host.
    case dieSeen(Int)
    /// The process dies and only its lease tells, as on another host.
    case dieUnseen(Int)
    case renew(Int)
    case tick
    case manual(Event)
  }

  /// Time passes in ticks; of the reset timeout and a lease neither is a multiple of the other, so that any of them may end first.
  static let tick = Span.seconds(1)
  static let resetTimeout = Span.seconds(3)
  static let term = Span.seconds(4)
  static let holdSpan = Span.seconds(2)
  /// One shorter than the reset timeout, and one that is capped to something longer.
  static let hints = [RetryHint.after(.seconds(1)), RetryHint.after(.seconds(9))]
  static let retryHintMax = Span.seconds(4)

  private static let ann = ManualAction(by: "ann")

  private(set) var checker: InvariantChecker
  /// What each process holds; nil: it runs nothing.
  private var processes: [Permit?]
  private var now = Timestamp.start
  private var tokens = 0

  /// The events that can happen beside those of the table.
  struct Features: OptionSet {
    let rawValue: Int
    /// Failures with a hint, failures that open at once or hold, and probes.
    static let listening = Features(rawValue: 1)
    /// Runs that only observe or are forced, and results for which nobody asked.
    static let bending = Features(rawValue: 2)
  }

  private let features: Features

  init(processes: Int, features: Features = [], mutation: Mutation?) {
    self.features = features
    self.processes = Array(repeating: nil, count: processes)
    checker = InvariantChecker(mutation: mutation, longest: Self.term)
  }

  func moves(_ policy: Policy) -> [Move] {
    var moves: [Move] = [
      .tick, .manual(.open(.usual(policy), Self.ann)), .manual(.open(.held, Self.ann)),
      .manual(.open(.lasting(Self.holdSpan), Self.ann)), .manual(.close(.usual, Self.ann)),
      .manual(.close(.held, Self.ann)), .manual(.close(.lasting(Self.holdSpan), Self.ann)),
      .manual(.halfOpen(Self.ann)), .manual(.reset(Self.ann)),
    ]
    var known: Set<Int8> = []
    for (index, permit) in processes.enumerated() where known.insert(code(permit, policy)).inserted {
      guard let permit else {
        moves.append(.ask(index, .enforce))
        if features.contains(.bending) { moves += [.ask(index, .observe), .ask(index, .force(by: "ann"))] }
        continue
      }
      for outcome in [Outcome.success, .failure, .ignored] {
        moves.append(.report(index, Verdict(outcome, reason: "exit 1"), nil))
      }
      if features.contains(.listening) {
        moves += Self.hints.map { .report(index, Verdict(.failure, reason: "exit 1"), $0) }
        moves += Self.severe.map { .report(index, $0, nil) }
        if permit.isTrial { moves += [Outcome.success, .failure, .ignored].map { .probe(index, $0) } }
      }
      moves.append(.dieUnseen(index))
      if permit.hasLease { moves += [.dieSeen(index), .renew(index)] }
    }
    if features.contains(.bending) {
      for outcome in [Outcome.success, .failure, .ignored] {
        moves.append(.unasked(Verdict(outcome, reason: "exit 1")))
      }
      if features.contains(.listening) { moves += Self.severe.map { .unasked($0) } }
    }
    return moves
  }

  private static let severe = [
    Verdict(.failure, reason: "exit 1", severity: .trips(reason: "exit 1, which is in trip-on")),
    Verdict(.failure, reason: "exit 1", severity: .holds(reason: "exit 1 is in hold-on")),
  ]

  mutating func make(_ move: Move, _ policy: Policy) throws(ExhaustiveTests.WorldFault) {
    switch move {
    case .tick:
      now = now + Self.tick
      return
    case .dieUnseen(let index):
      processes[index] = nil
      return
    case .ask(let index, let mode):
      tokens += 1
      let request = AdmissionRequest(token: Token(text: "t\(tokens)"), policy: policy, term: Self.term, mode: mode)
      if case .admitted(let permit) = try play(.admit(request), policy).effect { processes[index] = permit }
    case .report(let index, let verdict, let hint):
      guard let permit = processes[index] else { return }
      processes[index] = nil
      _ = try play(.record(RunReport(permit: permit, verdict: verdict, policy: policy, draw: 0, hint: hint)), policy)
    case .probe(let index, let outcome):
      guard let permit = processes[index] else { return }
      let verdict = Verdict(outcome, reason: "probe: exit 1")
      let work = RunReport.Work.probe(.init(mode: .enforce, announcesRejection: true))
      let event = Event.record(RunReport(permit: permit, verdict: verdict, policy: policy, draw: 0, work: work))
      let step = checker.play(event, policy: policy, at: now)
      let isInPlace = checker.breaker.leases.contains { $0.token == permit.token }
      if !isInPlace || outcome == .failure { processes[index] = nil }
      try judge(step, event, policy)
    case .unasked(let verdict):
      _ = try play(.recordUnasked(UnaskedResult(verdict: verdict, policy: policy, draw: 0)), policy)
    case .dieSeen(let index):
      guard let permit = processes[index] else { return }
      processes[index] = nil
      _ = try play(.lose([permit.token]), policy)
    case .renew(let index):
      guard let permit = processes[index] else { return }
      _ = try play(.renew(permit.token, term: Self.term), policy)
    case .manual(let event): _ = try play(event, policy)
    }
  }

  private mutating func play(_ event: Event, _ policy: Policy) throws(ExhaustiveTests.WorldFault) -> Step {
    let step = checker.play(event, policy: policy, at: now)
    try judge(step, event, policy)
    return step
  }

  private mutating func judge(_ step: Step, _ event: Event, _ policy: Policy) throws(ExhaustiveTests.WorldFault) {
    if !checker.violated.isEmpty { throw .broken(checker.violated, event) }
    checker.trim()
    let breaker = checker.breaker
    // Of this round; the trials of an earlier one end without being heard.
    let trying = processes.count { permit in
      guard let permit, permit.isTrial, permit.generation == breaker.generation else { return false }
      return breaker.leases.contains { $0.token == permit.token }
    }
    if trying > policy.halfOpenMax { throw .moreTrialsThanPlaces(event) }
    if !canRecover(policy) { throw .cannotRecover(event) }
  }

  /// Plays the quiet end: everybody is gone, all times run out, and trials succeed.
  private func canRecover(_ policy: Policy) -> Bool {
    if let hold = checker.breaker.hold, hold.until == nil { return true }
    var core = checker.core
    let later = now + checker.longest
    for trial in 0..<policy.successThreshold {
      let request = AdmissionRequest(token: Token(text: "r\(trial)"), policy: policy, term: Self.term)
      guard case .admitted(let permit) = core.apply(.admit(request), at: later).effect else { return false }
      let verdict = Verdict(.success, reason: "exit 0")
      _ = core.apply(.record(RunReport(permit: permit, verdict: verdict, policy: policy, draw: 0)), at: later)
    }
    return core.breaker.state == .closed
  }

  // MARK: The canonical form

  /// The world but for what can make no difference: times count from now and stop at zero, tokens and processes have
  /// no names, generations are this one or an earlier one, the counter stops at fail-max, and totals and history are
  /// left out (the checker has held them against the state before).
  func canonical(_ policy: Policy) -> [Int8] {
    var breaker = checker.breaker
    breaker.settle(at: now)
    var form: [Int8] = [Int8(min(breaker.failCounter, policy.failMax))]
    switch breaker.phase {
    case .closed: form += [0, 0]
    case .open(let open): form += [open.isByHand ? 3 : 1, ticks(until: open.retryAt)]
    case .halfOpen(let successes): form += [2, Int8(successes)]
    }
    form += [breaker.hold.map { $0.state == .open ? 1 : 2 } ?? 0, breaker.hold.map { ticks(until: $0.until) } ?? 0]
    // How long ago the last reminder was, which matters up to the next; and the rejection that is told only once.
    if let remind = policy.remind {
      form.append(breaker.remindedAt.map { Int8(min(now - $0, remind).milliseconds / Self.tick.milliseconds) } ?? -1)
      form.append(breaker.rejectionNoticed ? 1 : 0)
    }
    if let most = policy.holdAfter {
      form.append(Int8(min(breaker.streak.count, most)))
      let health = breaker.streak.healthySince.map { now - $0 }
      form.append(health.map { Int8(min($0.milliseconds / Self.tick.milliseconds, Int64(most) * 3)) } ?? -1)
    }
    form += processes.map { code($0, policy) }.sorted()
    let held = Set(processes.compactMap { $0?.token })
    // Leases whose holder is dead and nobody knows; where places are not counted, those of this generation matter.
    let orphans = breaker.leases.filter {
      !held.contains($0.token) && (policy.maxConcurrent != nil || $0.generation == breaker.generation)
    }
    form.append(-2)
    form += orphans.map { ticks(until: $0.expires) * 4 + ($0.generation == breaker.generation ? 1 : 0) }.sorted()
    return form
  }

  /// What a process holds: nothing, a permit that is stale, or one that counts, with what is left of its lease.
  private func code(_ permit: Permit?, _ policy: Policy) -> Int8 {
    guard let permit else { return 0 }
    let breaker = checker.breaker
    let lease = breaker.leases.first { $0.token == permit.token && $0.expires > now }
    let left = lease.map { ticks(until: $0.expires) } ?? 0
    if permit.generation < breaker.generation || (permit.hasLease && lease == nil) {
      return policy.maxConcurrent == nil ? 1 : 1 + 8 * left
    }
    switch permit.role {
    case .ordinary: return 2 + 8 * left
    case .trial: return 3 + 8 * left
    case .forced: return 4 + 8 * left
    case .observed: return 5 + 8 * left
    }
  }

  private func ticks(until time: Timestamp?) -> Int8 {
    guard let time else { return 15 }
    return Int8(max(.zero, time - now).milliseconds / Self.tick.milliseconds)
  }
}
