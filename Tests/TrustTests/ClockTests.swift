import BreakerStore
import CircuitBreaker
import Testing

/// The clocks of a machine, set by hand.
private final class HandClock: @unchecked Sendable {
  var reading = ClockReading(bootID: "boot 1", bootMilliseconds: 86_400_000, wallMilliseconds: 1_700_000_000_000)
  /// The fault put in on purpose: time that went by is not told.
  var isFrozen = false

  var store: StoreClock { StoreClock { self.reading } }

  /// Time goes by, asleep or awake.
  func pass(_ milliseconds: Int64) {
    if isFrozen { return }
    reading.bootMilliseconds += milliseconds
    reading.wallMilliseconds += milliseconds
  }

  enum Jump: String, CaseIterable, Sendable {
    case none, yearForward, yearBack, beforeTheEpoch, farFuture, hourForward, hourBack
    case reboot, rebootYearForward, rebootYearBack, rebootAtTheEpoch, suspend

    static let year: Int64 = 365 * 86_400_000
  }

  func make(_ jump: Jump) {
    switch jump {
    case .none: break
    case .yearForward: reading.wallMilliseconds += Jump.year
    case .yearBack: reading.wallMilliseconds -= Jump.year
    case .beforeTheEpoch: reading.wallMilliseconds = -Jump.year
    case .farFuture: reading.wallMilliseconds = 200 * Jump.year
    case .hourForward: reading.wallMilliseconds += 3_600_000
    case .hourBack: reading.wallMilliseconds -= 3_600_000
    case .reboot: restart(0)
    case .rebootYearForward: restart(Jump.year)
    case .rebootYearBack: restart(-Jump.year)
    case .rebootAtTheEpoch: restart(-reading.wallMilliseconds)
    case .suspend: pass(3 * 3_600_000)
    }
  }

  private func restart(_ step: Int64) {
    reading.bootID += "+"
    reading.bootMilliseconds = 4000
    reading.wallMilliseconds += 30_000 + step
  }
}

@Suite struct ClockTests {
  /// The states in which a jump may find a breaker, each with how it gets there.
  enum Begin: String, CaseIterable, Sendable {
    case closed, open, halfOpen, heldOpen, heldClosed, backedOff
  }

  private static var policy: Policy {
    var policy = Policy()
    policy.failMax = 1
    policy.resetTimeout = .seconds(60)
    return policy
  }

  @Test(arguments: Begin.allCases, HandClock.Jump.allCases.map(\.rawValue))
  func `no step of any clock keeps a circuit open longer than its timeout, and nothing fails`(
    begin: Begin, jump: String
  ) throws {
    let jump = try #require(HandClock.Jump(rawValue: jump))
    #expect(try Self.complaints(begin, [jump], HandClock()) == [])
  }

  @Test func `nor does any row of steps`() throws {
    var random = SeededRandom(Effort.seed)
    for _ in 0..<(150 * Effort.factor) {
      let begin = random.pick(Begin.allCases)
      let jumps = (0..<4).map { _ in random.pick(HandClock.Jump.allCases) }
      #expect(try Self.complaints(begin, jumps, HandClock()) == [], "\(begin) \(jumps)")
    }
  }

  @Test func `a clock that stands still is found out`() throws {
    let clock = HandClock()
    clock.isFrozen = true
    #expect(try Self.complaints(.open, [.none], clock) != [])
  }

  private static func complaints(_ begin: Begin, _ jumps: [HandClock.Jump], _ clock: HandClock) throws -> [String] {
    let place = Place()
    let store = place.fileStore(clock.store)
    let name = try BreakerName("x")
    let action = ManualAction(by: "a")
    func run(_ outcome: Outcome, _ number: Int) throws {
      let token = Token(UInt64(number), 0)
      let step = try store.apply(.admit(AdmissionRequest(token: token, policy: policy)), to: name)
      guard case .admitted(let permit) = step.step.effect else { return }
      let verdict = Verdict(outcome, reason: "exit 1")
      _ = try store.apply(.record(Report(permit: permit, verdict: verdict, policy: policy, draw: 0)), to: name)
    }
    switch begin {
    case .closed: try run(.success, 0)
    case .open: try run(.failure, 0)
    case .halfOpen: _ = try store.apply(.halfOpen(action), to: name)
    case .heldOpen: _ = try store.apply(.open(.lasting(.seconds(60)), action), to: name)
    case .heldClosed: _ = try store.apply(.close(.lasting(.seconds(60)), action), to: name)
    case .backedOff:
      for number in 0..<3 {
        try run(.failure, number)
        clock.pass(60_000)
      }
    }
    var complaints: [String] = []
    for jump in jumps {
      clock.pass(10_000)
      clock.make(jump)
      // The first look. Only readers come from here on, and none of them writes.
      let seen = try store.read(name)
      guard let breaker = seen.breaker else { return ["it is gone: \(seen.damage ?? "")"] }
      if let wait = breaker.retryAfter(policy, at: seen.now), wait > .seconds(60) {
        complaints.append("\(jump): a wait of \(wait)")
      }
      if let until = breaker.hold?.until, until - seen.now > .seconds(60) { complaints.append("\(jump): held longer") }
    }
    clock.pass(60_000)
    let late = try store.read(name)
    if late.breaker?.wouldAdmit(policy, at: late.now) != true { complaints.append("still not admitted") }
    if late.breaker?.hold != nil { complaints.append("still held") }
    // And those who write.
    try run(.success, 9)
    let last = try store.read(name)
    if last.breaker?.state != .closed { complaints.append("a trial did not close it") }
    _ = try store.history(name, limit: 10)
    return complaints
  }
}
