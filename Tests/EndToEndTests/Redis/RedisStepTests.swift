import Glibc
import Testing

/// What happens at one step of a run, in the middle of it: a proxy stands between cb and the server, counts the scripts
/// that go by, and strikes at one of them.
private final class StrikingProxy {
  enum Moment: String { case before, after }
  /// `cut` closes the connection, once; the server lives on.
  enum Blow: String, CaseIterable { case stop, kill, sleep, cut }

  private let process: Running
  private(set) var port: Substring = ""

  private static let script = """
    import os, signal, socket, sys, select, time
    port, pid, step, moment, blow = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    print("port", listener.getsockname()[1], "", flush=True)
    count = 0
    held = []
    def strike():
        if blow == "stop": os.kill(pid, signal.SIGSTOP)
        if blow == "kill": os.kill(pid, signal.SIGKILL)
        if blow == "sleep":
            sleeper = socket.create_connection(("127.0.0.1", port))
            # The line of the log and the sleep are one transaction: after the line nothing is served.
            sleeper.sendall(b"MULTI\\r\\nDEBUG LOG goes-to-sleep\\r\\nDEBUG SLEEP 600\\r\\nEXEC\\r\\n")
            held.append(sleeper)
            while "goes-to-sleep" not in open("log").read():
                time.sleep(0.005)
    while True:
        client = listener.accept()[0]
        try:
            server = socket.create_connection(("127.0.0.1", port))
        except OSError:
            client.close()
            continue
        cut = False
        while not cut:
            for ready in select.select([client, server], [], [])[0]:
                try:
                    data = ready.recv(65536)
                except OSError:
                    data = b""
                if not data:
                    cut = True
                    break
                if ready is client and b"EVALSHA" in data:
                    count += 1
                    if count == step:
                        if moment == "after":
                            server.sendall(data)
                            server.recv(65536)
                        strike()
                        if moment == "after":
                            cut = blow in ("cut", "kill")
                            continue
                        if blow == "cut":
                            cut = True
                            break
                try:
                    (server if ready is client else client).sendall(data)
                except OSError:
                    cut = True
        client.close()
        server.close()
    """

  init(_ server: RedisServer, _ blow: Blow, _ moment: Moment, _ step: Int) {
    process = server.sandbox.start(
      [
        "/usr/bin/python3", "-c", Self.script, String(server.port), String(server.pid), String(step), moment.rawValue,
        blow.rawValue,
      ])
    #expect(process.expect(" \n", seconds: 60))
    port = process.text.split(separator: " ").dropFirst().first ?? ""
  }

  deinit { process.send(SIGKILL) }
}

/// A trial asks three times: it reads, asks for its place, and reports.
@Suite struct RedisStepTests {
  struct Place: CustomTestStringConvertible, Sendable {
    var step: Int
    var moment: String
    var testDescription: String { "\(moment) step \(step)" }

    static let all = [
      Place(step: 1, moment: "before"), Place(step: 2, moment: "before"), Place(step: 2, moment: "after"),
      Place(step: 3, moment: "before"), Place(step: 3, moment: "after"),
    ]
  }

  /// A half-open breaker, on a server that has the scripts.
  private func halfOpen() throws -> (RedisServer, Sandbox) {
    let server = try RedisServer()
    let sandbox = Sandbox(store: server.url)
    #expect(sandbox.run(sh: "exit 0").status == .exited(0))
    #expect(sandbox.cb("half-open", "x").status == .exited(0))
    return (server, sandbox)
  }

  @Test(arguments: ["stop", "kill", "sleep"], Place.all)
  func `Struck at any step, a run ends as on-store-error says`(blow: String, place: Place) throws {
    for policy in blow == "kill" ? ["local", "reject"] : ["local"] {
      let (server, sandbox) = try halfOpen()
      let proxy = StrikingProxy(
        server, try #require(.init(rawValue: blow)), try #require(.init(rawValue: place.moment)), place.step)
      sandbox.environment["CB_STORE"] = "redis://127.0.0.1:\(proxy.port)?timeout=1s&connect-timeout=1s"
      let result = sandbox.run("--on-store-error", policy, sh: "echo out; echo ran >>ran; exit 7")
      #expect(result.isOneMessage, "\(result.errorText)")
      if policy == "reject", place.step < 3 {
        #expect(result.status == .exited(125) && result.output.isEmpty && sandbox.read("ran") == nil)
        continue
      }
      #expect(result.status == .exited(7) && result.outputText == "out\n", "\(result.errorText)")
      #expect(sandbox.lines("ran").count == 1)
      let standIn = sandbox.cb("get", "x", "fail-counter", "--store", sandbox.standIn)
      if policy == "reject" {
        #expect(result.errorText.contains("not counted") && standIn.status == .exited(1))
      } else {
        #expect(standIn.outputText == "1\n", "\(result.errorText)\(standIn.errorText)")
      }
    }
  }

  @Test(arguments: Place.all)
  func `A connection that is closed at any step of a run is made anew, once and silently, and nothing counts twice`(
    place: Place
  ) throws {
    let (server, sandbox) = try halfOpen()
    let proxy = StrikingProxy(server, .cut, try #require(.init(rawValue: place.moment)), place.step)
    let direct = sandbox.environment["CB_STORE"]
    sandbox.environment["CB_STORE"] = "redis://127.0.0.1:\(proxy.port)?\(RedisServer.patience)"
    // The first connection of all tells of the server: nothing was there before it that could have gone stale.
    let isFirst = place.step == 1
    let result = sandbox.run("--on-store-error", "reject", sh: "echo out; exit 7")
    sandbox.environment["CB_STORE"] = direct
    if isFirst {
      #expect(result.status == .exited(125) && result.isOneMessage, "\(result.errorText)")
      return
    }
    #expect(result.status == .exited(7) && result.outputText == "out\n", "\(result.errorText)")
    #expect(result.errorText.contains("circuit opened") && result.isOneMessage, "\(result.errorText)")
    #expect(sandbox.get("state") == "open")
    #expect(sandbox.number("failures") == 1 && sandbox.number("calls") == 2)
  }

  /// A change by hand looks, and then writes only what was seen: sent again, it meets its own first writing.
  @Test(arguments: [
    ["open", "x"], ["close", "x"], ["half-open", "x"], ["reset", "x"], ["set", "x", "fail-max=9"],
  ])
  func `A change by hand whose answer is lost is done once, and says what it did`(words: [String]) throws {
    var said: [String] = []
    var histories: [[Substring]] = []
    for isCut in [false, true] {
      let server = try RedisServer()
      let sandbox = Sandbox(store: server.url)
      #expect(sandbox.run("--quiet", "--fail-max", "1", sh: "exit 7").status == .exited(7))
      // The scripts are there.
      #expect(sandbox.cb("set", "x", "fail-max=2").status == .exited(0))
      let proxy = StrikingProxy(server, isCut ? .cut : .stop, .after, isCut ? 2 : 99)
      let store = "redis://127.0.0.1:\(proxy.port)?\(RedisServer.patience)"
      let result = sandbox.start([Programs.cb] + words + ["--store", store]).wait(seconds: 60)
      #expect(result.status == .exited(0) && result.error.isEmpty, "\(result.errorText)")
      said.append(result.outputText)
      let history = sandbox.cb("history", "x").outputText.split(separator: "\n" as Character)
      // Without the time and the process.
      histories.append(history.map { $0.split { "([".contains($0) }[0].dropFirst(20) })
    }
    #expect(said[0] == said[1])
    #expect(histories[0] == histories[1])
  }
}

@Suite struct RedisConnectionTests {
  @Test func `A run that is soon over takes one connection, one that takes its time lets go of it meanwhile`() throws {
    let server = try RedisServer()
    let sandbox = Sandbox(store: server.url)
    func connections(_ body: () -> Void) -> Int {
      let before = server.info("total_connections_received")
      body()
      // One is the question's own.
      return server.info("total_connections_received") - before - 1
    }
    // On a machine so slow that `true` takes a second there is a second one.
    #expect(eventually(seconds: 120) { connections { _ = sandbox.run(sh: "exit 0") } == 1 })
    #expect(eventually(seconds: 120) { connections { _ = sandbox.run("--fail-max", "9999", sh: "exit 1") } == 1 })
    var result: Finished?
    let took = connections {
      let running = sandbox.runInFlight()
      #expect(eventually(seconds: 60) { server.info("connected_clients") == 1 })
      result = running.end(0)
    }
    #expect(result?.status == .exited(0) && result?.error.isEmpty == true)
    #expect(took >= 3, "one to be admitted, one to report, and those that asked: \(took)")
    #expect(sandbox.number("failures").map { $0 > 0 } == true)
  }

  @Test func `A connection that the server closed while CMD ran is made anew`() throws {
    let server = try RedisServer()
    let sandbox = Sandbox(store: server.url)
    let kill = "redis-cli -p \(server.port) CLIENT KILL TYPE normal SKIPME yes >&2"
    let run = sandbox.run("--quiet", sh: "\(kill) 2>/dev/null; exit 3")
    #expect(run.status == .exited(3), "\(run.errorText)")
    #expect(!run.errorText.contains("cb:"), "\(run.errorText)")
    #expect(sandbox.get("fail-counter") == "1")
  }

  @Test func `What a person asks for is asked of Redis even while it is left alone, what scripts ask is not`() throws {
    let server = try RedisServer()
    let sandbox = Sandbox(store: server.bare + "?timeout=1s&connect-timeout=1s")
    server.send(SIGSTOP)
    #expect(sandbox.run(sh: "exit 0").isOneMessage)
    server.send(SIGCONT)
    let found = sandbox.execute(["/bin/sh", "-c", "ls state/redis-outage-*"]).outputText
    let note = String(found.dropLast())
    let boot = try #require(sandbox.read(note)?.split(separator: " " as Character).first)
    sandbox.environment["CB_STORE"] = server.url
    let other = sandbox.execute(["/bin/sh", "-c", "ls state"]).outputText
    #expect(other.contains("redis-outage-"))
    /// As if it had failed just now.
    func fail() {
      var time = timespec()
      clock_gettime(CLOCK_BOOTTIME, &time)
      let now = Int64(time.tv_sec) * 1000
      _ = sandbox.file(note, "\(boot) \(now) \(now + 5000)\n")
    }
    func isNoted() -> Bool { sandbox.read(note) != nil }
    // However long this machine takes to start a program: until one comes within the five seconds.
    // A permit is given by the stand-in, without another word.
    for words in [["check", "x"], ["report", "x", "1", "success"], ["wait", "x"]] {
      let isRefused = eventually(seconds: 60) {
        fail()
        return sandbox.start([Programs.cb] + words).wait(seconds: 60).errorText.contains("left alone")
      }
      #expect(isRefused, "\(words)")
    }
    for words in [
      ["set", "x", "fail-max=9"], ["open", "x"], ["status"], ["status", "x"], ["get", "x", "state"], ["close", "x"],
      ["half-open", "x"], ["history"], ["metrics"], ["doctor"], ["reset", "x"], ["remove", "x"],
    ] {
      fail()
      let result = sandbox.start([Programs.cb] + words).wait(seconds: 60)
      #expect(result.status == .exited(0), "\(words): \(result.outputText)\(result.errorText)")
      // The answer ends the rest for everybody.
      #expect(!isNoted(), "\(words)")
    }
  }

  @Test func `Of a name that means two addresses, the second is taken where nobody answers at the first`() throws {
    let node = try RedisServer([
      "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-port", "PORT2",
    ])
    node.cli("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
    #expect(eventually(seconds: 60) { node.cli("CLUSTER", "INFO").contains("cluster_state:ok") })
    let sandbox = Sandbox(store: "redis://seeds:\(node.port)?\(RedisServer.patience)")
    _ = sandbox.file("hosts", "127.0.0.2 seeds\n127.0.0.1 seeds localhost\n")
    let command = "\(Programs.cb) run --quiet --on-store-error reject x -- sh -c 'exit 3'"
    for _ in 1...2 {
      let run = sandbox.execute(
        ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", "mount --bind hosts /etc/hosts; \(command)"], seconds: 120)
      #expect(run.status == .exited(3) && run.error.isEmpty, "\(run.errorText)")
    }
    sandbox.environment["CB_STORE"] = node.url
    #expect(sandbox.get("fail-counter") == "2")
  }
}
