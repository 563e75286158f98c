import BreakerStore
import CircuitBreaker
import Glibc
import Synchronization
import Testing

@testable import RedisStore
@testable import System

/// What a look shows of places whose processes have ended.
@Suite struct LookTests {
  /// Stands between a client and a server; `between` is called once, when the next answer of the server is there and the
  /// client has not got it yet.
  final class Relay: @unchecked Sendable {
    private let between = Mutex<(@Sendable () -> Void)?>(nil)
    private(set) var front: FakeServer?

    var url: String { (front?.url ?? "") + "?" + RedisServer.patience }

    init(to server: RedisServer) throws {
      let port = server.port
      front = FakeServer { [weak self] client in
        let endpoint = RedisEndpoint.tcp(host: "127.0.0.1", port: port)
        guard let behind = try? Dialer.dial(endpoint, deadline: .after(.seconds(10))) else { return }
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
          var entries = [
            pollfd(fd: client, events: Int16(POLLIN), revents: 0),
            pollfd(fd: behind.descriptor, events: Int16(POLLIN), revents: 0),
          ]
          poll(&entries, 2, -1)
          for (index, entry) in entries.enumerated() where entry.revents != 0 {
            let count = recv(entry.fd, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            if index == 1 { self?.happen() }
            FakeServer.send(entries[1 - index].fd, Array(buffer[..<count]))
          }
        }
      }
    }

    func next(_ body: @escaping @Sendable () -> Void) { between.withLock { $0 = body } }

    private func happen() {
      let body = between.withLock { body in
        defer { body = nil }
        return body
      }
      body?()
    }
  }

  private static func store(_ url: String, _ directory: String) throws -> RedisStore {
    try RedisStore(
      RedisLocation.parse(url), outageDirectory: directory,
      random: { SystemRandomNumberGenerator.number() })
  }

  /// A process that is not there: this one, with another start.
  private static var dead: Holder {
    var holder = ProcessIdentity.current().holder
    holder.startTime += 1
    return holder
  }

  enum Look: CaseIterable, Sendable { case one, all }

  @Test(arguments: Look.allCases, [true, false])
  func `A trial that reports and ends while somebody looks is no lost one, and one that does not is`(
    look: Look, reports: Bool
  ) throws {
    let server = try RedisServer()
    let name = try BreakerName("x")
    let direct = try Self.store(server.url, server.sandbox.path)
    let relay = try Relay(to: server)
    let reader = try Self.store(relay.url, server.sandbox.path)
    // Twice: a reader that knows the log already, and one that has nothing.
    _ = try reader.read(name)
    _ = try direct.apply(.halfOpen(ManualAction(by: "a")), to: name)
    let request = AdmissionRequest(token: Token(1, 1), policy: Policy(), holder: Self.dead)
    guard case .admitted(let permit) = try direct.apply(.admit(request), to: name).step.effect else {
      throw TestFailure("not admitted")
    }
    let result = RunReport(permit: permit, verdict: Verdict(.success, reason: "exit 0"), policy: Policy(), draw: 0)
    let (url, directory) = (server.url, server.sandbox.path)
    if reports { relay.next { _ = try? Self.store(url, directory).apply(.record(result), to: name) } }
    var seen: Breaker?
    switch look {
    case .one: seen = try reader.read(name).breaker
    case .all: try reader.readAll { _, reading in seen = try? reading.get().breaker }
    }
    #expect(seen?.state == (reports ? .closed : .halfOpen))
    #expect(seen?.totals.lost == (reports ? 0 : 1))
    #expect(seen?.totals.successes == (reports ? 1 : 0))
    #expect(seen?.trials == 0)
  }

  @Test func `A look before a change takes one round trip, whoever is dead`() throws {
    let server = try RedisServer()
    let name = try BreakerName("x")
    let store = try Self.store(server.url, server.sandbox.path)
    _ = try store.apply(.halfOpen(ManualAction(by: "a")), to: name)
    _ = try store.apply(
      .admit(AdmissionRequest(token: Token(1, 1), policy: Policy(), holder: Self.dead)), to: name)
    let client = try server.client()
    func scripts() throws -> Int {
      let text = try client.say("INFO", "commandstats").string ?? ""
      let line = text.split(separator: "\r\n").first { $0.hasPrefix("cmdstat_evalsha:calls=") }
      return Int((line ?? "").drop { $0 != "=" }.dropFirst().prefix(while: \.isNumber)) ?? 0
    }
    let before = try scripts()
    #expect(try store.read(name, .beforeChange).breaker?.totals.lost == 1)
    #expect(try scripts() == before + 1)
    #expect(try store.read(name).breaker?.totals.lost == 1)
    #expect(try scripts() == before + 3)
  }
}

extension SystemRandomNumberGenerator {
  fileprivate static func number() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next()
  }
}
