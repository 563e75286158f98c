import Glibc
import Testing

/// Many clients at once. The server is stopped until all of them wait for it, so that they meet in it.
@Suite(.serialized) struct RedisHerdTests {
  /// Runs `count` of a shell command at once; `meet` is called when all have connected to the stopped server.
  private func herd(_ count: Int, of command: String, _ sandbox: Sandbox, _ server: RedisServer) -> Running {
    server.send(SIGSTOP)
    let script = "i=0; while [ $i -lt \(count) ]; do { \(command); echo $? >>codes; } & i=$((i+1)); done; wait"
    let running = sandbox.start(["/bin/sh", "-c", script])
    #expect(eventually(seconds: 240) { server.waiting >= count }, "\(server.waiting) of \(count) wait")
    server.send(SIGCONT)
    return running
  }

  @Test(arguments: [1, 3, 7])
  func `300 clients at once on an expired open breaker get exactly half-open-max trials`(most: Int) throws {
    let server = try RedisServer()
    let sandbox = Sandbox(store: server.url)
    #expect(sandbox.run("--fail-max", "1", "--reset-timeout", "1ms", "--quiet", sh: "exit 1").status == .exited(1))
    _ = sandbox.cb("wait", "x")
    let gate = sandbox.file("gate", "")
    let script = "echo started >>started; exec flock -s \(gate) true"
    // While the test holds the lock, trials stay live.
    let holder = sandbox.start(["/usr/bin/flock", gate, "/bin/sh", "-c", "echo held; read x"], input: nil)
    #expect(holder.expect("held"))
    let command = "\(Programs.cb) run --quiet --half-open-max \(most) x -- /bin/sh -c '\(script)'"
    let running = herd(300, of: command, sandbox, server)
    #expect(eventually(seconds: 240) { sandbox.lines("codes").count == 300 - most })
    #expect(sandbox.lines("codes").allSatisfy { $0 == "75" })
    #expect(sandbox.number("trials") == most)
    holder.closeInput()
    #expect(running.wait(seconds: 240).status == .exited(0))
    #expect(sandbox.lines("started").count == most)
    #expect(sandbox.lines("codes").count { $0 == "0" } == most)
    #expect(sandbox.get("state") == "closed")
    #expect(sandbox.number("rejected") == 300 - most)
    // The first success closed the circuit, and moved the generation on.
    #expect(sandbox.number("stale") == most - 1)
  }

  @Test(arguments: [300, 100])
  func `300 failures at once are counted to the last, and one of them announces the trip`(failMax: Int) throws {
    let server = try RedisServer()
    let sandbox = Sandbox(store: server.url)
    let gate = sandbox.file("gate", "")
    let holder = sandbox.start(["/usr/bin/flock", gate, "/bin/sh", "-c", "echo held; read x"], input: nil)
    #expect(holder.expect("held"))
    let command =
      "\(Programs.cb) run --fail-max \(failMax) --on-event state-change=file:events x -- /bin/sh -c "
      + "'echo started >>started; exec flock -s \(gate) false' 2>>errors"
    let running = herd(300, of: command, sandbox, server)
    #expect(eventually(seconds: 240) { sandbox.lines("started").count == 300 })
    server.send(SIGSTOP)
    holder.closeInput()
    #expect(eventually(seconds: 240) { server.waiting >= 300 }, "\(server.waiting) wait")
    server.send(SIGCONT)
    #expect(running.wait(seconds: 240).status == .exited(0))
    #expect(sandbox.lines("codes").count { $0 == "1" } == 300)
    #expect(sandbox.get("state") == "open")
    #expect(sandbox.get("fail-counter") == "\(failMax)")
    #expect(sandbox.number("failures") == failMax)
    #expect(sandbox.number("stale") == 300 - failMax)
    #expect(sandbox.number("trips") == 1)
    #expect(sandbox.lines("events").count == 1, "\(sandbox.lines("events"))")
    #expect(sandbox.lines("errors").count == 1 && sandbox.lines("errors").first?.contains("circuit opened") == true)
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
      #expect((Int(server.cli("HLEN", "cb:{x}").dropLast()) ?? 0) < 150)
      usleep(100_000)
    }
    #expect(running.wait(seconds: 240).status == .exited(0))
    #expect(sandbox.get("fail-counter") == "300")
    #expect(sandbox.number("failures") == 300)
    let history = sandbox.cb("history", "x", "-n", "5000").outputText.split(separator: "\n" as Character)
    #expect(history.count == 300)
    #expect((Int(server.cli("HLEN", "cb:{x}").dropLast()) ?? 0) < 40)
    // The race for the time to live ends with one.
    #expect((Int(server.cli("PTTL", "cb:{x}").dropLast()) ?? 0) > 89 * 86_400_000)
  }
}
