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
  }

  /// A store on a place of its own, and the clients of it.
  final class Place {
    let scratch = TemporaryPlace()
    let server: RedisServer?
    private let memory: MemoryStore?

    init(_ kind: Kind) throws {
      server = kind == .redis ? try RedisServer() : nil
      memory = kind == .memory ? MemoryStore() : nil
    }

    /// Another client; of the store in memory there is one.
    func store() throws -> any BreakerStorage {
      if let memory { return memory }
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

    /// Two clients, so that neither can live on what it remembers.
    func stores() throws -> [any BreakerStorage] { try [store(), store()] }
  }

  /// What `check` finds wrong with a store of a place of its own.
  private func faults(
    _ kind: Kind, _ check: ([any BreakerStorage]) throws -> [String]
  ) throws -> [String] {
    let place = try Place(kind)
    return try withExtendedLifetime(place) { try check(place.stores()) }
  }

  @Test(arguments: Kind.allCases, 1...8 as ClosedRange<UInt64>)
  func `A random sequence of events does what the core does`(kind: Kind, seed: UInt64) throws {
    let name = try BreakerName("db {\(seed)} % é")
    #expect(try faults(kind) { try StoreConformance.randomSequence(seed: seed, name: name, stores: $0) } == [])
  }

  @Test(arguments: Kind.allCases)
  func `What is only taken counts as what is applied, and a client that looks then sees it`(kind: Kind) throws {
    let place = try Place(kind)
    #expect(try StoreConformance.taken(name: BreakerName("x"), stores: place.stores()) == [])
    // Nor does the log grow, or the key stay for ever.
    guard let server = place.server else { return }
    let fields = try #require(try server.client().say("HLEN", "cb:{x}").integer)
    let lives = try #require(try server.client().say("PTTL", "cb:{x}").integer)
    #expect(fields < 100 && lives > 0, "\(fields) fields, \(lives) ms to live")
  }

  @Test(arguments: Kind.allCases)
  func `Names, looks and removal`(kind: Kind) throws {
    #expect(try faults(kind) { try StoreConformance.names(stores: $0) } == [])
  }

  @Test(arguments: Kind.allCases)
  func `A result that outlives its breaker makes none`(kind: Kind) throws {
    let name = try BreakerName("x")
    #expect(try faults(kind) { try StoreConformance.lateResult(name: name, stores: $0) } == [])
  }
}
