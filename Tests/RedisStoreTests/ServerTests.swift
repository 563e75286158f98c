import Glibc
import Testing

@testable import RedisStore

@Suite("A real redis-server")
struct ServerTests {
  private static let shared: Result<RedisServer, any Error> = Result { try RedisServer() }
  private let server: RedisServer

  init() throws { server = try Self.shared.get() }

  @Test("answers over TCP, by number and by name, and over a unix socket")
  func waysToReachIt() throws {
    for url in [server.url, "redis://localhost:\(server.port)", "redis+unix://\(server.socketPath)"] {
      let client = try RedisServer.client(url)
      #expect(try client.say("PING") == .status(Array("PONG".utf8)), "\(url)")
    }
  }

  @Test("is found by a name that the system's resolver knows")
  func resolvedName() throws {
    // In capitals it is no name that we know ourselves; /etc/hosts takes it in any case of letters.
    let client = try RedisServer.client("redis://LOCALHOST:\(server.port)")
    #expect(try client.say("PING") == .status(Array("PONG".utf8)))
  }

  @Test("gives every kind of reply")
  func replies() throws {
    let client = try server.client()
    let script = "return {1, 'a', false, {'b', {2}}, redis.status_reply('fine'), redis.error_reply('MY no'), '\\0x'}"
    let reply = try client.say("EVAL", script, "0")
    #expect(
      reply
        == .array([
          .integer(1), .bulk([97]), .null, .array([.bulk([98]), .array([.integer(2)])]),
          .status(Array("fine".utf8)), .error(Array("MY no".utf8)), .bulk([0, 120]),
        ]))
  }

  @Test("keeps any bytes as they are")
  func anyBytes() throws {
    let client = try server.client()
    let key = Array("bytes".utf8) + [0, 13, 10, 255]
    let value = (0...255).map { UInt8($0) } + Array(repeating: 0, count: 300_000)
    _ = try client.command(.init([Array("SET".utf8), key, value], key: key), deadline: .after(.seconds(10)))
    let reply = try client.command(.init([Array("GET".utf8), key], key: key), deadline: .after(.seconds(10)))
    #expect(reply == .bulk(value))
    let empty = try client.command(.init([Array("ECHO".utf8), []]), deadline: .after(.seconds(10)))
    #expect(empty == .bulk([]))
  }

  @Test("uses the database of the URL, on the connection and not beyond it")
  func database() throws {
    let third = try server.client("/3")
    try third.say("SET", "only-in-3", "x")
    #expect(try server.client().say("GET", "only-in-3") == .null)
    #expect(try server.client("/3").say("GET", "only-in-3") == .bulk([120]))
    let problem = try redisError { try server.client("/99999").say("GET", "x") }
    #expect(problem.attempted == .select && problem.code == .server)
  }

  @Test("learns a script once, and runs it by its digest from then on")
  func scripts() throws {
    let client = try server.client()
    let script = Script("return {KEYS[1], ARGV[1], 'script-\(server.port)-\(getpid())'}")
    for _ in 0..<2 {
      let reply = try client.run(script, keys: [[107]], arguments: [[97, 0]], deadline: .after(.seconds(10)))
      #expect(reply.array?.prefix(2) == [.bulk([107]), .bulk([97, 0])])
    }
    #expect(try client.say("SCRIPT", "EXISTS", String(decoding: script.digest, as: UTF8.self)) == .array([.integer(1)]))
  }

  @Test("names what a script met: a wrong type, an error of its own, a syntax error")
  func scriptErrors() throws {
    let client = try server.client()
    try client.say("DEL", "list")
    try client.say("LPUSH", "list", "x")
    func code(_ source: String) throws -> RedisError.Code {
      try redisError {
        _ = try client.run(Script(source), keys: [Array("list".utf8)], arguments: [], deadline: .after(.seconds(10)))
      }.code
    }
    #expect(try code("return redis.call('GET', KEYS[1])") == .wrongType)
    #expect(try code("error('boom')") == .server)
    #expect(try code("return (") == .server)
    #expect(try client.say("PING") == .status(Array("PONG".utf8)), "the connection is none the worse for it")
  }

  @Test("answers a pipeline in order, an error among them")
  func pipeline() throws {
    let client = try server.client()
    let commands = (0..<2000).map { RedisClient.Command(["ECHO", "\($0)"]) } + [.init(["NOSUCH"]), .init(["PING"])]
    let replies = try client.pipeline(commands, deadline: .after(.seconds(20)))
    #expect(replies.count == 2002)
    #expect(replies[1999].string == "1999" && replies[2001].string == "PONG")
    guard case .error = replies[2000] else { throw TestFailure("no error") }
  }

  @Test("sends a pipeline that neither side's buffers hold")
  func largePipeline() throws {
    let client = try server.client()
    let value = String(repeating: "v", count: 1 << 20)
    let commands = (0..<8).map { _ in RedisClient.Command(["ECHO", value]) }
    let replies = try client.pipeline(commands, deadline: .after(.seconds(20)))
    #expect(replies.allSatisfy { $0.bytes?.count == 1 << 20 })
  }

  @Test("lists the keys of a prefix, whatever its characters, and no others")
  func listing() throws {
    let client = try server.client("/5")
    try client.say("FLUSHDB")
    let names = (0..<2500).map { "a*[b]?\\:\($0)" }
    let commands = (names + ["axb:1", "b", "a*[b]?:1"]).map { RedisClient.Command(["SET", $0, "1"]) }
    _ = try client.pipeline(commands, deadline: .after(.seconds(20)))
    let keys = try client.keys(withPrefix: Array("a*[b]?\\:".utf8), deadline: .after(.seconds(20)))
    #expect(Set(keys) == Set(names.map { Array($0.utf8) }) && keys.count == names.count)
    #expect(try client.keys(withPrefix: Array("none".utf8), deadline: .after(.seconds(20))).isEmpty)
  }

  @Test("is connected to again when it has closed an idle connection, without an error")
  func idleConnection() throws {
    // A server of its own: the connections of all others would go, too.
    let server = try RedisServer()
    let client = try server.client()
    try client.say("PING")
    #expect(client.isConnected)
    try server.client().say("CLIENT", "KILL", "TYPE", "normal")
    usleep(100_000)
    #expect(try client.say("PING") == .status(Array("PONG".utf8)))
    client.close()
    #expect(!client.isConnected)
    #expect(try client.say("PING") == .status(Array("PONG".utf8)))
  }

  @Test("tells doctor about itself")
  func facts() throws {
    let facts = try server.client().facts(deadline: .after(.seconds(10)))
    #expect(facts.version?.isEmpty == false && facts.role == "master" && facts.isCluster == false)
    #expect(facts.evictionPolicy == "noeviction" && facts.maximumMemory == 0 && (facts.usedMemory ?? 0) > 0)
    #expect(facts.latency > .zero && facts.latency < .seconds(5))
    #expect(facts.clockDifference.map { $0 > .seconds(-5) && $0 < .seconds(5) } == true)
    #expect(facts.denied.isEmpty && facts.tls == nil)
  }

  @Test("costs one round trip on a fresh connection, AUTH and SELECT and all")
  func roundTrips() throws {
    // A server that answers only when it has heard everything up to the command.
    let fake = FakeServer { descriptor in
      var input: [UInt8] = []
      var words: [String] = []
      while words != ["ECHO", "x"], let next = FakeServer.command(descriptor, &input) { words = next }
      FakeServer.send(descriptor, "+OK\r\n+OK\r\n*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n$1\r\nx\r\n")
    }
    let client = try RedisServer.client("redis://u:pw@127.0.0.1:\(fake.port)/2")
    #expect(try client.say("ECHO", "x") == .bulk([120]))
  }
}

@Suite("A redis-server with passwords")
struct PasswordTests {
  private static let shared: Result<RedisServer, any Error> = Result {
    try RedisServer([
      "--requirepass", "main secret",
      // The least that the transport needs; what scripts call comes on top.
      "--user", "cb", "on", ">leastpw", "~cb:*", "resetchannels", "-@all", "+evalsha", "+eval", "+role", "+get", "+set",
      "+scan", "+cluster|slots",
    ])
  }
  private let server: RedisServer

  init() throws { server = try Self.shared.get() }

  @Test("lets in who knows the password, from the URL, the variable or the file")
  func goodPasswords() throws {
    let scratch = TemporaryPlace()
    writeFile(scratch.path + "/pw", "main secret\n")
    #expect(try RedisServer.client("redis://:main%20secret@127.0.0.1:\(server.port)").say("PING").string == "PONG")
    #expect(try RedisServer.client(server.url, password: "main secret").say("PING").string == "PONG")
    let location = try RedisLocation.parse(
      server.bare + "?timeout=10s&connect-timeout=10s", environment: .init(file: scratch.path + "/pw"))
    #expect(try RedisClient(location).say("PING").string == "PONG")
    let unix = "redis+unix://default:main%20secret@\(server.socketPath)"
    #expect(try RedisServer.client(unix).say("PING").string == "PONG")
  }

  @Test("refuses a wrong password, no password, and an unknown user, and no error shows the password")
  func badPasswords() throws {
    for url in ["redis://:hunter2@127.0.0.1", "redis://127.0.0.1", "redis://nobody:hunter2@127.0.0.1"] {
      let problem = try redisError { try RedisServer.client("\(url):\(server.port)").say("GET", "x") }
      #expect(problem.code == .authentication, "\(url): \(problem)")
      #expect(!"\(problem)".contains("hunter2"))
      #expect(problem.attempted == (url.contains("@") ? .authenticate : .command("GET")))
    }
  }

  @Test("suffices with the least rights, and a denied command is a matter of authentication")
  func leastRights() throws {
    let client = try RedisServer.client("redis://cb:leastpw@127.0.0.1:\(server.port)")
    let script = Script("redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])")
    let reply = try client.run(
      script, keys: [Array("cb:x".utf8)], arguments: [[118]], deadline: .after(.seconds(10)))
    #expect(reply == .bulk([118]))
    #expect(try client.keys(withPrefix: Array("cb:".utf8), deadline: .after(.seconds(10))).count == 1)
    #expect(try redisError { try client.say("FLUSHALL") }.code == .authentication)
    #expect(try redisError { try client.say("GET", "other") }.code == .authentication)
    let denied = Script("return redis.call('DEL', KEYS[1])")
    let problem = try redisError {
      _ = try client.run(denied, keys: [Array("cb:x".utf8)], arguments: [], deadline: .after(.seconds(10)))
    }
    #expect(problem.code == .authentication)
    let facts = try client.facts(deadline: .after(.seconds(10)))
    #expect(facts.role == "master" && facts.version == nil && facts.evictionPolicy == nil)
    #expect(facts.denied == ["INFO", "CONFIG GET", "TIME"])
  }

  @Test("says so when a password is sent to a server that has none")
  func passwordForNothing() throws {
    let open = try RedisServer()
    let problem = try redisError { try RedisServer.client("redis://:x@127.0.0.1:\(open.port)").say("PING") }
    #expect(problem.code == .authentication && problem.attempted == .authenticate)
  }
}
