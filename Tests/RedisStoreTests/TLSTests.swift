import Glibc
import Testing

@testable import RedisStore

@Suite("A redis-server behind TLS")
struct TLSTests {
  private let certificates: Certificates

  init() throws { certificates = try Certificates.shared.get() }

  private static func server(_ name: String, clients: String) throws -> RedisServer {
    let all = try Certificates.shared.get()
    return try RedisServer(
      [
        "--tls-cert-file", all.path(name + ".crt"), "--tls-key-file", all.path(name + ".key"),
        "--tls-ca-cert-file", all.path("ca.crt"), "--tls-auth-clients", clients,
      ], tls: true)
  }

  private static let good: Result<RedisServer, any Error> = Result { try server("good", clients: "no") }
  private static let strict: Result<RedisServer, any Error> = Result { try server("good", clients: "yes") }

  private func client(_ server: RedisServer, _ query: String = "", host: String = "127.0.0.1") throws -> RedisClient {
    try RedisServer.client("rediss://\(host):\(server.port)?timeout=10s&connect-timeout=10s&" + query)
  }

  private var authority: String { "cacert=" + certificates.path("ca.crt") }

  private func reason(_ client: RedisClient) throws -> RedisError.TLSReason? {
    let problem = try redisError { try client.say("SET", "x", "1") }
    #expect(!problem.mayHaveBeenApplied)
    guard case .tls(let reason) = problem.code else { throw TestFailure("\(problem)") }
    return reason
  }

  @Test("is let in with the right authority, by address, by name, and by a name that sni states")
  func good() throws {
    let server = try Self.good.get()
    #expect(try client(server, authority).say("PING").string == "PONG")
    #expect(try client(server, authority, host: "localhost").say("PING").string == "PONG")
    #expect(try client(server, authority + "&sni=redis.example").say("PING").string == "PONG")
    let facts = try client(server, authority).facts(deadline: .after(.seconds(10)))
    #expect(facts.tls?.hasPrefix("TLSv1.") == true)
  }

  @Test("carries large values both ways, and pipelines")
  func large() throws {
    let client = try client(Self.good.get(), authority)
    let value = String(repeating: "v", count: 1 << 20)
    let replies = try client.pipeline(
      (0..<3).map { _ in .init(["ECHO", value]) }, deadline: .after(.seconds(20)))
    #expect(replies.allSatisfy { $0.bytes?.count == 1 << 20 })
    for _ in 0..<50 { #expect(try client.say("PING").string == "PONG") }
  }

  @Test("is refused when nobody we trust has signed for it: by the system's store, and by another authority")
  func unknownAuthority() throws {
    let server = try Self.good.get()
    #expect(try reason(client(server)) == .unknownAuthority)
    #expect(try reason(client(server, "cacert=" + certificates.path("other.crt"))) == .unknownAuthority)
  }

  @Test("is refused under a name or address that its certificate does not have")
  func wrongName() throws {
    let server = try Self.server("elsewhere", clients: "no")
    #expect(try reason(client(server, authority)) == .wrongName)
    #expect(try reason(client(server, authority, host: "localhost")) == .wrongName)
    #expect(try reason(client(Self.good.get(), authority + "&sni=wrong.example")) == .wrongName)
    #expect(try client(server, authority + "&sni=elsewhere.example").say("PING").string == "PONG")
  }

  @Test("is refused with an expired certificate")
  func expired() throws {
    let server = try Self.server("expired", clients: "no")
    #expect(try reason(client(server, authority)) == .expired)
  }

  @Test("is taken as it is with insecure=1, and only then")
  func insecure() throws {
    let server = try Self.server("expired", clients: "no")
    #expect(try client(server, "insecure=1").say("PING").string == "PONG")
    #expect(throws: RedisError.self) { try client(server, "insecure=0").say("PING") }
  }

  @Test("wants a client's certificate: none, a stranger's, and the right one")
  func clientCertificate() throws {
    let server = try Self.strict.get()
    #expect(try reason(client(server, authority)) == .clientCertificate)
    let other = "&cert=\(certificates.path("other.crt"))&key=\(certificates.path("other.key"))"
    #expect(try reason(client(server, authority + other)) == .clientCertificate)
    let right = "&cert=\(certificates.path("client.crt"))&key=\(certificates.path("client.key"))"
    #expect(try client(server, authority + right).say("PING").string == "PONG")
  }

  @Test("is refused before anything is sent when a file of ours cannot be used")
  func badFiles() throws {
    let key = "&key=" + certificates.path("other.key")
    for query in [
      "cacert=/nonexistent.pem", "cacert=/dev/null", "cert=/nonexistent.pem",
      "cert=" + certificates.path("client.crt") + key,
    ] {
      let client = try RedisServer.client("rediss://127.0.0.1:1?timeout=10s&" + query)
      #expect(try reason(client) == .setting, "\(query)")
    }
  }

  @Test("is missed when the port speaks plain text, and when a plain client meets TLS")
  func plainText() throws {
    let greeting = FakeServer { descriptor in
      FakeServer.send(descriptor, "-ERR unknown command\r\n")
      var byte: UInt8 = 0
      while recv(descriptor, &byte, 1, 0) > 0 {}
    }
    #expect(
      try reason(RedisServer.client("rediss://127.0.0.1:\(greeting.port)?timeout=10s&connect-timeout=10s")) == .notTLS)
    let plain = try RedisServer()
    // It may wait for the end of what it takes for a line, or find an error in it: both end in time.
    let time = try duration {
      let problem = try redisError {
        let client = try RedisServer.client("rediss://127.0.0.1:\(plain.port)?timeout=300ms&connect-timeout=300ms")
        _ = try client.command(.init(["PING"]), deadline: client.deadline())
      }
      #expect(problem.code == .tls(.notTLS) || problem.attempted == .tlsHandshake, "\(problem)")
    }
    #expect(time < .seconds(5))
    let server = try Self.good.get()
    let problem = try redisError { try server.client().say("PING") }
    #expect(problem.code == .unreachable && problem.detail.contains("rediss://"), "\(problem)")
  }

  @Test("cannot stretch the deadline by dripping its handshake")
  func drippingHandshake() throws {
    let server = FakeServer { descriptor in
      // The head of a handshake record of 16 kB, and then its bytes one by one.
      for byte in [0x16, 3, 3, 0x40, 0] + Array(repeating: UInt8(0), count: 200) {
        guard FakeServer.send(descriptor, [byte]) else { return }
        usleep(50_000)
      }
    }
    var found: RedisError?
    let time = try duration {
      found = try redisError {
        let client = try RedisServer.client("rediss://127.0.0.1:\(server.port)?timeout=200ms&connect-timeout=200ms")
        _ = try client.command(.init(["PING"]), deadline: client.deadline())
      }
    }
    #expect(
      found?.code == .timedOut && found?.attempted == .tlsHandshake && time < .seconds(5), "\(found.debugDescription)")
  }

  @Test("that resets does not kill us by SIGPIPE")
  func reset() throws {
    signal(SIGPIPE, SIG_DFL)
    let server = FakeServer { descriptor in
      var linger = linger(l_onoff: 1, l_linger: 0)
      setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    }
    for _ in 0..<8 {
      #expect(throws: RedisError.self) {
        try RedisServer.client("rediss://127.0.0.1:\(server.port)?insecure=1").say("PING")
      }
    }
  }
}
