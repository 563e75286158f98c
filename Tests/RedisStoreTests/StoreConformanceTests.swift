import BreakerStore
import CircuitBreaker
import FileStore
import RedisStore
import StoreConformance
import System
import Testing

/// One contract, one suite, every store: whatever a store does with an event must be what the core does with it at
/// the time that the store gave it.
@Suite(.serialized) struct StoreConformanceTests {
  enum Kind: CaseIterable {
    case file
    case redis
    case memory

    /// Those of which a second client sees what the first did.
    static let shared: [Kind] = [.file, .redis]
  }

  /// A store on a place of its own, and another client of the same place.
  final class Place {
    let scratch: TemporaryPlace
    let server: RedisServer?

    init(_ kind: Kind) throws {
      scratch = TemporaryPlace()
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

  @Test(arguments: Kind.allCases, 1...8 as ClosedRange<UInt64>)
  func `A random sequence of events does what the core does`(kind: Kind, seed: UInt64) throws {
    let place = try Place(kind)
    // Two clients in turn, so that neither can live on what it remembers.
    let stores: [any BreakerStorage] =
      if kind == .memory { [MemoryStore()] } else { try [place.store(), place.store()] }
    let name = try BreakerName("db {\(seed)} % é")
    #expect(try StoreConformance.randomSequence(seed: seed, name: name, stores: stores) == [])
  }

  @Test(arguments: Kind.shared)
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
      #expect(try store.submit(.record(report), to: name).isEmpty)
    }
    let totals = try #require(try stores[0].read(name).breaker?.totals)
    #expect(totals.calls == 150 && totals.successes == 100 && totals.excluded == 50 && totals.stale == 0)
    // Nor does the log grow, or the key stay for ever.
    guard let server = place.server else { return }
    let fields = try #require(try server.client().say("HLEN", "cb:{x}").integer)
    let lives = try #require(try server.client().say("PTTL", "cb:{x}").integer)
    #expect(fields < 100 && lives > 0, "\(fields) fields, \(lives) ms to live")
  }

  @Test(arguments: Kind.shared)
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

  @Test(arguments: Kind.shared)
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
}
