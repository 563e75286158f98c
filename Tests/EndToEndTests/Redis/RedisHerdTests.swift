import Glibc
import Testing

/// Many clients at once. The server is stopped until all of them wait for it, so that they meet in it.
@Suite(.serialized) struct RedisHerdTests {
  /// Starts `count` runs of x at once, and lets them meet at the stopped server. CMD says that it was started and waits
  /// for a line of the FIFO `gate`; the exit codes are in the file `codes`.
  private func herd(_ count: Int, _ options: [String], code: Int, _ sandbox: Sandbox, _ server: RedisServer) -> Running
  {
    server.send(SIGSTOP)
    let script = "echo started >>started; read x <gate; exit \(code)"
    let running = sandbox.start(
      [Programs.probe, "herd", String(count), Programs.cb, "run"] + options + ["x", "--", "/bin/sh", "-c", script])
    #expect(eventually(seconds: 240, every: 100) { server.waiting >= count }, "\(server.waiting) of \(count) wait")
    server.send(SIGCONT)
    return running
  }

  /// Made before the herd: a pipe that has a reader and a writer keeps nobody who opens it waiting.
  private func gate(_ sandbox: Sandbox) -> Int32 {
    mkfifo(sandbox.path + "/gate", 0o600)
    return open(sandbox.path + "/gate", O_RDWR | O_CLOEXEC)
  }

  /// Each takes one line of it.
  private func release(_ gate: Int32, for count: Int) {
    let lines = [UInt8](repeating: 10, count: count)
    #expect(write(gate, lines, count) == count)
  }

  @Test(arguments: [(1000, 3), (100, 1), (100, 7)])
  func `1,000 clients at once on an expired open breaker get exactly half-open-max trials`(count: Int, most: Int) throws
  {
    let server = try RedisServer()
    let sandbox = Sandbox(store: server.url)
    #expect(sandbox.run("--fail-max", "1", "--reset-timeout", "1ms", "--quiet", sh: "exit 1").status == .exited(1))
    _ = sandbox.cb("wait", "x")
    let gate = gate(sandbox)
    defer { close(gate) }
    // Until the test opens the gate, trials stay live.
    let running = herd(count, ["--quiet", "--half-open-max", String(most)], code: 0, sandbox, server)
    // On a machine so busy that a trial cannot renew its lease within 15 s its place is free again, and taken.
    var started = 0
    #expect(
      eventually(seconds: 240, every: 100) {
        started = sandbox.lines("started").count
        return started >= most && sandbox.lines("codes").count == count - started
      }, "\(started) started")
    let lost = sandbox.number("lost") ?? 0
    #expect(started <= most + lost, "\(started) started, \(lost) lost their places")
    #expect(sandbox.lines("codes").allSatisfy { $0 == "75" })
    release(gate, for: started)
    #expect(running.wait(seconds: 240).status == .exited(0))
    #expect(sandbox.lines("started").count == started)
    #expect(sandbox.lines("codes").count { $0 == "0" } == started)
    #expect(sandbox.number("rejected") == count - started)
    guard sandbox.number("lost") == 0 else { return }
    #expect(sandbox.get("state") == "closed")
    // The first success closed the circuit, and moved the generation on.
    #expect(sandbox.number("stale") == most - 1)
  }

  @Test(arguments: [(1000, 1000), (100, 40)])
  func `1,000 failures at once are counted to the last, and one of them announces the trip`(count: Int, failMax: Int)
    throws
  {
    let server = try RedisServer()
    let sandbox = Sandbox(store: server.url)
    let gate = gate(sandbox)
    defer { close(gate) }
    let options = ["--fail-max", String(failMax), "--on-event", "state-change=file:events"]
    let running = herd(count, options, code: 1, sandbox, server)
    #expect(eventually(seconds: 240, every: 100) { sandbox.lines("started").count == count })
    // None keeps the connection that it was admitted on.
    #expect(eventually(seconds: 60, every: 100) { server.cli("INFO", "clients").contains("connected_clients:1\r\n") })
    server.send(SIGSTOP)
    release(gate, for: count)
    #expect(eventually(seconds: 240, every: 100) { server.waiting >= count }, "\(server.waiting) wait")
    server.send(SIGCONT)
    let ended = running.wait(seconds: 240)
    #expect(ended.status == .exited(0))
    #expect(sandbox.lines("codes").count { $0 == "1" } == count)
    #expect(sandbox.get("state") == "open")
    #expect(sandbox.get("fail-counter") == "\(failMax)")
    #expect(sandbox.number("failures") == failMax)
    #expect(sandbox.number("stale") == count - failMax)
    #expect(sandbox.number("trips") == 1)
    #expect(sandbox.lines("events").count == 1, "\(sandbox.lines("events"))")
    #expect(ended.isOneMessage && ended.errorText.contains("circuit opened"), "\(ended.errorText)")
    // Every failure is in the history once, in the order of its number.
    let history = sandbox.cb("history", "x", "-n", "2000").outputText.split(separator: "\n" as Character)
    #expect(history.count == failMax + 1)
  }

  @Test
  func `20 writers lose nothing of the log, its history has no gap, and both stay short`() throws {
    let server = try RedisServer()
    let sandbox = Sandbox(store: server.url)
    let script = """
      i=0; while [ $i -lt 20 ]; do
        (j=0; while [ $j -lt 15 ]; do \(Programs.cb) run --quiet --fail-max 100000 x -- false; j=$((j+1)); done) &
        i=$((i+1))
      done; wait
      """
    let running = sandbox.start(["/bin/sh", "-c", script])
    var longest = 0
    // Readers in between: each finds as many events as there were failures, and none missing.
    while isAlive(running.pid), longest < 10000 {
      let text = sandbox.cb("history", "x", "-n", "5000", "--json").outputText
      let count = text.parts(between: "\"failure\"").count - 1
      #expect(count >= longest, "the history went back from \(longest) to \(count)")
      longest = max(longest, count)
      #expect(server.eventFields("x") < 150)
      usleep(100_000)
    }
    #expect(running.wait(seconds: 240).status == .exited(0))
    #expect(sandbox.get("fail-counter") == "300")
    #expect(sandbox.number("failures") == 300)
    let history = sandbox.cb("history", "x", "-n", "5000").outputText.split(separator: "\n" as Character)
    #expect(history.count == 300)
    #expect(server.eventFields("x") < 40)
    // The race for the time to live ends with one.
    #expect((Int(server.cli("PTTL", "cb:{x}").dropLast()) ?? 0) > 89 * 86_400_000)
  }
}
