import Glibc
import Testing

/// Round trips, lifetimes, and the servers behind a URL: sentinels, clusters, TLS.
@Suite struct RedisServiceTests {
  @Test func `Round trips: two for a run that passes, two for a rejection, three for a trial`() throws {
    let server = try RedisServer()
    let sandbox = Sandbox(store: server.url)
    _ = sandbox.cb("set", "warm", "fail-max=3")
    func trips(_ body: () -> Void) -> Int {
      server.cli("CONFIG", "RESETSTAT")
      body()
      let calls = server.calls("evalsha")
      #expect(server.calls("eval") == 0)
      return calls
    }
    for _ in 1...40 { #expect(trips { _ = sandbox.run(sh: "exit 0") } == 2) }
    #expect(trips { _ = sandbox.run("--quiet", "--fail-max", "2", sh: "exit 1") } == 2)
    // The trip itself: the key has to stay from now on.
    #expect(trips { _ = sandbox.run("--quiet", "--fail-max", "2", sh: "exit 1") } == 2)
    for _ in 1...40 { #expect(trips { _ = sandbox.run("--quiet", sh: "exit 0") } == 2) }
    _ = sandbox.cb("half-open", "x")
    #expect(trips { _ = sandbox.run("--quiet", sh: "exit 0") } == 3)
    #expect(sandbox.get("state") == "closed")
    #expect(trips { _ = sandbox.cb("check", "x") } == 1)
    #expect(server.calls("hset") == 0)
  }

  @Test func `A breaker goes after 90 days, but not one that is open, held or configured; looking changes nothing`()
    throws
  {
    let server = try RedisServer()
    let sandbox = Sandbox(store: server.url)
    func days() -> Int {
      let left = Int(server.cli("PTTL", "cb:{x}").dropLast()) ?? -3
      return left < 0 ? left : (left + 3_600_000) / 86_400_000
    }
    for _ in 1...60 { _ = sandbox.run("--quiet", "--fail-max", "1000", sh: "exit 1") }
    #expect(days() == 90)
    _ = sandbox.cb("open", "x")
    #expect(days() == -1)
    for _ in 1...20 { _ = sandbox.run("--quiet", sh: "exit 0") }
    #expect(days() == -1)
    _ = sandbox.cb("close", "x")
    #expect(days() == 90)
    _ = sandbox.cb("close", "x", "--hold")
    #expect(days() == -1)
    _ = sandbox.cb("half-open", "x")
    #expect(days() == -1)
    _ = sandbox.run(sh: "exit 0")
    #expect(days() == 90)
    _ = sandbox.cb("set", "x", "fail-max=7")
    #expect(days() == -1)
    _ = sandbox.run(sh: "exit 0")
    #expect(days() == -1)
    _ = sandbox.cb("set", "x", "fail-max=")
    #expect(days() == 90)
    let before = server.cli("DUMP", "cb:{x}")
    for words in [["status"], ["history"], ["metrics"], ["check", "x"], ["get", "x", "state"], ["doctor"]] {
      _ = sandbox.start([Programs.cb] + words).wait(seconds: 60)
    }
    #expect(server.cli("DUMP", "cb:{x}") == before)
    // One key a breaker, its older history in it.
    #expect(server.cli("DBSIZE") == "1\n")
    // Neither rejections nor anything else make it grow for ever.
    #expect(server.eventFields("x") < 40)
  }

  @Test func `After a failover the next run finds the new master`() throws {
    let master = try RedisServer(["--repl-diskless-sync-delay", "0"])
    let replica = try RedisServer([
      "--replicaof", "127.0.0.1", String(master.port), "--repl-ping-replica-period", "1",
    ])
    let sentinel = try RedisServer(
      sentinel: """
        sentinel monitor m 127.0.0.1 \(master.port) 1
        sentinel down-after-milliseconds m 500
        sentinel failover-timeout m 10000

        """)
    // The first of the two is not there.
    let sandbox = Sandbox(store: "redis-sentinel://127.0.0.1:1,127.0.0.1:\(sentinel.port)/m?\(RedisServer.patience)")
    #expect(sandbox.run("--quiet", "--fail-max", "3", sh: "exit 1").error.isEmpty)
    #expect(
      eventually(seconds: 60) {
        sentinel.cli("SENTINEL", "REPLICAS", "m").contains("master-link-status\nok")
          && replica.cli("EXISTS", "cb:{x}").hasPrefix("1")
      })
    // Between admission and report.
    let running = sandbox.runInFlight("--fail-max", "3")
    master.stop()
    #expect(
      eventually(seconds: 120) {
        sentinel.cli("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "m").contains("\(replica.port)")
          && replica.cli("ROLE").hasPrefix("master")
      })
    let result = running.end(1)
    #expect(result.status == .exited(1) && result.error.isEmpty, "\(result.errorText)")
    #expect(sandbox.get("fail-counter") == "2")
    #expect(sandbox.run("--fail-max", "3", sh: "exit 1").errorText.contains("circuit opened"))
  }

  @Test func `A cluster of three keeps breakers of any name, and lists them all`() throws {
    var nodes: [RedisServer] = []
    for _ in 1...3 {
      nodes.append(
        try RedisServer(["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-port", "PORT2"]))
    }
    for (node, range) in zip(nodes, [("0", "5460"), ("5461", "10922"), ("10923", "16383")]) {
      node.cli("CLUSTER", "ADDSLOTSRANGE", range.0, range.1)
    }
    for node in nodes.dropFirst() {
      let bus = node.cli("CONFIG", "GET", "cluster-port").split(separator: "\n" as Character).last ?? ""
      nodes[0].cli("CLUSTER", "MEET", "127.0.0.1", String(node.port), String(bus))
    }
    #expect(
      eventually(seconds: 60) {
        nodes.allSatisfy {
          $0.cli("CLUSTER", "INFO").contains("cluster_state:ok")
            && $0.cli("CLUSTER", "SHARDS").parts(between: "master").count == 4
        }
      })
    let sandbox = Sandbox(store: nodes[0].url)
    let names = ["a", "b {c} d", "}{", "{}", "%7B", "{", "naïve", "a:h", "{x}:h", "\\]", "e", "f"]
    for name in names {
      for _ in 1...20 {
        let run = sandbox.cb("run", "--fail-max", "20", "--quiet", name, "--", "false", seconds: 60)
        #expect(run.status == .exited(1) && run.error.isEmpty, "\(name): \(run.errorText)")
      }
      #expect(sandbox.cb("get", name, "state").outputText == "open\n", "\(name)")
      let history = sandbox.cb("history", name, "-n", "100").outputText
      #expect(history.split(separator: "\n" as Character).count == 21, "\(name): \(history)")
    }
    let listed = sandbox.cb("status", "--json").outputText
    #expect(listed.parts(between: "\"fail_counter\"").count - 1 == names.count)
    #expect(sandbox.cb("doctor").status == .exited(0))
    // More than one node has some of them.
    #expect(nodes.count { !$0.cli("DBSIZE").hasPrefix("0") } > 1)
  }

  @Test func `TLS: verified by name and chain, or nothing`() throws {
    let pki = Sandbox()
    let made = pki.execute([
      "/bin/sh", "-ec",
      """
      new="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
      openssl req -x509 $new -keyout ca.key -out ca.crt -days 10 -subj /CN=ca
      openssl req $new -keyout s.key -out s.csr -subj /CN=s
      echo subjectAltName=DNS:localhost,IP:127.0.0.1 >ext
      openssl x509 -req -in s.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 9 -extfile ext -out s.crt
      """,
    ])
    #expect(made.status == .exited(0), "\(made.errorText)")
    let server = try RedisServer(
      [
        "--tls-cert-file", pki.path + "/s.crt", "--tls-key-file", pki.path + "/s.key", "--tls-ca-cert-file",
        pki.path + "/ca.crt", "--tls-auth-clients", "no",
      ], tls: true)
    let trusted = "cacert=\(pki.path)/ca.crt&" + RedisServer.patience
    for host in ["127.0.0.1", "localhost"] {
      let sandbox = Sandbox(store: "rediss://\(host):\(server.port)?\(trusted)&prefix=\(host):")
      for _ in 1...2 { #expect(sandbox.run("--fail-max", "2", "--quiet", sh: "exit 1").error.isEmpty) }
      #expect(sandbox.run(sh: "exit 0").status == .exited(75))
      #expect(sandbox.cb("doctor").outputText.contains("TLSv1."))
    }
    for (query, sign) in [(RedisServer.patience, "cacert="), (trusted + "&sni=elsewhere", "sni=")] {
      let sandbox = Sandbox(store: "rediss://127.0.0.1:\(server.port)?\(query)")
      let refused = sandbox.run("--on-store-error", "reject", sh: "echo started")
      #expect(refused.status == .exited(125) && refused.output.isEmpty)
      #expect(refused.isOneMessage && refused.errorText.contains(sign), "\(refused.errorText)")
    }
    let careless = Sandbox(store: "rediss://127.0.0.1:\(server.port)?insecure=1&\(RedisServer.patience)")
    #expect(careless.run("--on-store-error", "reject", sh: "echo started").outputText == "started\n")
    #expect(careless.cb("doctor").outputText.contains("insecure=1"))
  }

  @Test func `doctor says what a server lacks`() throws {
    let server = try RedisServer(["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"])
    let sandbox = Sandbox(store: server.url)
    let warned = sandbox.cb("doctor")
    #expect(warned.status == .exited(0) && warned.outputText.contains("noeviction"), "\(warned.outputText)")
    server.cli("ACL", "SETUSER", "weak", "on", ">pw", "~cb:*", "+@read", "+eval", "+evalsha")
    sandbox.environment["CB_STORE"] = "redis://weak:pw@127.0.0.1:\(server.port)?\(RedisServer.patience)"
    let weak = sandbox.cb("doctor")
    #expect(weak.status == .exited(1) && weak.outputText.contains("-> "), "\(weak.outputText)")
    sandbox.environment["CB_STORE"] = server.url
    server.cli("REPLICAOF", "127.0.0.1", "1")
    #expect(sandbox.cb("doctor").outputText.contains("replica of"))
    server.stop()
    let away = sandbox.cb("doctor")
    #expect(away.status == .exited(1) && away.outputText.contains("refused"), "\(away.outputText)")
  }
}
