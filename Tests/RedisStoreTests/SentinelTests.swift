import Glibc
import Synchronization
import Testing

@testable import RedisStore

@Suite("Sentinels")
struct SentinelTests {
  private func write(_ client: RedisClient, _ value: String) throws -> RedisReply {
    let script = Script("return redis.call('SET', KEYS[1], ARGV[1])")
    return try client.run(
      script, keys: [Array("cb:s".utf8)], arguments: [Array(value.utf8)], deadline: .after(.seconds(10)))
  }

  private static func located(_ port: UInt16) -> String {
    "*2\r\n$9\r\n127.0.0.1\r\n$\(String(port).utf8.count)\r\n\(port)\r\n"
  }

  @Test("after a failover the next run finds the new master, and a client that was connected does too")
  func failover() throws {
    let master = try RedisServer(["--repl-diskless-sync-delay", "0"])
    let replica = try RedisServer([
      "--replicaof", "127.0.0.1", String(master.port), "--repl-ping-replica-period", "1",
    ])
    let sentinel = try RedisServer(
      sentinel: """
        sentinel monitor cb-master 127.0.0.1 \(master.port) 1
        sentinel down-after-milliseconds cb-master 1000
        sentinel failover-timeout cb-master 10000

        """)
    // The first of the two does not answer: it must not stand in the way.
    let url = "redis-sentinel://127.0.0.1:1,127.0.0.1:\(sentinel.port)/cb-master"
    let connected = try RedisServer.client(url)
    #expect(try write(connected, "before").string == "OK")
    #expect(try connected.findHome(.after(.seconds(10))) == .tcp(host: "127.0.0.1", port: master.port))

    try eventually("the sentinel knows the replica, in sync") {
      let reply = try? RedisConnection(
        .tcp(host: "127.0.0.1", port: sentinel.port), tls: nil, greeting: .init(), deadline: .after(.seconds(5))
      ).exchange([["SENTINEL", "REPLICAS", "cb-master"].map { Array($0.utf8) }], deadline: .after(.seconds(5))).first
      let fields = reply?.array?.first?.array?.compactMap(\.string) ?? []
      guard let link = fields.firstIndex(of: "master-link-status"), link + 1 < fields.count else { return false }
      return fields[link + 1] == "ok" && (try? replica.client().facts(deadline: .after(.seconds(5)))) != nil
    }
    let order = try RedisConnection(
      .tcp(host: "127.0.0.1", port: sentinel.port), tls: nil, greeting: .init(), deadline: .after(.seconds(5)))
    let answer = try order.exchange(
      [["SENTINEL", "FAILOVER", "cb-master"].map { Array($0.utf8) }], deadline: .after(.seconds(5)))
    #expect(answer == [.status(Array("OK".utf8))])
    try eventually("a fresh client writes to the new master") {
      let client = try? RedisServer.client(url)
      guard let client, (try? write(client, "after")) != nil else { return false }
      return (try? client.findHome(.after(.seconds(1)))) == .tcp(host: "127.0.0.1", port: replica.port)
    }
    // The one that stayed connected meets READONLY, or a closed connection, at the old master, and finds the new one.
    try eventually("the connected client has moved") {
      (try? write(connected, "moved")) != nil
        && (try? connected.findHome(.after(.seconds(1)))) == .tcp(host: "127.0.0.1", port: replica.port)
    }
    #expect(try replica.client().say("GET", "cb:s").string == "moved")
  }

  @Test("a sentinel that names a replica is asked once more, beginning with another one")
  func staleSentinel() throws {
    let master = try RedisServer()
    let replica = try RedisServer(["--replicaof", "127.0.0.1", String(master.port)])
    let (old, new) = (replica.port, master.port)
    let stale = FakeServer.answering { $0.first == "SENTINEL" ? Self.located(old) : nil }
    let fresh = FakeServer.answering { $0.first == "SENTINEL" ? Self.located(new) : nil }
    let client = try RedisServer.client("redis-sentinel://127.0.0.1:\(stale.port),127.0.0.1:\(fresh.port)/m")
    // Reads as well as writes: a replica may be long out of date.
    #expect(try client.say("GET", "nothing") == .null)
    #expect(try client.findHome(.after(.seconds(1))) == .tcp(host: "127.0.0.1", port: new))
    let hopeless = try RedisServer.client("redis-sentinel://127.0.0.1:\(stale.port)/m")
    #expect(try redisError { try hopeless.say("GET", "nothing") }.code == .readOnly)
    #expect(try redisError { try hopeless.say("SET", "x", "1") }.code == .readOnly)
  }

  @Test("a master that nobody knows, and sentinels that are not there, are told apart")
  func unknownMaster() throws {
    let sentinel = FakeServer.answering { $0.first == "SENTINEL" ? "*-1\r\n" : nil }
    let url = "redis-sentinel://127.0.0.1:\(sentinel.port),127.0.0.1:1/nobody"
    let unknown = try redisError { try RedisServer.client(url).say("PING") }
    #expect(unknown.code == .clusterDown && unknown.detail.contains("'nobody'"), "\(unknown)")
    let absent = try redisError { try RedisServer.client("redis-sentinel://127.0.0.1:1,127.0.0.1:2/m").say("PING") }
    #expect(absent.code == .unreachable && absent.attempted == .connect)
  }

  @Test("a silent sentinel uses up its share of the time, not the others'")
  func silentSentinel() throws {
    let server = try RedisServer()
    let port = server.port
    let silent = FakeServer { descriptor in
      var byte: UInt8 = 0
      while recv(descriptor, &byte, 1, 0) > 0 {}
    }
    let good = FakeServer.answering { $0.first == "SENTINEL" ? Self.located(port) : nil }
    let client = try RedisServer.client(
      "redis-sentinel://127.0.0.1:\(silent.port),127.0.0.1:\(good.port)/m?timeout=2s&connect-timeout=2s")
    let reply = try client.command(.init(["PING"]), deadline: client.deadline())
    #expect(reply.string == "PONG")
  }

  @Test("the password goes to a sentinel that asks for it, and to no other")
  func passwords() throws {
    let server = try RedisServer(["--requirepass", "pw"])
    let port = server.port
    let asked = Counter()
    let open = FakeServer.answering { words in
      if words.first == "AUTH" { asked.value.add(1, ordering: .relaxed) }
      return words.first == "SENTINEL" ? Self.located(port) : nil
    }
    #expect(
      try RedisServer.client("redis-sentinel://:pw@127.0.0.1:\(open.port)/m").say("PING").string == "PONG")
    #expect(asked.value.load(ordering: .relaxed) == 0)
    let locked = FakeServer { descriptor in
      var input: [UInt8] = []
      var known = false
      while let words = FakeServer.command(descriptor, &input) {
        if words.first == "AUTH" { known = words.last == "pw" }
        let answer = words.first == "AUTH" ? "+OK\r\n" : known ? Self.located(port) : "-NOAUTH no\r\n"
        guard FakeServer.send(descriptor, answer) else { return }
      }
    }
    #expect(
      try RedisServer.client("redis-sentinel://:pw@127.0.0.1:\(locked.port)/m").say("PING").string == "PONG")
  }
}
