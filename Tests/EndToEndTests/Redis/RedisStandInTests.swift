import Glibc
import Testing

extension Sandbox {
  /// The file store that stands in, or stood in last, for a Redis that is away; one that is not there where none did.
  var standIn: String {
    let found = execute(["/bin/ls", path + "/state"]).outputText.split(separator: "\n" as Character)
      .filter { $0.hasPrefix("stand-in-") }
    #expect(found.count <= 1, "\(found)")
    return "file:\(path)/state/\(found.first ?? "none")"
  }
}

/// The file store that goes on while Redis is away (docs/CONTRACT.md, "Stores"): anew in each outage, one for all.
@Suite struct RedisStandInTests {
  private func sandbox(_ server: RedisServer) -> Sandbox {
    // A server that has ended refuses at once: no test waits for a time-out.
    Sandbox(store: server.url)
  }

  /// Ends an outage for this host: a person's command asks a Redis that is left alone for a moment.
  private func meet(_ sandbox: Sandbox) {
    #expect(sandbox.cb("status", "--store", sandbox.environment["CB_STORE"] ?? "").status == .exited(0))
  }

  @Test func `Failures of one outage do not count in the next`() throws {
    let server = try RedisServer()
    let sandbox = sandbox(server)
    server.stop()
    for _ in 1...4 { _ = sandbox.run(sh: "exit 1") }
    #expect(sandbox.cb("get", "x", "fail-counter", "--store", sandbox.standIn).outputText == "4\n")
    let first = sandbox.standIn
    #expect(server.start())
    meet(sandbox)
    server.stop()
    #expect(sandbox.run(sh: "exit 1").status == .exited(1))
    #expect(sandbox.run(sh: "exit 0").status == .exited(0), "one failure does not open a circuit")
    let second = sandbox.standIn
    #expect(first != second, "and the first one's directory is gone")
    #expect(sandbox.cb("get", "x", "fail-counter", "--store", second).outputText == "0\n")
  }

  @Test func `Within one outage its failures add up, also when the host asks Redis again in between`() throws {
    let server = try RedisServer()
    let sandbox = sandbox(server)
    server.stop()
    for _ in 1...3 {
      _ = sandbox.run(sh: "exit 1")
      // A person does not leave Redis alone, and meets the same outage.
      #expect(sandbox.cb("open", "other").status == .exited(1))
    }
    #expect(sandbox.cb("get", "x", "fail-counter", "--store", sandbox.standIn).outputText == "3\n")
    #expect(sandbox.run("--fail-max", "4", sh: "exit 1").errorText.contains("circuit opened"))
    #expect(sandbox.run("--fail-max", "4", sh: "exit 0").status == .exited(75))
  }

  @Test func `All who meet the same outage at the same moment share one stand-in`() throws {
    let server = try RedisServer()
    let sandbox = sandbox(server)
    server.stop()
    for round in 1...3 {
      let running = (1...20).map { _ in
        sandbox.start([Programs.cb, "run", "--quiet", "--fail-max", "1000", "x", "--", "/bin/false"])
      }
      for one in running { #expect(one.wait(seconds: 60).status == .exited(1)) }
      #expect(sandbox.cb("get", "x", "fail-counter", "--store", sandbox.standIn).outputText == "20\n", "\(round)")
      #expect(server.start())
      meet(sandbox)
      server.stop()
    }
  }

  @Test func `What stood in is not mixed with the breakers that live in the file store itself`() throws {
    let server = try RedisServer()
    let sandbox = sandbox(server)
    let own = "file:\(sandbox.path)/state"
    for _ in 1...2 { _ = sandbox.run("--store", own, "--quiet", sh: "exit 1") }
    server.stop()
    _ = sandbox.run("--quiet", sh: "exit 1")
    #expect(sandbox.cb("get", "x", "fail-counter", "--store", own).outputText == "2\n")
    #expect(sandbox.cb("get", "x", "fail-counter", "--store", sandbox.standIn).outputText == "1\n")
  }

  @Test func `A password that is refused has a stand-in that lasts until Redis answers`() throws {
    let server = try RedisServer(["--requirepass", "sesame"])
    let sandbox = Sandbox(store: server.url)
    sandbox.environment["CB_REDIS_PASSWORD"] = "wrong"
    for _ in 1...2 { _ = sandbox.run("--fail-max", "2", sh: "exit 1") }
    #expect(sandbox.run("--fail-max", "2", sh: "exit 0").status == .exited(75))
    sandbox.environment["CB_REDIS_PASSWORD"] = "sesame"
    #expect(sandbox.run(sh: "exit 0").status == .exited(0))
    sandbox.environment["CB_REDIS_PASSWORD"] = "wrong"
    #expect(sandbox.run("--fail-max", "2", sh: "exit 0").status == .exited(0))
  }
}
