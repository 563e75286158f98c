import BreakerStore
import CircuitBreaker
import FileStore
import RedisStore
import System
import Testing

/// One contract, one suite, every store: whatever a store does with an event must be what the core does with it at
/// the time that the store gave it.
@Suite(.serialized) struct StoreConformanceTests {
  enum Kind: CaseIterable {
    case file
    case redis
  }

  /// A store on a place of its own, and another client of the same place.
  final class Place {
    let scratch: Scratch
    let server: RedisServer?

    init(_ kind: Kind) throws {
      scratch = try Scratch()
      server = kind == .redis ? try RedisServer() : nil
    }

    func store() throws -> any BreakerStorage {
      let random: @Sendable () -> UInt64 = {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
      }
      guard let server else {
        return FileStore(
          directory: DocumentDirectory(path: scratch.path + "/store"), clock: .system(), random: random)
      }
      return try RedisStore(
        RedisLocation.parse(server.url), outageDirectory: scratch.path, random: random)
    }
  }

  @Test(arguments: Kind.allCases, 1...6 as ClosedRange<UInt64>)
  func `A random sequence of events does what the core does`(kind: Kind, seed: UInt64) throws {
    let place = try Place(kind)
    let stores = try [place.store(), place.store()]
    let name = try BreakerName("db {\(seed)} % é")
    var random = SplitMix(seed: seed)
    var model: Breaker?
    var permits: [Permit] = []
    for round in 0..<120 {
      // Two clients in turn, so that neither can live on what it remembers.
      let store = stores[Int(random.next() % 2)]
      let event = Self.event(&random, &permits)
      let applied = try store.apply(event, to: name)
      if model == nil, let id = applied.breaker?.id { model = Breaker(id: id) }
      guard var expected = model else {
        #expect(applied.breaker == nil)
        continue
      }
      let step = expected.apply(event, at: applied.now)
      model = expected
      #expect(applied.step == step, "seed \(seed), round \(round), \(event)")
      #expect(Self.comparable(applied.breaker) == Self.comparable(expected), "seed \(seed), round \(round), \(event)")
      if case .admitted(let permit) = step.effect { permits.append(permit) }
      let reading = try stores[0].read(name)
      var seen = expected
      seen.settle(at: reading.now)
      #expect(Self.comparable(reading.breaker) == Self.comparable(seen), "seed \(seed), round \(round)")
    }
    let entries = try #require(try stores[1].history(name, limit: 1000))
    let numbers = entries.map(\.sequence)
    let first = try #require(model?.firstSequence), next = try #require(model?.nextSequence)
    #expect(numbers == Array(max(first, next - 1000)..<next))
  }

  @Test(arguments: Kind.allCases)
  func `What is only taken counts as what is applied, and whoever looks then sees it`(kind: Kind) throws {
    let place = try Place(kind)
    let stores = try [place.store(), place.store()]
    let name = try BreakerName("x")
    for round in 0..<150 {
      // Two clients in turn: neither has seen what the other reported.
      let store = stores[round % 2]
      let request = AdmissionRequest(token: Token(UInt64(round), 1), policy: Policy())
      let permit = try #require(try store.read(name).admitWithoutTrace(request))
      let verdict = Verdict(round % 3 == 0 ? .excluded : .success, reason: "exit 0")
      let report = RunReport(permit: permit, verdict: verdict, policy: Policy(), draw: 0)
      #expect(!report.mayChangeState)
      #expect(try store.take(.record(report), to: name).isEmpty)
    }
    let totals = try #require(try stores[0].read(name).breaker?.totals)
    #expect(totals.calls == 150 && totals.successes == 100 && totals.excluded == 50 && totals.stale == 0)
    // Nor does the log grow, or the key stay for ever.
    guard let server = place.server else { return }
    let fields = try #require(try server.client().say("HLEN", "cb:{x}").integer)
    let lives = try #require(try server.client().say("PTTL", "cb:{x}").integer)
    #expect(fields < 100 && lives > 0, "\(fields) fields, \(lives) ms to live")
  }

  @Test(arguments: Kind.allCases)
  func `Names, looks and removal`(kind: Kind) throws {
    let place = try Place(kind)
    let store = try place.store()
    let names = try ["b", "a b", "a/".dropLast() + "%2F", "{x}", "}", "é", "a.json", String(repeating: "é", count: 64)]
      .map { try BreakerName(String($0)) }
    #expect(try store.names() == [])
    for name in names {
      #expect(try store.read(name).breaker == nil)
      #expect(try store.history(name, limit: 10) == nil)
      _ = try store.apply(.open(.held, ManualAction(by: "me", reason: name.text)), to: name)
    }
    #expect(try store.names() == names.sorted())
    for name in names { #expect(try store.read(name).breaker?.hold?.reason == name.text) }
    var all: [BreakerName] = []
    try place.store().readAll { name, reading in
      all.append(name)
      #expect((try? reading.get())?.breaker?.state == .open)
    }
    #expect(all == names.sorted())
    for name in names {
      #expect(try store.remove(name))
      #expect(try store.remove(name) == false)
      #expect(try place.store().read(name).breaker == nil)
    }
    #expect(try store.names() == [])
  }

  @Test(arguments: Kind.allCases)
  func `A result that outlives its breaker makes none`(kind: Kind) throws {
    let place = try Place(kind)
    let store = try place.store()
    let name = try BreakerName("x")
    let opened = try store.apply(.halfOpen(ManualAction(by: "me")), to: name)
    let request = AdmissionRequest(token: Token(1, 2), policy: Policy())
    let admitted = try store.apply(.admit(request), to: name)
    guard case .admitted(let permit) = admitted.step.effect else {
      Issue.record("not admitted: \(admitted.step), \(opened.step)")
      return
    }
    #expect(permit.isTrial)
    #expect(try place.store().remove(name))
    let report = RunReport(permit: permit, verdict: Verdict(.failure, reason: "exit 1"), policy: Policy(), draw: 0)
    let late = try store.apply(.record(report), to: name)
    #expect(late.step.effect == .stale)
    #expect(late.breaker == nil)
    #expect(try place.store().read(name).breaker == nil)
  }

  /// What must agree: all but how much of the history is kept in the document.
  private static func comparable(_ breaker: Breaker?) -> Breaker? {
    var breaker = breaker
    breaker?.history = []
    return breaker
  }

  private static func event(_ random: inout SplitMix, _ permits: inout [Permit]) -> Event {
    var policy = Policy()
    policy.failMax = 2
    policy.halfOpenMax = 2
    policy.resetTimeout = Span(milliseconds: Int64(random.next() % 3))
    policy.resetBackoff = random.next() % 2 == 0 ? 1 : 2
    policy.jitter = 0.5
    policy.window = [nil, .runs(4), .time(.seconds(60))][Int(random.next() % 3)]
    policy.minCalls = 2
    policy.slowAfter = random.next() % 3 == 0 ? .seconds(1) : nil
    policy.maxConcurrent = random.next() % 4 == 0 ? 3 : nil
    policy.isResetTimeoutCallersOwn = random.next() % 2 == 0
    let action = ManualAction(by: "me@here", reason: random.next() % 2 == 0 ? "\"why\"\n\u{1B}" : nil)
    switch random.next() % 16 {
    case 0...4:
      return .admit(
        AdmissionRequest(
          token: Token(random.next(), random.next()), policy: policy, kind: random.next() % 4 == 0 ? .permit : .run,
          term: Span(milliseconds: Int64(1 + random.next() % 20_000)), holder: nil,
          announcesRejection: random.next() % 2 == 0))
    case 5...10:
      guard !permits.isEmpty else { return .reset(action) }
      let permit = permits[Int(random.next() % UInt64(permits.count))]
      if random.next() % 3 != 0 { permits.removeAll { $0 == permit } }
      let outcome = Outcome.allCases[Int(random.next() % 4)]
      return .record(
        RunReport(
          permit: permit,
          verdict: Verdict(
            outcome, reason: "exit 1", duration: Span(milliseconds: Int64(random.next() % 3000)),
            timedOut: random.next() % 5 == 0),
          policy: policy, draw: Double(random.next() % 100) / 100))
    case 11: return .open([.usual(policy), .lasting(Span(milliseconds: 1)), .held][Int(random.next() % 3)], action)
    case 12: return .close([.usual, .lasting(Span(milliseconds: 2)), .held][Int(random.next() % 3)], action)
    case 13: return .halfOpen(action)
    case 14:
      return .configure(
        SettingsChange(
          entries: [
            .init(key: "fail-max", values: ["3"]),
            .init(key: "exclude", values: random.next() % 2 == 0 ? ["3", "SIGINT"] : []),
          ], policy: policy, appliesToOpenCircuit: random.next() % 2 == 0, action: action))
    default: return permits.last.map { .lose([$0.token]) } ?? .reset(action)
    }
  }
}

/// A small seeded generator (Steele, Lea and Flood, 2014), so that a failure can be played again.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
