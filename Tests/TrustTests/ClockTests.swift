import BreakerStore
import CircuitBreaker
import FileStore
import Glibc
import Testing

@testable import RedisStore
@testable import System

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

/// A breaker on a store whose clocks are set by hand.
private struct ClockedStore {
  var apply: (Event) throws -> Step
  var look: () throws -> Reading
  /// Somebody changes something. Redis has but the server's clock, on which it is a change that a step is seen.
  var notice: () throws -> Void = {}

  init(_ kind: ClockTests.Kind, _ clock: HandClock) throws {
    let name = try BreakerName("x")
    switch kind {
    case .file:
      let place = Sandbox()
      let store = place.fileStore(clock.store)
      apply = { try store.apply($0, to: name).step }
      look = {
        _ = try store.history(name, limit: 10)
        return try store.read(name)
      }
    case .redis:
      // The time line that every client makes of the server's times; the server does no more than to stamp them.
      var log = EventLog()
      var number = 0
      let now = { Timestamp(milliseconds: clock.reading.wallMilliseconds) }
      apply = { event in
        number += 1
        return log.fold(event, id: String(number, radix: 16), at: now())?.step ?? Step(.stale)
      }
      notice = { [apply] in _ = try apply(.lose([])) }
      look = {
        var copy = log
        let time = copy.advance(to: now())
        var breaker = copy.breaker
        breaker?.settle(at: time)
        return Reading(breaker: breaker, now: time)
      }
    }
  }
}

@Suite struct ClockTests {
  enum Kind: CaseIterable, Sendable { case file, redis }

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

  @Test(arguments: Kind.allCases, Begin.allCases)
  func `no step of any clock keeps a circuit open longer than its timeout, and nothing fails`(
    kind: Kind, begin: Begin
  ) throws {
    for jump in HandClock.Jump.allCases {
      #expect(try Self.complaints(kind, begin, [jump], HandClock()) == [], "\(jump)")
    }
  }

  @Test(arguments: Kind.allCases)
  func `nor does any row of steps`(kind: Kind) throws {
    var random = SeededRandom(seed: Effort.seed)
    for _ in 0..<(100 * Effort.factor) {
      let begin = random.pick(Begin.allCases)
      let jumps = (0..<4).map { _ in random.pick(HandClock.Jump.allCases) }
      #expect(try Self.complaints(kind, begin, jumps, HandClock()) == [], "\(begin) \(jumps)")
    }
  }

  @Test func `what was held before a reboot is free when its lease has run out, and not before`() throws {
    let clock = HandClock()
    let store = try ClockedStore(.file, clock)
    var request = AdmissionRequest(token: Token(1, 0), policy: Self.policy)
    request.policy.maxConcurrent = 1
    request.holder = Holder(realm: "boot 1:4026531836", pid: 1, startTime: 1)
    _ = try store.apply(.admit(request))
    clock.reading = ClockReading(
      bootID: "boot 2", bootMilliseconds: 4000, wallMilliseconds: clock.reading.wallMilliseconds + 5000)
    clock.pass(9999)
    #expect(try store.look().breaker?.running == 1)
    clock.pass(1)
    #expect(try store.look().breaker?.running == 0)
    #expect(try store.look().breaker?.totals.lost == 1)
  }

  @Test(arguments: Kind.allCases, Begin.allCases)
  func `a clock that stands still is found out`(kind: Kind, begin: Begin) throws {
    let clock = HandClock()
    // Nothing that is waited for is over then; a closed circuit waits for nothing.
    clock.isFrozen = true
    let complaints = try Self.complaints(kind, begin, [.none], clock)
    #expect(complaints.isEmpty == [.closed, .halfOpen].contains(begin))
  }

  private static func complaints(
    _ kind: Kind, _ begin: Begin, _ jumps: [HandClock.Jump], _ clock: HandClock
  ) throws -> [String] {
    let store = try ClockedStore(kind, clock)
    let action = ManualAction(by: "a")
    func run(_ outcome: Outcome, _ number: Int) throws {
      let token = Token(UInt64(number), 0)
      let step = try store.apply(.admit(AdmissionRequest(token: token, policy: policy)))
      guard case .admitted(let permit) = step.effect else { return }
      let verdict = Verdict(outcome, reason: "exit 1")
      _ = try store.apply(.record(RunReport(permit: permit, verdict: verdict, policy: policy, draw: 0)))
    }
    switch begin {
    case .closed: try run(.success, 0)
    case .open: try run(.failure, 0)
    case .halfOpen: _ = try store.apply(.halfOpen(action))
    case .heldOpen: _ = try store.apply(.open(.lasting(.seconds(60)), action))
    case .heldClosed: _ = try store.apply(.close(.lasting(.seconds(60)), action))
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
      try store.notice()
      // The first look. Only readers come from here on, and none of them writes.
      let seen = try store.look()
      guard let breaker = seen.breaker else { return ["it is gone: \(seen.damage ?? "")"] }
      if let wait = breaker.retryAfter(policy, at: seen.now), wait > .seconds(60) {
        complaints.append("\(jump): a wait of \(wait)")
      }
      if let until = breaker.hold?.until, until - seen.now > .seconds(60) { complaints.append("\(jump): held longer") }
    }
    clock.pass(60_000)
    let late = try store.look()
    if late.breaker?.wouldAdmit(policy, at: late.now) != true { complaints.append("still not admitted") }
    if late.breaker?.hold != nil { complaints.append("still held") }
    // And those who write.
    try run(.success, 9)
    let last = try store.look()
    if last.breaker?.state != .closed { complaints.append("a trial did not close it") }
    return complaints
  }
}
