import Glibc
import Synchronization
import Testing

@testable import RedisStore

@Suite("A redis-server in trouble")
struct TroubleTests {
  @Test("is loading")
  func loading() throws {
    let server = try RedisServer()
    let client = try server.client()
    try client.say("DEBUG", "POPULATE", "4000")
    try client.say("SAVE")
    // 4000 keys, 10 ms each: it loads for longer than any test.
    let slowly = ["--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024"]
    #expect(server.start(slowly, until: "Loading RDB"))
    let problem = try redisError { try server.client().say("GET", "key:1") }
    #expect(problem.code == .loading && problem.meansAway, "\(problem)")
  }

  @Test("is a replica: neither its writes nor its answers are trusted")
  func replica() throws {
    let server = try RedisServer(["--replicaof", "127.0.0.1 1"])
    for words in [["SET", "x", "1"], ["GET", "x"]] {
      let problem = try redisError {
        _ = try server.client().command(.init(words), deadline: .after(.seconds(10)))
      }
      #expect(problem.code == .readOnly, "\(words) \(problem)")
    }
    #expect(try server.client().facts(deadline: .after(.seconds(10))).role == "replica of 127.0.0.1:1")
  }

  @Test("is out of memory, for a command and for a script")
  func outOfMemory() throws {
    let server = try RedisServer(["--maxmemory", "1", "--maxmemory-policy", "noeviction"])
    let client = try server.client()
    #expect(try redisError { try client.say("SET", "x", "1") }.code == .outOfMemory)
    let script = Script("redis.call('SET', KEYS[1], '1') return 1")
    let problem = try redisError {
      _ = try client.run(script, keys: [[120]], arguments: [], deadline: .after(.seconds(10)))
    }
    #expect(problem.code == .outOfMemory && problem.description.contains("maxmemory"))
  }

  @Test("is busy with a script that does not end")
  func busy() throws {
    let server = try RedisServer(["--busy-reply-threshold", "20"])
    let port = server.port
    FakeServer.thread {
      _ = try? RedisServer.client("redis://127.0.0.1:\(port)").say("EVAL", "while true do end", "0")
    }
    var code: RedisError.Code?
    try eventually("BUSY") {
      do {
        try server.client().say("GET", "x")
      } catch { code = (error as? RedisError)?.code }
      return code == .busy
    }
    #expect(code == .busy)
    try server.client("?timeout=10s").say("SCRIPT", "KILL")
  }

  @Test("has no connection left, and says so")
  func tooManyClients() throws {
    let server = try RedisServer(["--maxclients", "1"])
    let first = try server.client()
    try eventually("the first client is in") { (try? first.say("PING")) != nil }
    let problem = try redisError { try server.client().say("PING") }
    #expect(problem.code == .busy, "\(problem)")
  }

  @Test("is stopped: the step ends by its deadline and may have been applied")
  func stopped() throws {
    let server = try RedisServer()
    let client = try server.client("?timeout=300ms&connect-timeout=300ms")
    _ = try client.command(.init(["PING"]), deadline: .after(.seconds(10)))
    server.send(SIGSTOP)
    var problem: RedisError?
    let time = try duration {
      problem = try redisError { _ = try client.command(.init(["INCR", "n"]), deadline: client.deadline()) }
    }
    server.send(SIGCONT)
    #expect(problem?.code == .timedOut && problem?.mayHaveBeenApplied == true)
    #expect(time >= .milliseconds(300) && time < .seconds(5))
    #expect(try server.client().say("PING").string == "PONG", "a fresh connection works at once")
  }

  @Test("was killed: an open connection and a new one both say unreachable")
  func killed() throws {
    let server = try RedisServer()
    let client = try server.client()
    try client.say("PING")
    server.send(SIGKILL)
    for _ in 0..<2 {
      let problem = try redisError { try client.say("PING") }
      #expect(problem.code == .unreachable && problem.meansAway, "\(problem)")
    }
    let problem = try redisError { try RedisServer.client("redis+unix://\(server.socketPath)").say("PING") }
    #expect(problem.code == .unreachable && problem.attempted == .connect && !problem.mayHaveBeenApplied)
    #expect(try redisError { try RedisServer.client("redis+unix:///nonexistent/s").say("PING") }.code == .unreachable)
  }
}

@Suite("A server that does not keep to the protocol")
struct BadServerTests {
  private func problem(_ server: FakeServer, timeout: String = "10s") throws -> RedisError {
    try redisError {
      let client = try RedisServer.client(server.url + "?timeout=\(timeout)&connect-timeout=\(timeout)")
      _ = try client.command(.init(["GET", "x"]), deadline: client.deadline())
    }
  }

  @Test("drips a byte at a time: the deadline holds all the same")
  func drip() throws {
    let server = FakeServer { descriptor in
      for byte in Array(repeating: UInt8(ascii: "*"), count: 1) + Array(repeating: UInt8(ascii: "0"), count: 200) {
        guard FakeServer.send(descriptor, [byte]) else { return }
        usleep(50_000)
      }
    }
    var found: RedisError?
    let time = try duration { found = try problem(server, timeout: "250ms") }
    #expect(found?.code == .timedOut && found?.mayHaveBeenApplied == true)
    #expect(time >= .milliseconds(250) && time < .seconds(5))
  }

  @Test("floods: the deadline holds while every read finds bytes")
  func flood() throws {
    let server = FakeServer { descriptor in
      // An endless array of short strings, below every limit for a while.
      guard FakeServer.send(descriptor, "*1000000\r\n") else { return }
      let some = String(repeating: "$1\r\nx\r\n", count: 10)
      while FakeServer.send(descriptor, some) { usleep(1000) }
    }
    var found: RedisError?
    let time = try duration { found = try problem(server, timeout: "250ms") }
    #expect(found?.code == .timedOut && time < .seconds(5))
  }

  @Test("never answers")
  func silent() throws {
    let server = FakeServer { descriptor in
      var byte: UInt8 = 0
      while recv(descriptor, &byte, 1, 0) > 0 {}
    }
    var found: RedisError?
    let time = try duration { found = try problem(server, timeout: "200ms") }
    #expect(found?.code == .timedOut && found?.mayHaveBeenApplied == true && time < .seconds(5))
  }

  @Test(
    "says what is no reply",
    arguments: [
      "HTTP/1.1 400 Bad Request\r\n\r\n", "\u{0}\u{1}\u{2}", "?\r\n", ":notanumber\r\n", "$-5\r\n", "*-7\r\n",
      "$99999999999999999999\r\n", "*1000000000\r\n", "*2147483647\r\n", "*99999999999999999999\r\n",
      String(repeating: "*1\r\n", count: 50), "+OK\r\n?\r\n",
      "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n$1\r\nx\r\n+more\r\n",
      "%1\r\n+a\r\n+b\r\n", "\u{15}\u{3}\u{1}\u{0}\u{2}",
    ])
  func garbage(_ text: String) throws {
    let server = FakeServer { descriptor in
      FakeServer.send(descriptor, text)
      var byte: UInt8 = 0
      while recv(descriptor, &byte, 1, 0) > 0 {}
    }
    let found = try problem(server)
    #expect(found.code == .protocolGarbage, "\(found)")
    #expect(!found.description.unicodeScalars.contains { $0.value < 32 })
  }

  @Test("says half a reply and closes, or resets: the command may have been applied")
  func halfReply() throws {
    for reset in [false, true] {
      let server = FakeServer { descriptor in
        var input: [UInt8] = []
        _ = FakeServer.command(descriptor, &input)
        _ = FakeServer.command(descriptor, &input)
        FakeServer.send(descriptor, "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n$10\r\nhalf")
        if reset {
          var linger = linger(l_onoff: 1, l_linger: 0)
          setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        }
      }
      let found = try problem(server)
      #expect(found.code == .unreachable && found.mayHaveBeenApplied, "\(found)")
    }
  }

  @Test("resets while we write")
  func reset() throws {
    signal(SIGPIPE, SIG_DFL)
    let server = FakeServer { descriptor in
      var linger = linger(l_onoff: 1, l_linger: 0)
      setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    }
    for _ in 0..<8 {
      let client = try RedisServer.client(server.url)
      let found = try redisError { try client.say("SET", "x", String(repeating: "x", count: 2 << 20)) }
      #expect(found.code == .unreachable, "\(found)")
    }
  }

  @Test("sends a reply larger than we take, and we let go of it long before its end")
  func hugeReply() throws {
    let server = FakeServer { descriptor in
      FakeServer.send(descriptor, "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n$536870912\r\n")
      let block = Array(repeating: UInt8(0), count: 1 << 20)
      while FakeServer.send(descriptor, block) {}
    }
    let found = try problem(server, timeout: "60s")
    #expect(found.code == .protocolGarbage && found.detail.contains("larger"), "\(found)")
  }

  @Test("redirects for ever: five hops are followed")
  func endlessRedirection() throws {
    for word in ["MOVED", "ASK"] {
      let asked = Counter()
      // An empty host is the one that we have asked, and slot 1's owner is always the server itself.
      let port = Counter()
      let server = FakeServer.answering { words in
        guard words.first == "GET" else { return nil }
        asked.value.add(1, ordering: .relaxed)
        return "-\(word) 1 :\(port.value.load(ordering: .acquiring))\r\n"
      }
      port.value.store(Int(server.port), ordering: .releasing)
      let found = try problem(server)
      #expect(found.code == .redirection && found.detail.contains("5"), "\(found)")
      #expect(asked.value.load(ordering: .relaxed) == 6)
    }
  }

  @Test("redirects to nowhere")
  func senselessRedirection() throws {
    let server = FakeServer.answering { $0.first == "GET" ? "-MOVED 1 ?:6379\r\n" : nil }
    #expect(try problem(server).code == .redirection)
  }

  @Test("is a sentinel")
  func sentinel() throws {
    let server = FakeServer.answering { $0.first == "ROLE" ? "*2\r\n$8\r\nsentinel\r\n*0\r\n" : "-ERR unknown\r\n" }
    #expect(try problem(server).description.contains("redis-sentinel://"))
  }
}
