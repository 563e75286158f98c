import BreakerStore
import Glibc
import Testing

@testable import RedisStore

extension RedisReply {
  /// The reply as a server sends it.
  fileprivate var wire: [UInt8] {
    switch self {
    case .status(let bytes): Array("+".utf8) + bytes + Array("\r\n".utf8)
    case .error(let bytes): Array("-".utf8) + bytes + Array("\r\n".utf8)
    case .integer(let value): Array(":\(value)\r\n".utf8)
    case .bulk(let bytes): Array("$\(bytes.count)\r\n".utf8) + bytes + Array("\r\n".utf8)
    case .null: Array("$-1\r\n".utf8)
    case .array(let elements): Array("*\(elements.count)\r\n".utf8) + elements.flatMap(\.wire)
    }
  }
}

/// Servers and proxies that speak like Redis, in their own way (docs/CONTRACT.md, "Stores").
@Suite("A server that answers in its own way")
struct OddServerTests {
  private func ask(_ role: String, password: String = "") throws -> RedisReply {
    let server = FakeServer.answering { $0.first == "ROLE" ? role : nil }
    return try RedisServer.client("redis://\(password)127.0.0.1:\(server.port)").say("GET", "x")
  }

  @Test(
    "is used, whatever it says to ROLE that makes no sense",
    arguments: [
      "-ERR unknown command 'ROLE'\r\n", "-NOPERM this user has no permissions\r\n", "-\r\n", "$-1\r\n", "*0\r\n",
      "*-1\r\n",
      ":1\r\n", "+OK\r\n", "$6\r\nmaster\r\n",
      // A proxy's array for each shard.
      "*2\r\n*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n",
      "*5\r\n$7\r\nreplica\r\n$9\r\n127.0.0.1\r\n:6379\r\n$9\r\nconnected\r\n:0\r\n",
      "*5\r\n$14\r\nactive-replica\r\n$9\r\n127.0.0.1\r\n:6379\r\n$9\r\nconnected\r\n:0\r\n",
      "*1\r\n$7\r\nprimary\r\n", "*1\r\n:7\r\n", "*1\r\n$-1\r\n",
    ])
  func role(_ reply: String) throws {
    #expect(try ask(reply) == .status(Array("OK".utf8)))
  }

  @Test("is no reason for doctor to complain")
  func doctor() throws {
    let real = try RedisServer()
    let proxy = FakeServer { descriptor in
      guard let client = try? real.client() else { return }
      var input: [UInt8] = []
      while let words = FakeServer.command(descriptor, &input) {
        if words.first == "ROLE" {
          guard FakeServer.send(descriptor, "*1\r\n$7\r\nreplica\r\n") else { return }
          continue
        }
        guard let reply = try? client.pipeline([.init(words)], deadline: .after(.seconds(10)))[0],
          FakeServer.send(descriptor, reply.wire)
        else { return }
      }
    }
    let location = try RedisLocation.parse(proxy.url + "?timeout=60s&connect-timeout=60s")
    let checks = try RedisStore(location, outageDirectory: real.sandbox.path, random: { 7 }).checks()
    #expect(checks.allSatisfy { $0.verdict == .ok }, "\(checks)")
    #expect(checks.contains { $0.seen.contains("does not say whether it is a master") }, "\(checks)")
  }

  @Test("that is a replica or a sentinel is still told by ROLE")
  func knownRoles() throws {
    let replica = "*5\r\n$5\r\nslave\r\n$9\r\n127.0.0.1\r\n:6379\r\n$9\r\nconnected\r\n:0\r\n"
    #expect(try redisError { _ = try ask(replica) }.code == .readOnly)
    #expect(try redisError { _ = try ask("*2\r\n$8\r\nsentinel\r\n*0\r\n") }.detail.contains("sentinel"))
  }

  @Test(
    "and closes the connection at ROLE: the message names it, with a password before it and without",
    arguments: ["", ":pw@"])
  func closesAtRole(_ password: String) throws {
    let problem = try redisError { _ = try ask("", password: password) }
    #expect(problem.attempted == .checkRole && problem.code == .unreachable)
    #expect(problem.description.contains("ROLE: ") && problem.description.contains("proxy"), "\(problem)")
  }

  @Test("and closes at the command itself: ROLE, which was answered, is not blamed")
  func closesLater() throws {
    for role in ["*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n", "-NOPERM no permission to run the 'role' command\r\n"] {
      let server = FakeServer.answering { $0.first == "ROLE" ? role : $0.first == "GET" ? "" : nil }
      let problem = try redisError { _ = try RedisServer.client(server.url).say("GET", "x") }
      #expect(problem.code == .unreachable && problem.attempted == .command("GET"), "\(problem)")
      #expect(!problem.description.contains("ROLE") && !problem.description.contains("NOPERM"), "\(problem)")
    }
  }

  @Test("and says why before it closes: that is the reason")
  func saysWhy() throws {
    let server = FakeServer { FakeServer.send($0, "-ERR max number of clients reached\r\n") }
    let problem = try redisError { _ = try RedisServer.client(server.url).say("GET", "x") }
    #expect(problem.code == .busy, "\(problem)")
  }

  // MARK: Passwords

  @Test("and refuses a password that ends in a line break: the message names that and where it stands")
  func lineBreak() throws {
    let server = try RedisServer(["--requirepass", "pw"])
    let scratch = TemporaryPlace()
    let file = scratch.path + "/password"
    // One line end is an editor's; the second is part of the password.
    writeFile(file, "pw\n\n")
    func problem(_ environment: PasswordEnvironment, _ url: String) throws -> RedisError {
      try redisError {
        let client = try RedisClient(RedisLocation.parse(url, environment: environment))
        _ = try client.command(.init(["PING"]), deadline: .after(.seconds(10)))
      }
    }
    for end in ["\n", "\r\n", "\r"] {
      let variable = try problem(.init(password: Array("pw\(end)".utf8)), server.url)
      #expect(
        variable.code == .authentication && variable.description.contains("CB_REDIS_PASSWORD ends"), "\(variable)")
      #expect(!variable.description.contains("pw"), "\(variable)")
    }
    let fromFile = try problem(.init(file: file), server.url)
    #expect(fromFile.description.contains("\(file) ends in a line break"), "\(fromFile)")
    let fromURL = try problem(.init(), "redis://:pw%0A@127.0.0.1:\(server.port)")
    #expect(fromURL.description.contains("the password in the URL ends in a line break"), "\(fromURL)")
    #expect(try !problem(.init(password: Array("other".utf8)), server.url).description.contains("line break"))
  }
}
