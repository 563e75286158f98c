import Glibc
import JSON
import Testing

/// A signal to cb while a probe runs: as while CMD runs (docs/CONTRACT.md, "cb run as a process"), and the probe has
/// proved nothing.
@Suite("Signals during a probe")
struct ContractProbeSignalTests {
  /// A probe that does not end, with a process of its own in the background, where a shell ignores SIGINT and SIGQUIT.
  private static let endless = "echo $$ > pid; sleep 600 & echo $! >> pid; echo up >> up; wait; wait"
  /// One that no polite signal ends.
  private static let stubborn = "trap '' HUP INT QUIT TERM; \(endless)"

  private func due(_ store: StoreUnderTest, probe: String, _ settings: String...) -> Scene {
    let scene = Scene(store)
    scene.cb(["set", "x", "probe=\(probe)", "probe-timeout=10m", "reset-timeout=0"] + settings)
    scene.run("--quiet", "--fail-max", "1", exit: 1)
    #expect(scene.state() == "open")
    return scene
  }

  private func start(_ scene: Scene, _ words: [String] = ["run", "x", "--", "touch", "ran"]) -> Running {
    let running = scene.sandbox.start([Programs.cb] + words)
    #expect(eventually(seconds: 60) { scene.lines("up").count > 0 })
    return running
  }

  /// The probe is gone, with all that it started; its place is free, and nothing was proved.
  private func expectNothingProved(_ scene: Scene, probes: Int = 1, _ comment: Comment? = nil) {
    let left = scene.lines("pid").compactMap { pid_t($0) }
    #expect(left.count == 2, comment)
    #expect(eventually { !left.contains(where: isAlive) }, comment)
    #expect(scene.state() == "half-open", comment)
    #expect(scene.shown("trials")?.int == 0, comment)
    #expect(scene.counter() == "1", comment)
    #expect(["probes", "calls", "trips", "lost", "rejected"].map { scene.total($0) } == [probes, 1, 1, 0, 0], comment)
    #expect(scene.sandbox.read("ran") == nil, comment)
    #expect(scene.cb("check", "x").status == .exited(0), comment)
    scene.cb("set", "x", "probe=true")
    #expect(scene.run(exit: 0).status == .exited(0), comment)
    #expect(scene.state() == "closed", comment)
  }

  @Test(
    "it ends the probe and cb, and the next run may try at once",
    arguments: StoreUnderTest.all, [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1])
  func ends(_ store: StoreUnderTest, _ signal: Int32) {
    let scene = due(store, probe: Self.endless)
    let running = start(scene)
    running.send(signal)
    let result = running.wait(seconds: 60)
    #expect(result.status == .signaled(signal))
    #expect(result.errorText == "")
    expectNothingProved(scene)
  }

  @Test("also one that the probe ignores, in its own process group or not", arguments: ["", "set -m; "])
  func stubborn(_ prefix: String) {
    let scene = due(.file, probe: prefix + Self.stubborn)
    let running = start(scene)
    running.send(SIGTERM)
    #expect(running.wait(seconds: 60).status == .signaled(SIGTERM))
    expectNothingProved(scene)
  }

  @Test("a probe that makes a success or a failure of it has proved nothing either", arguments: [0, 1, 143])
  func caught(_ code: Int) {
    let scene = due(.file, probe: "trap 'exit \(code)' TERM; " + Self.endless)
    let running = start(scene)
    running.send(SIGTERM)
    #expect(running.wait(seconds: 60).status == .signaled(SIGTERM))
    expectNothingProved(scene)
  }

  @Test("what the probes before it proved stays", arguments: StoreUnderTest.all)
  func threshold(_ store: StoreUnderTest) {
    let scene = due(
      store, probe: "echo once >> once; test $(wc -l < once) = 1 || { \(Self.endless); }", "success-threshold=2")
    let running = start(scene)
    #expect(scene.shown("success_counter")?.int == 1)
    running.send(SIGTERM)
    #expect(running.wait(seconds: 60).status == .signaled(SIGTERM))
    #expect(scene.shown("success_counter")?.int == 1)
    expectNothingProved(scene, probes: 2)
    #expect(scene.total("probes") == 3)
  }

  @Test("the result says so, and the only event is that the circuit is half-open")
  func result() {
    let scene = due(.file, probe: Self.endless)
    scene["CB_ON_EVENT"] = "any=file:events"
    let running = start(scene, ["run", "--result", "result", "x", "--", "touch", "ran"])
    running.send(SIGTERM)
    #expect(running.wait(seconds: 60).status == .signaled(SIGTERM))
    let result = JSONValue.of(scene.sandbox.read("result") ?? "")
    #expect(result?["admitted"]?.bool == false)
    #expect(result?["outcome"]?.string == "ignored")
    #expect(result?["reason"]?.string == "probe: SIGTERM")
    #expect(result?["state"]?.string == "half-open")
    #expect(result?["exit"]?.int == 143)
    #expect(result?["signal"]?.string == "SIGTERM")
    #expect(result?["trial"]?.bool == true)
    #expect(scene.events() == ["state-change open -> half-open"])
    expectNothingProved(scene)
  }

  @Test("one that was ignored when cb was started ends nothing, as under nohup")
  func nohup() {
    let scene = due(.file, probe: "echo up > up; until test -e go; do sleep 0.02; done")
    let running = scene.sandbox.start(
      [Programs.probe, "with", "ignore", "1", "--", Programs.cb, "run", "x", "--", "touch", "ran"])
    #expect(eventually(seconds: 60) { scene.lines("up").count > 0 })
    running.send(SIGHUP)
    // The next signal finds the first one taken.
    running.send(SIGWINCH)
    _ = scene.sandbox.file("go", "")
    #expect(running.wait(seconds: 60).status == .exited(0))
    #expect(scene.sandbox.read("ran") == "")
    #expect(scene.state() == "closed")
  }

  @Test("where the store is away by then, cb ends all the same")
  func storeAway() throws {
    let server = try RedisServer()
    let scene = due(.redis(url: server.url), probe: Self.endless)
    let patient = scene["CB_STORE"]
    // Long enough for the admission on a busy machine.
    scene["CB_STORE"] = patient?.replacing(RedisServer.patience, with: "connect-timeout=3s&timeout=3s")
    let running = start(scene)
    server.send(SIGSTOP)
    running.send(SIGTERM)
    #expect(running.wait(seconds: 60).status == .signaled(SIGTERM))
    server.send(SIGCONT)
    scene["CB_STORE"] = patient
    // Of the dead, as far as it was not given back.
    #expect(scene.cb("check", "x").status == .exited(0))
  }

  // MARK: cb probe, cb permit

  @Test("cb probe ends likewise, and leaves the breakers after it alone", arguments: StoreUnderTest.all)
  func command(_ store: StoreUnderTest) {
    let scene = due(store, probe: Self.endless)
    scene.cb("set", "y", "probe=touch other", "reset-timeout=0")
    scene.run("--quiet", "--fail-max", "1", name: "y", exit: 1)
    let running = start(scene, ["probe", "x", "y"])
    running.send(SIGTERM)
    #expect(running.wait(seconds: 60).status == .signaled(SIGTERM))
    #expect(scene.sandbox.read("other") == nil)
    expectNothingProved(scene)
  }

  @Test("cb permit ends likewise, and prints no token", arguments: StoreUnderTest.all)
  func permit(_ store: StoreUnderTest) {
    let scene = due(store, probe: Self.endless)
    let running = start(scene, ["permit", "x"])
    running.send(SIGTERM)
    let result = running.wait(seconds: 60)
    #expect(result.status == .signaled(SIGTERM))
    #expect(result.output == [])
    expectNothingProved(scene)
  }

  @Test("a killed cb permit holds the place of its probe no longer", arguments: StoreUnderTest.all)
  func permitKilled(_ store: StoreUnderTest) {
    let scene = due(store, probe: Self.endless)
    let running = start(scene, ["permit", "x", "--lease", "10h"])
    #expect(scene.shown("trials")?.int == 1)
    running.send(SIGKILL)
    _ = running.wait(seconds: 60)
    #expect(scene.cb("check", "x").status == .exited(0))
  }

  @Test("mode observe gives a permit without a probe where it would be rejected, and its report is taken")
  func observedPermit() {
    let scene = due(.file, probe: "true", "mode=observe")
    scene.run("--quiet", "--reset-timeout", "1h", "--fail-max", "1", exit: 1)
    scene.cb("set", "x", "reset-timeout=1h", "fail-max=1")
    scene.run("--quiet", exit: 1)
    #expect(scene.state() == "open")
    let given = scene.cb("permit", "x")
    #expect(given.status == .exited(0))
    #expect(scene.cb("report", "x", String(given.outputText.dropLast()), "success").status == .exited(0))
    #expect(scene.state() == "open")
  }

  // MARK: A terminal

  @Test(
    "a key of the terminal ends the probe, and the shell sees the signal", arguments: [("\u{3}", 130), ("\u{1c}", 131)])
  func key(_ key: String, _ status: Int) {
    let scene = due(.file, probe: Self.endless)
    let terminal = Terminal(["/bin/bash", "--norc", "--noprofile", "--noediting", "-i"], in: scene.sandbox)
    #expect(terminal.expect("PROMPT> "))
    terminal.type("\(Programs.cb) run x -- touch ran\n")
    #expect(eventually(seconds: 60) { scene.lines("up").count > 0 })
    terminal.type(key)
    #expect(terminal.expect("PROMPT> "), "\(terminal.text)")
    terminal.type("echo status=$?\n")
    #expect(terminal.expect("status=\(status)"), "\(terminal.text)")
    terminal.type("exit\n")
    _ = terminal.wait()
    expectNothingProved(scene)
  }

  /// A probe that waits for the FIFO `gate`. Without a process of its own: dash, stopped while it starts one, hangs.
  private func dueBehindGate() -> Scene {
    let scene = due(.file, probe: "echo $$ > pid; echo up > up; read line < gate")
    mkfifo(scene.path + "/gate", 0o600)
    return scene
  }

  private func openGate(_ scene: Scene) {
    let gate = open(scene.path + "/gate", O_RDWR | O_CLOEXEC)
    #expect(write(gate, "go\n", 3) == 3)
    // The reader is to find a writer as long as it has not read.
    #expect(eventually(seconds: 60) { scene.state() == "closed" })
    close(gate)
  }

  @Test("Ctrl-Z stops the probe and cb, and fg lets both go on")
  func suspend() {
    let scene = dueBehindGate()
    let terminal = Terminal(["/bin/bash", "--norc", "--noprofile", "--noediting", "-i"], in: scene.sandbox)
    #expect(terminal.expect("PROMPT> "))
    terminal.type("\(Programs.cb) run x -- sh -c 'echo CMD ra''n'\n")
    #expect(eventually(seconds: 60) { scene.lines("up").count > 0 })
    terminal.type("\u{1a}")
    #expect(terminal.expect("Stopped"), "\(terminal.text)")
    #expect(terminal.expect("PROMPT> "))
    let probe = scene.lines("pid").first.flatMap { pid_t($0) } ?? 0
    #expect(isStopped(probe))
    #expect(scene.shown("trials")?.int == 1)
    terminal.type("fg\n")
    openGate(scene)
    #expect(terminal.expect("CMD ran"), "\(terminal.text)")
    terminal.type("exit\n")
    _ = terminal.wait()
  }

  @Test("SIGTSTP to cb alone stops both, and SIGCONT lets both go on")
  func stopped() {
    let scene = dueBehindGate()
    // A job of a shell: in a group whose parent is not in the session SIGTSTP stops nobody.
    let running = scene.sandbox.start([
      "/bin/bash", "-c",
      "set -m; \(Programs.cb) run x -- touch ran & echo $!; until test -e ran -o -e end; do sleep 0.05; done",
    ])
    defer { _ = scene.sandbox.file("end", "") }
    #expect(eventually(seconds: 60) { scene.lines("up").count > 0 })
    #expect(running.expect("\n"))
    guard let cb = pid_t(running.text.prefix { $0 != "\n" }),
      let probe = scene.lines("pid").first.flatMap({ pid_t($0) })
    else {
      Issue.record("no pid in \(running.text)")
      return
    }
    kill(cb, SIGTSTP)
    #expect(eventually(seconds: 60) { isStopped(cb) && isStopped(probe) })
    kill(cb, SIGCONT)
    openGate(scene)
    #expect(eventually(seconds: 60) { scene.sandbox.read("ran") == "" })
    _ = running.wait(seconds: 60)
  }

  private func isStopped(_ pid: pid_t) -> Bool {
    let descriptor = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { return false }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 512)
    let count = read(descriptor, &buffer, buffer.count)
    return String(decoding: buffer[..<max(0, count)], as: UTF8.self).contains(") T ")
  }
}
