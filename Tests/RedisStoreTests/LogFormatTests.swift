import BreakerStore
import CircuitBreaker
import JSON
import StoreConformance
import Testing

@testable import RedisStore

/// What versions that share a server may rely on of each other (docs/FORMATS.md), and what a breaker costs there.
@Suite(.serialized) struct LogFormatTests {
  private let server: RedisServer
  private let client: RedisClient
  private let x: BreakerName
  private let y: BreakerName

  init() throws {
    server = try RedisServer()
    client = try server.client()
    x = try BreakerName("x")
    y = try BreakerName("y")
  }

  private func store() throws -> RedisStore {
    try RedisStore(
      RedisLocation.parse(server.url), outageDirectory: server.sandbox.path,
      random: {
        var generator = SystemRandomNumberGenerator(); return generator.next()
      })
  }

  private func append(_ json: String) throws {
    let next = Int(try client.say("HGET", "cb:{x}", "n").string ?? "") ?? 0
    _ = try client.say("HSET", "cb:{x}", "v", "1", "b", "0", "e\(next)", "1700000000000 \(json)", "n", String(next + 1))
  }

  /// The hash; its fields are in no order that lasts.
  private func fields() throws -> [String: String] {
    let words = try client.say("HGETALL", "cb:{x}").array?.compactMap(\.string) ?? []
    var fields: [String: String] = [:]
    for index in stride(from: 0, to: words.count, by: 2) { fields[words[index]] = words[index + 1] }
    return fields
  }

  private func kind(_ body: () throws -> Void) -> StoreError.Kind? {
    do {
      try body()
      return nil
    } catch {
      return (error as? StoreError)?.kind
    }
  }

  private static let byHand: [Event] = [
    .open(.held, ManualAction(by: "a")), .close(.usual, ManualAction(by: "a")), .halfOpen(ManualAction(by: "a")),
    .reset(ManualAction(by: "a")),
    .configure(
      SettingsChange(entries: [], policy: Policy(), appliesToOpenCircuit: false, action: ManualAction(by: "a"))),
  ]

  @Test(arguments: [
    #"{"e":"zap","id":"99"}"#, #"{"e":"reset","by":"a","zap":1,"id":"99"}"#,
    #"{"e":"open","p":{"zap":1,"v":1,"f":5,"r":1,"s":1,"h":1,"fr":1,"mc":1,"sr":1,"b":1,"rm":1,"j":0,"hm":1},"by":"a","id":"99"}"#,
  ])
  func `An event that this version does not know stops it for this breaker alone, and stays`(event: String) throws {
    _ = try store().apply(Self.byHand[0], to: x)
    _ = try store().apply(Self.byHand[0], to: y)
    // One that has read before the event came, and one that has not.
    let reader = try store()
    _ = try reader.read(x)
    try append(event)
    let before = try fields()
    for store in [reader, try store()] {
      for change in Self.byHand {
        guard case .newer(let what) = kind({ _ = try store.apply(change, to: x) }) else {
          Issue.record("\(change)")
          continue
        }
        #expect(what.contains("zap"))
      }
      guard case .newer = kind({ _ = try store.remove(x) }) else {
        Issue.record("removed")
        continue
      }
      guard case .newer = kind({ _ = try store.read(x) }) else {
        Issue.record("read")
        continue
      }
      #expect(try store.read(y).breaker?.state == .open)
      var seen: [BreakerName: Bool] = [:]
      try store.readAll { name, reading in seen[name] = (try? reading.get()) != nil }
      #expect(seen == [x: false, y: true])
    }
    #expect(try fields() == before)
  }

  @Test(arguments: ["v", "needs"])
  func `A higher format and a need stop this version for this breaker alone`(what: String) throws {
    _ = try store().apply(Self.byHand[0], to: x)
    if what == "v" {
      _ = try client.say("HSET", "cb:{x}", "v", "2")
    } else {
      for _ in 0..<30 { _ = try store().apply(Self.byHand[0], to: x) }
      let snapshot = try #require(try client.say("HGET", "cb:{x}", "s").string)
      _ = try client.say("HSET", "cb:{x}", "s", "{\"needs\":[\"zap\"]," + snapshot.dropFirst())
    }
    let before = try fields()
    guard case .newer = kind({ _ = try store().read(x) }), case .newer = kind({ _ = try store().remove(x) }),
      case .newer = kind({ _ = try store().apply(Self.byHand[0], to: x) })
    else {
      Issue.record("not newer")
      return
    }
    #expect(try fields() == before)
  }

  @Test func `Damage is an error until it is removed`() throws {
    _ = try store().apply(Self.byHand[0], to: x)
    try append(#"{"e":"reset","by":7,"id":"99"}"#)
    guard case .damagedLog = kind({ _ = try store().read(x) }) else {
      Issue.record("read")
      return
    }
    #expect(try store().remove(x))
    #expect(try store().read(x).breaker == nil)
  }

  @Test func `Unknown members of a snapshot outlive snapshots that follow it`() throws {
    let store = try store()
    for _ in 0..<30 { _ = try store.apply(Self.byHand[0], to: x) }
    let snapshot = try #require(try client.say("HGET", "cb:{x}", "s").string)
    _ = try client.say("HSET", "cb:{x}", "s", "{\"news\":[1,{\"é\":null}]," + snapshot.dropFirst())
    let other = try self.store()
    for _ in 0..<30 { _ = try other.apply(Self.byHand[3], to: x) }
    let last = try #require(try client.say("HGET", "cb:{x}", "s").string)
    #expect(last != snapshot && last.contains("\"news\":[1,{\"é\":null}]"))
  }

  @Test func `A breaker is one key below 6 kB, and its history the last thousand entries`() throws {
    let store = try store()
    var policy = Policy()
    policy.failMax = 100_000
    let caller = Caller(host: "web-17.example.org", pid: 123_456, user: "deploy")
    var most = 0
    for round in 0..<1100 {
      let permit = Permit(token: Token(UInt64(round), 1), breaker: nil, generation: 1, role: .ordinary, hasLease: false)
      let report = RunReport(
        permit: permit, verdict: Verdict(.failure, reason: "exit 1", duration: .seconds(1)), policy: policy,
        draw: 0.12345678901234567, caller: caller)
      _ = try store.apply(.record(report), to: x)
      guard round % 50 < 12 else { continue }
      var bytes = 0
      for (field, value) in try fields() where !field.hasPrefix("h") { bytes += field.utf8.count + value.utf8.count }
      // The ids of the last half minute, 8 bytes each: a herd's are as many as the herd.
      let snapshot = try JSONValue.parse(Array((try fields()["s"] ?? "{}").utf8))
      bytes -= snapshot["ids"]?.string?.utf8.count ?? 0
      most = max(most, bytes)
    }
    print("bytes of a breaker in the log: \(most)")
    #expect(most < 6000)
    #expect(try client.say("KEYS", "*").array?.count == 1)
    let entries = try #require(try self.store().history(x, limit: 5000))
    #expect(entries.map(\.sequence) == Array((entries.first?.sequence ?? 0)...1100))
    #expect((1000...1020).contains(entries.count))
  }

  // MARK: The clock

  @Test func `After a step back of the clock a look goes by a time that does not stand still`() throws {
    var log = EventLog()
    let start = Timestamp(milliseconds: 1_700_000_000_000)
    var policy = Policy()
    policy.failMax = 1
    policy.resetTimeout = .seconds(100)
    let permit = Permit(token: Token(1, 1), breaker: nil, generation: 1, role: .ordinary, hasLease: false)
    let report = RunReport(permit: permit, verdict: Verdict(.failure, reason: "exit 1"), policy: policy, draw: 0)
    _ = log.fold(.record(report), id: "1", at: start)
    _ = log.fold(.admit(AdmissionRequest(token: Token(2, 2), policy: policy)), id: "2", at: start + .seconds(50))
    func wait(_ seconds: Int64) -> Span? {
      let (breaker, now) = log.look(at: start + .seconds(seconds))
      return breaker?.retryAfter(policy, at: now)
    }
    // Set back by less than it has been open: the rest by the new clock, which runs.
    #expect(wait(30) == .seconds(70) && wait(31) == .seconds(69) && wait(100) == .zero)
    // Set back beyond the opening: due.
    #expect(wait(-1) == .zero && wait(-1000) == .zero)
    // Two servers that do not agree to the second: the later time.
    #expect(wait(49) == .seconds(50) && wait(50) == .seconds(50) && wait(51) == .seconds(49))
    // A change is counted from its own moment.
    let admitted = log.fold(.admit(AdmissionRequest(token: Token(3, 3), policy: policy)), id: "3", at: start)
    #expect(admitted?.step.effect != nil && wait(0) == .seconds(50) && wait(50) == .zero)
  }

  @Test func `After a step back of the clock a look does not believe a lease that would outlast itself`() throws {
    var log = EventLog()
    let start = Timestamp(milliseconds: 1_700_000_000_000)
    _ = log.fold(.halfOpen(ManualAction(by: "a")), id: "1", at: start)
    _ = log.fold(.admit(AdmissionRequest(token: Token(1, 1), policy: Policy())), id: "2", at: start)
    #expect(log.look(at: start).breaker?.trials == 1)
    #expect(log.look(at: start + .seconds(-60)).breaker?.trials == 0)
    // Whoever holds it renews it, and with that all times move.
    _ = log.fold(.renew(Token(1, 1), term: Lease.term), id: "3", at: start + .seconds(-60))
    #expect(log.look(at: start + .seconds(-59)).breaker?.trials == 1)
  }
}
