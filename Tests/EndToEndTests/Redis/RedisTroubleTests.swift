import Glibc
import Testing

/// What can be wrong with a Redis store when a run asks for admission.
enum RedisTrouble: String, CaseIterable, CustomTestStringConvertible {
  case absent, stopped, wrongType, foreignHash, newerFormat, replica, noPassword, wrongPassword
  case asleep, busy, loading, full, cannotSave

  var testDescription: String { rawValue }

  /// A word of the message.
  var sign: String {
    switch self {
    case .absent: "refused"
    case .stopped: "no answer in time"
    case .wrongType: "another prefix"
    case .foreignHash: "not cb's"
    case .newerFormat: "does not know; update cb"
    case .replica: "replica"
    case .noPassword: "NOAUTH"
    case .wrongPassword: "WRONGPASS"
    case .asleep: "no answer in time"
    case .busy: "BUSY"
    case .loading: "LOADING"
    case .full: "maxmemory"
    case .cannotSave: "MISCONF"
    }
  }

  /// Whether the server tells an ordinary client what is under a key.
  var answersDump: Bool {
    switch self {
    case .absent, .stopped, .noPassword, .wrongPassword, .asleep, .busy, .loading: false
    case .wrongType, .foreignHash, .newerFormat, .replica, .full, .cannotSave: true
    }
  }

  var url: String {
    switch self {
    case .stopped, .asleep: "timeout=400ms&connect-timeout=400ms"
    default: RedisServer.patience
    }
  }

  /// A server in this trouble, and the URL for it.
  func server() throws -> (RedisServer, url: String) {
    let server = try RedisServer(["--busy-reply-threshold", "20", "--enable-protected-configs", "yes"])
    var user = ""
    switch self {
    case .absent: server.stop()
    case .stopped: server.send(SIGSTOP)
    case .wrongType: server.cli("SET", "cb:{x}", "theirs")
    case .foreignHash: server.cli("HSET", "cb:{x}", "theirs", "1")
    case .newerFormat: server.cli("HSET", "cb:{x}", "v", "2", "n", "0", "b", "0")
    case .replica: server.cli("REPLICAOF", "127.0.0.1", "1")
    case .noPassword: server.cli("CONFIG", "SET", "requirepass", "sesame")
    case .wrongPassword:
      server.cli("CONFIG", "SET", "requirepass", "sesame")
      user = "anna:pa55%2Fword@"
    case .asleep: putToSleep(server)
    case .busy:
      sleeper = server.sandbox.start(
        ["/usr/bin/redis-cli", "-p", String(server.port), "EVAL", "while true do end", "0"])
      #expect(eventually { server.cli("PING").contains("BUSY") })
    case .loading:
      // 4000 keys, 10 ms each: it loads for longer than any test.
      server.cli("DEBUG", "POPULATE", "4000")
      server.cli("SAVE")
      server.stop()
      let slowly = ["--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024"]
      #expect(server.start(slowly, until: "Loading RDB"))
    case .full:
      #expect(Sandbox(store: server.url).cb("close", "x").status == .exited(0))
      server.cli("CONFIG", "SET", "maxmemory", "1")
    case .cannotSave:
      #expect(Sandbox(store: server.url).cb("close", "x").status == .exited(0))
      // Where it is to save is gone.
      let directory = server.sandbox.path + "/gone"
      mkdir(directory, 0o700)
      server.cli("CONFIG", "SET", "dir", directory)
      server.cli("CONFIG", "SET", "save", "36000 1000000")
      rmdir(directory)
      server.cli("BGSAVE")
      #expect(eventually { server.cli("INFO", "persistence").contains("rdb_last_bgsave_status:err") })
    }
    return (server, "redis://\(user)127.0.0.1:\(server.port)?\(url)")
  }
}

nonisolated(unsafe) private var sleeper: Running?

/// DEBUG SLEEP blocks whoever says it as well. In one transaction with a line of the log: once that can be read, nothing
/// is served any more, however slow the machine.
private func putToSleep(_ server: RedisServer) {
  let words = "MULTI\\nDEBUG LOG goes-to-sleep\\nDEBUG SLEEP 600\\nEXEC\\n"
  sleeper = server.sandbox.start(["/bin/sh", "-c", "printf '\(words)' | redis-cli -p \(server.port)"])
  #expect(eventually { server.sandbox.read("log")?.contains("goes-to-sleep") == true })
}

@Suite(.serialized) struct RedisTroubleTests {
  @Test(arguments: RedisTrouble.allCases)
  func `Before admission each trouble ends in one line and what on-store-error says`(trouble: RedisTrouble) throws {
    let (server, url) = try trouble.server()
    let before = trouble.answersDump ? server.cli("DUMP", "cb:{x}") : nil
    for policy in ["local", "run", "reject"] {
      // A host each: none remembers the outage of another.
      let sandbox = Sandbox(store: url)
      let options = ["--fail-max", "2", "--on-store-error", policy]
      let first = sandbox.start(
        [Programs.cb, "run"] + options + ["x", "--", "/bin/sh", "-c", "echo out; echo ran >>ran; exit 3"]
      ).wait(seconds: 60)
      #expect(first.isOneMessage && first.errorText.contains(trouble.sign), "\(policy): \(first.errorText)")
      #expect(!first.errorText.contains("pa55") && !first.errorText.contains("sesame"))
      if policy == "reject" {
        #expect(first.status == .exited(125) && first.output.isEmpty)
        #expect(sandbox.read("ran") == nil)
        continue
      }
      #expect(first.status == .exited(3) && first.outputText == "out\n", "\(policy): \(first.errorText)")
      guard policy == "local" else { continue }
      // The stand-in counts and trips, and keeps the history.
      _ = sandbox.run("--fail-max", "2", "--quiet", sh: "exit 3")
      let third = sandbox.run("--fail-max", "2", sh: "echo ran >>ran")
      #expect(third.status == .exited(75) && third.errorText.contains("circuit open"), "\(third.errorText)")
      #expect(sandbox.lines("ran").count == 1)
      let history = sandbox.cb("history", "x", "--store", sandbox.standIn).outputText
      #expect(history.contains("exit 3") && history.contains("open"))
    }
    if trouble == .wrongType { #expect(server.cli("GET", "cb:{x}") == "theirs\n") }
    if trouble == .foreignHash { #expect(server.cli("HGETALL", "cb:{x}") == "theirs\n1\n") }
    if let before { #expect(server.cli("DUMP", "cb:{x}") == before) }
  }

  @Test(arguments: RedisTrouble.allCases.filter { $0 != .noPassword && $0 != .asleep })
  func `Manual commands never pretend`(trouble: RedisTrouble) throws {
    let (server, url) = try trouble.server()
    defer { withExtendedLifetime(server) {} }
    let commands = [
      ["open", "x"], ["close", "x", "--hold"], ["half-open", "x"], ["reset", "x"], ["set", "x", "fail-max=3"],
    ]
    // A host that remembers the outage asks all the same: each names the trouble itself.
    let sandbox = Sandbox(store: url)
    for words in commands {
      let result = sandbox.start([Programs.cb] + words).wait(seconds: 60)
      #expect(result.status == .exited(1), "\(words)")
      #expect(result.output.isEmpty && result.isOneMessage, "\(words): \(result.outputText)\(result.errorText)")
      #expect(result.errorText.contains(trouble.sign) && !result.errorText.contains("pa55"), "\(result.errorText)")
    }
  }

  enum Blow: String, CaseIterable, CustomTestStringConvertible {
    case stop, kill, pause, debugSleep, demote, full, emptied
    var testDescription: String { rawValue }
  }

  @Test(arguments: Blow.allCases)
  func `A blow between admission and report costs neither the count nor CMD's output or exit code`(blow: Blow) throws {
    let server = try RedisServer()
    let sandbox = Sandbox(store: server.bare + "?timeout=3s&connect-timeout=3s")
    let running = sandbox.runInFlight()
    switch blow {
    case .stop: server.send(SIGSTOP)
    case .kill: server.stop()
    case .pause: server.cli("CLIENT", "PAUSE", "600000", "ALL")
    case .debugSleep: putToSleep(server)
    case .demote: server.cli("REPLICAOF", "127.0.0.1", "1")
    case .full: server.cli("CONFIG", "SET", "maxmemory", "1")
    case .emptied:
      server.stop()
      #expect(server.start())
    }
    let result = running.end(7)
    #expect(result.status == .exited(7) && result.outputText == "up\n")
    if blow == .emptied {
      #expect(result.error.isEmpty, "\(result.errorText)")
      return
    }
    #expect(result.isOneMessage && result.errorText.contains("counted by the stand-in"), "\(result.errorText)")
    if blow == .full { #expect(result.errorText.contains("maxmemory")) }
    let standIn = sandbox.cb("history", "x", "--store", sandbox.standIn).outputText
    #expect(standIn.contains("exit 7"), "\(standIn)")
  }

  @Test(arguments: ["local", "run", "reject"])
  func `A Redis that dies while CMD runs: local counts and trips by the file store, the others say that nothing is`(
    policy: String
  ) throws {
    let server = try RedisServer()
    let sandbox = Sandbox(store: server.url)
    let options = ["--fail-max", "1", "--on-event", "any=file:events", "--on-store-error", policy]
    let script = "echo up; read code; echo err >&2; exit $code"
    let running = sandbox.start(
      [Programs.cb, "run"] + options + ["x", "--", "/bin/sh", "-c", script], input: nil)
    #expect(running.expect("up", seconds: 60))
    server.stop()
    let result = running.end(7)
    #expect(result.status == .exited(7) && result.outputText == "up\n")
    let lines = result.errorText.split(separator: "\n" as Character)
    #expect(lines.first == "err", "\(lines)")
    let events = sandbox.lines("events").compactMap {
      String($0).parts(between: "\"event\":\"").last?.prefix { $0 != "\"" }
    }
    guard policy == "local" else {
      #expect(lines.count == 2 && lines[1].contains("not counted"), "\(lines)")
      #expect(sandbox.cb("get", "x", "state", "--store", sandbox.standIn).status == .exited(1))
      #expect(events == ["before-call"])
      return
    }
    #expect(lines.count == 3 && lines[1].contains("counted by the stand-in"), "\(lines)")
    #expect(lines.last?.contains("circuit opened") == true, "\(lines)")
    #expect(events == ["before-call", "failure", "state-change"])
    // The outage is known, and the stand-in's circuit open.
    #expect(sandbox.run("--fail-max", "1", sh: "echo ran").status == .exited(75))
  }

  @Test func `A result that meets an open circuit on the stand-in is late news there`() throws {
    let server = try RedisServer()
    let sandbox = Sandbox(store: server.url)
    let running = sandbox.runInFlight()
    server.stop()
    let first = sandbox.run("--fail-max", "1", sh: "exit 3")
    #expect(first.errorText.contains("circuit opened"), "\(first.errorText)")
    let result = running.end(0)
    // The outage is no news by now.
    #expect(result.status == .exited(0) && result.error.isEmpty, "\(result.errorText)")
    let status = sandbox.cb("status", "x", "--json", "--store", sandbox.standIn).outputText
    #expect(status.contains("\"stale\": 1") && status.contains("\"calls\": 1"), "\(status)")
  }

  @Test func `A trial that comes back to an emptied server is stale, and leaves nothing for long`() throws {
    let server = try RedisServer()
    let sandbox = Sandbox(store: server.url)
    #expect(sandbox.cb("half-open", "x").status == .exited(0))
    let trial = sandbox.runInFlight()
    server.stop()
    #expect(server.start())
    let result = trial.end(9)
    #expect(result.status == .exited(9) && result.error.isEmpty, "\(result.errorText)")
    #expect(sandbox.cb("get", "x", "state").status == .exited(1))
    let left = Int(server.cli("PTTL", "cb:{x}").dropLast()) ?? -1
    #expect(left == -2 || (left > 0 && left <= 60_000), "\(left)")
  }

  @Test func `A result of a breaker that was made anew meanwhile changes nothing in it`() throws {
    let server = try RedisServer()
    let sandbox = Sandbox(store: server.url)
    for _ in 1...3 { _ = sandbox.run("--quiet", sh: "exit 1") }
    let running = sandbox.runInFlight("--fail-max", "4")
    #expect(sandbox.cb("remove", "x").status == .exited(0))
    for _ in 1...4 { _ = sandbox.run("--quiet", sh: "exit 0") }
    let late = running.end(1)
    #expect(late.status == .exited(1) && late.error.isEmpty, "\(late.errorText)")
    #expect(sandbox.get("state") == "closed")
    #expect(sandbox.get("fail-counter") == "0")
    #expect(sandbox.number("stale") == 1)
    #expect(sandbox.number("successes") == 4)
  }

  @Test func `After a failure Redis is left alone, and only the first run says so`() throws {
    let server = try RedisServer()
    let sandbox = Sandbox(store: server.bare + "?timeout=1s&connect-timeout=1s")
    server.send(SIGSTOP)
    let first = sandbox.run(sh: "exit 0")
    #expect(first.status == .exited(0) && first.isOneMessage)
    let waiting = server.waiting
    #expect(waiting > 0)
    let second = sandbox.run(sh: "exit 4")
    #expect(second.status == .exited(4) && second.error.isEmpty, "\(second.errorText)")
    // No connection was tried.
    #expect(server.waiting == waiting)
    server.send(SIGCONT)
    // Back after the rest; the count is Redis's again.
    #expect(
      eventually(seconds: 30) {
        _ = sandbox.run("--quiet", sh: "exit 0")
        return server.cli("EXISTS", "cb:{x}").hasPrefix("1")
      })
  }

  @Test func `The password shows nowhere: not in output, not in listeners, not in CMD's arguments`() throws {
    let server = try RedisServer(["--requirepass", "se5ame"])
    for way in ["url", "variable", "file"] {
      let user = way == "url" ? ":se5ame@" : ""
      let sandbox = Sandbox(store: "redis://\(user)127.0.0.1:\(server.port)?\(RedisServer.patience)")
      switch way {
      case "variable": sandbox.environment["CB_REDIS_PASSWORD"] = "se5ame"
      case "file": sandbox.environment["CB_REDIS_PASSWORD_FILE"] = sandbox.file("password", "se5ame\n", mode: 0o600)
      default: break
      }
      var said = ""
      let listener = "any=env >>seen; cat >>seen; tr '\\0' ' ' </proc/self/cmdline >>seen"
      for words in [
        ["run", "--fail-max", "1", "--on-event", listener, "x", "--", "false"], ["run", "x", "--", "true"], ["status"],
        ["status", "--json"], ["history"], ["metrics"], ["doctor"], ["open", "x"], ["close", "x"], ["remove", "x"],
        ["get", "y", "state"],
      ] {
        let result = sandbox.start([Programs.cb] + words).wait(seconds: 60)
        said += result.outputText + result.errorText
      }
      #expect(said.contains("circuit opened") && said.contains("A run is guarded"), "\(said)")
      #expect(!said.contains("se5ame"), "\(way): \(said)")
      let seen = sandbox.read("seen") ?? ""
      #expect(seen.contains("CB_EVENT="))
      #expect(!seen.contains("se5ame"), "\(way): a listener sees the password")
    }
  }

  @Test func `CMD has no descriptor of cb's, and SIGPIPE as it was`() throws {
    let sandbox = Sandbox(store: SharedRedis.url + "&prefix=fd:")
    _ = sandbox.cb("half-open", "x")
    for number in 1...2 {
      // A trial, which keeps a lease, and a run of a closed circuit.
      let run = sandbox.run(
        "--on-event", "before-call=ls -l /proc/self/fd >seen", sh: "ls -l /proc/self/fd; grep Sig /proc/self/status")
      #expect(run.status == .exited(0))
      let sockets = (run.outputText + (sandbox.read("seen") ?? "")).split(separator: "\n" as Character)
        .filter { $0.contains("socket:") }
      #expect(sockets.isEmpty, "run \(number): \(sockets)")
      #expect(Self.ignoresPipe(run.outputText) == false)
    }
    let ignoring = sandbox.start([
      "/bin/sh", "-c", "trap '' PIPE; exec \"$0\" run x -- grep SigIgn /proc/self/status", Programs.cb,
    ]).wait(seconds: 60)
    #expect(Self.ignoresPipe(ignoring.outputText) == true, "\(ignoring.outputText)")
  }

  /// What `/proc/self/status` says of SIGPIPE (13); the test run may have others ignored.
  private static func ignoresPipe(_ status: String) -> Bool? {
    status.split(separator: "\n" as Character).first { $0.hasPrefix("SigIgn:\t") }
      .flatMap { UInt64($0.dropFirst(8), radix: 16) }.map { $0 & 0x1000 != 0 }
  }

  /// The ACL of cb-config(5), as it stands there.
  @Test func `The least rights that the manual lists suffice for every command`() throws {
    let sandbox = Sandbox()
    let page = sandbox.execute(["/bin/cat", Programs.packageRoot + "/man/cb-config.5"]).outputText
    let lines = page.split(separator: "\n" as Character)
    let start = try #require(lines.firstIndex { $0.hasPrefix("ACL SETUSER cb") })
    let rule = lines[start...].prefix { $0 != ".Ed" }.joined(separator: " ").parts(between: "\\").joined()
      .split(separator: " " as Character).map { $0 == ">PASSWORD" ? ">pw" : String($0) }
    let server = try RedisServer()
    let made = sandbox.execute(["/usr/bin/redis-cli", "-p", String(server.port)] + rule).outputText
    #expect(made == "OK\n", "\(rule): \(made)")
    sandbox.environment["CB_STORE"] = "redis://cb:pw@127.0.0.1:\(server.port)?\(RedisServer.patience)"
    for _ in 1...40 { #expect(sandbox.run("--quiet", "--fail-max", "100", sh: "exit 1").errorText == "") }
    for words in [
      ["status"], ["history"], ["metrics"], ["open", "x"], ["close", "x"], ["half-open", "x"],
      ["set", "x", "fail-max=9"], ["reset", "x"], ["check", "x"], ["get", "x", "state"], ["doctor"], ["remove", "x"],
    ] {
      let result = sandbox.start([Programs.cb] + words).wait(seconds: 60)
      #expect(result.status == .exited(0), "\(words): \(result.outputText)\(result.errorText)")
      #expect(!(result.outputText + result.errorText).contains("NOPERM"), "\(words)")
    }
  }

  /// That right matters in a cluster only: there a list without it would lack what is on other nodes.
  @Test func `Without the right to ask for a cluster's nodes a single server can be listed, and a cluster cannot`()
    throws
  {
    let rights = "on >pw resetkeys ~cb:* -@all +eval +evalsha +time +hmget +hget +scan +ping +role"
    let alone = try RedisServer()
    let node = try RedisServer([
      "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-port", "PORT2",
    ])
    node.cli("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
    #expect(eventually(seconds: 60) { node.cli("CLUSTER", "INFO").contains("cluster_state:ok") })
    for (server, code) in [(alone, Int32(0)), (node, 1)] {
      let sandbox = Sandbox(store: server.url)
      #expect(sandbox.cb("open", "x").status == .exited(0))
      let words = ["/usr/bin/redis-cli", "-p", String(server.port), "ACL", "SETUSER", "looker"]
      #expect(sandbox.execute(words + rights.split(separator: " ").map(String.init)).outputText == "OK\n")
      sandbox.environment["CB_STORE"] = "redis://looker:pw@127.0.0.1:\(server.port)?\(RedisServer.patience)"
      let listed = sandbox.cb("status")
      #expect(listed.status == .exited(code), "\(listed.outputText)\(listed.errorText)")
      if code == 0 { #expect(listed.outputText.contains("open")) } else { #expect(listed.errorText.contains("NOPERM")) }
    }
  }
}
