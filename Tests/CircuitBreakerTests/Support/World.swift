import CircuitBreaker

/// One breaker, the processes that use it, and the clock, for `ExhaustiveTests`.
struct World {
  /// What can happen next.
  enum Move: Equatable {
    case ask(Int)
    case report(Int, Outcome)
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

  private static let ann = ManualAction(by: "ann")

  private(set) var checker: InvariantChecker
  /// What each process holds; nil: it runs nothing.
  private var processes: [Permit?]
  private var now = Timestamp.start
  private var tokens = 0

  init(processes: Int, mutation: Mutation?) {
    self.processes = Array(repeating: nil, count: processes)
    checker = InvariantChecker(mutation: mutation, longest: Self.term)
  }

  func moves(_ policy: Policy) -> [Move] {
    var moves: [Move] = [
      .tick, .manual(.open(.usual(policy), Self.ann)), .manual(.open(.held, Self.ann)),
      .manual(.open(.lasting(Self.holdSpan), Self.ann)), .manual(.close(.usual, Self.ann)),
      .manual(.close(.held, Self.ann)), .manual(.close(.lasting(Self.holdSpan), Self.ann)),
      .manual(.halfOpen(Self.ann)), .manual(.reset),
    ]
    var known: Set<Int8> = []
    for (index, permit) in processes.enumerated() where known.insert(code(permit, policy)).inserted {
      guard let permit else {
        moves.append(.ask(index))
        continue
      }
      for outcome in [Outcome.success, .failure, .ignored] { moves.append(.report(index, outcome)) }
      moves.append(.dieUnseen(index))
      if permit.hasLease { moves += [.dieSeen(index), .renew(index)] }
    }
    return moves
  }

  mutating func make(_ move: Move, _ policy: Policy) throws(ExhaustiveTests.WorldFault) {
    switch move {
    case .tick:
      now = now + Self.tick
      return
    case .dieUnseen(let index):
      processes[index] = nil
      return
    case .ask(let index):
      tokens += 1
      let request = AdmissionRequest(token: Token(text: "t\(tokens)"), policy: policy, term: Self.term)
      if case .admitted(let permit) = try play(.admit(request), policy).effect { processes[index] = permit }
    case .report(let index, let outcome):
      guard let permit = processes[index] else { return }
      processes[index] = nil
      let verdict = Verdict(outcome, reason: "exit 1")
      _ = try play(.record(Report(permit: permit, verdict: verdict, policy: policy, draw: 0)), policy)
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
    return step
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
      _ = core.apply(.record(Report(permit: permit, verdict: verdict, policy: policy, draw: 0)), at: later)
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
    case .open(let open): form += [1, ticks(until: open.retryAt)]
    case .halfOpen(let successes): form += [2, Int8(successes)]
    }
    form += [breaker.hold.map { $0.state == .open ? 1 : 2 } ?? 0, breaker.hold.map { ticks(until: $0.until) } ?? 0]
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
    return 2 + (permit.isTrial ? 1 : 0) + 8 * left
  }

  private func ticks(until time: Timestamp?) -> Int8 {
    guard let time else { return 15 }
    return Int8(max(.zero, time - now).milliseconds / Self.tick.milliseconds)
  }
}
