import Glibc
import Testing

/// A trial's place while its cb lives, and when it does not.
@Suite struct RedisLeaseTests {
  /// A breaker that is half-open on a server of its own.
  private func halfOpen() throws -> (RedisServer, Sandbox) {
    let server = try RedisServer()
    let sandbox = Sandbox(store: server.url)
    #expect(sandbox.cb("half-open", "x").status == .exited(0))
    return (server, sandbox)
  }

  @Test func `A trial that runs for longer than a lease keeps its place, on no idle connection`() throws {
    let (server, sandbox) = try halfOpen()
    let trial = sandbox.runInFlight()
    let end = clockSeconds() + 18
    while clockSeconds() < end {
      #expect(sandbox.number("trials") == 1)
      #expect(sandbox.run("--quiet", sh: "exit 0").status == .exited(75))
      sleep(3)
    }
    // Ours alone, which asks.
    #expect(eventually { server.cli("INFO", "clients").contains("connected_clients:1\r\n") })
    #expect(trial.end(0).status == .exited(0))
    #expect(sandbox.get("state") == "closed")
    #expect(sandbox.number("lost") == 0)
  }

  @Test func `The place of a trial whose cb was killed is free at once on the same host`() throws {
    let (server, sandbox) = try halfOpen()
    defer { withExtendedLifetime(server) {} }
    let trial = sandbox.runInFlight()
    #expect(sandbox.run("--quiet", sh: "exit 0").status == .exited(75))
    trial.send(SIGKILL)
    #expect(trial.wait().status == .signaled(SIGKILL))
    #expect(sandbox.number("trials") == 0)
    #expect(sandbox.run(sh: "exit 0").status == .exited(0))
    #expect(sandbox.get("state") == "closed")
    #expect(sandbox.number("lost") == 1)
  }

  @Test func `The place of a trial whose cb was killed on another host is free within its lease`() throws {
    let (server, sandbox) = try halfOpen()
    // Processes of another PID namespace cannot be seen from here, as those of another host.
    let other = sandbox.start(
      [
        "/usr/bin/unshare", "--pid", "--fork", "--kill-child", "--mount-proc", Programs.cb, "run", "x", "--", "/bin/sh",
        "-c", "echo up; read x",
      ], input: nil)
    #expect(other.expect("up", seconds: 60))
    let before = clockSeconds()
    other.send(SIGKILL)
    #expect(other.wait().status == .signaled(SIGKILL))
    #expect(sandbox.run("--quiet", sh: "exit 0").status == .exited(75))
    // 15 s by the server's clock, and what this machine takes to notice.
    #expect(sandbox.cb("wait", "x", "--timeout", "60s", seconds: 90).status == .exited(0))
    let waited = clockSeconds() - before
    #expect(waited > 5 && waited < 25, "\(waited) s")
    #expect(sandbox.run(sh: "exit 0").status == .exited(0))
    #expect(sandbox.number("lost") == 1)
    #expect(server.cli("PING").hasPrefix("PONG"))
  }

  @Test func `The result of a trial that lost its place is stale`() throws {
    let (server, sandbox) = try halfOpen()
    defer { withExtendedLifetime(server) {} }
    let trial = sandbox.runInFlight()
    // Stopped, it renews nothing.
    trial.send(SIGSTOP)
    #expect(sandbox.cb("wait", "x", "--timeout", "60s", seconds: 90).status == .exited(0))
    let second = sandbox.runInFlight()
    trial.send(SIGCONT)
    #expect(trial.end(1).status == .exited(1))
    #expect(sandbox.get("state") == "half-open")
    #expect(sandbox.number("stale") == 1)
    #expect(second.end(0).status == .exited(0))
    #expect(sandbox.get("state") == "closed")
  }
}
