import Glibc
import JSON
import Testing

/// "A probe in place of the trial" (docs/CONTRACT.md, "The state machine"), through the program.
@Suite("Probes")
struct ContractProbeTests {
  /// A scene whose circuit x is open and due, with a stored probe.
  private func due(_ store: StoreUnderTest, probe: String, _ settings: String...) -> Scene {
    let scene = Scene(store)
    scene.cb(["set", "x", "probe=\(probe)", "reset-timeout=0"] + settings)
    scene.run("--quiet", "--fail-max", "1", exit: 1)
    #expect(scene.state() == "open")
    return scene
  }

  @Test(
    "a success closes the circuit, and this very run goes on as one of a closed circuit", arguments: StoreUnderTest.all)
  func success(_ store: StoreUnderTest) {
    let scene = due(store, probe: "echo \"$CB_BREAKER $CB_STATE\" >> probes; echo noise; echo noise >&2")
    scene["CB_ON_EVENT"] = "any=file:events"
    let result = scene.run(sh: "echo \"ran $CB_STATE\"; exit 5")
    #expect(result.status == .exited(5))
    #expect(result.outputText == "ran closed\n")
    #expect(!result.errorText.contains("noise"))
    #expect(scene.lines("probes") == ["x half-open"])
    #expect(scene.state() == "closed")
    #expect(scene.total("probes") == 1)
    // The failed run of before and this one; the probe is not among them.
    #expect(scene.total("calls") == 2)
    #expect(scene.total("failures") == 2)
    #expect(scene.counter() == "1")
    #expect(
      scene.events() == [
        "state-change open -> half-open", "state-change half-open -> closed", "before-call", "failure",
      ])
  }

  @Test(
    "a failure opens again and rejects this run, which says why and shows the probe's output",
    arguments: StoreUnderTest.all)
  func failure(_ store: StoreUnderTest) {
    let scene = due(store, probe: "echo out; echo err >&2; exit 2")
    scene["CB_ON_EVENT"] = "any=file:events"
    let result = scene.run(sh: "echo ran")
    #expect(result.status == .exited(75))
    #expect(result.output == [])
    #expect(result.errorLines.prefix(2).sorted() == ["err", "out"])
    let line = result.errorLines.last ?? ""
    #expect(line.hasPrefix("cb: x: circuit open, retry in ") && line.hasSuffix(" (probe: exit 2)"), "\(line)")
    #expect(scene.state() == "open")
    #expect(scene.counter() == "2")
    #expect(scene.total("probes") == 1)
    #expect(scene.total("calls") == 1)
    #expect(scene.total("failures") == 1)
    #expect(scene.total("rejected") == 1)
    #expect(scene.total("trips") == 2)
    #expect(
      scene.events() == ["state-change open -> half-open", "state-change half-open -> open", "rejected"])
  }

  @Test("it is repeated at once until success-threshold, in one place", arguments: StoreUnderTest.all)
  func threshold(_ store: StoreUnderTest) {
    let scene = due(store, probe: "echo probe >> probes", "success-threshold=3")
    #expect(scene.run(sh: "echo ran").outputText == "ran\n")
    #expect(scene.lines("probes").count == 3)
    #expect(scene.total("probes") == 3)
    #expect(scene.state() == "closed")
    // Where the second fails, it is open again.
    let other = due(store, probe: "echo probe >> probes; test $(wc -l < probes) != 2", "success-threshold=3")
    #expect(other.run(sh: "echo ran").status == .exited(75))
    #expect(other.lines("probes").count == 2)
    #expect(other.state() == "open")
  }

  @Test("its standard input is empty, and CMD's is whole")
  func standardInput() {
    let scene = due(.file, probe: "cat > probe-input")
    let result = scene.sandbox.cb("run", "x", "--", "cat", input: Array("for CMD\n".utf8))
    #expect(result.outputText == "for CMD\n")
    #expect(scene.sandbox.read("probe-input") == "")
  }

  @Test(
    "exclude and its like do not apply to it",
    arguments: ["exclude=2", "ignore=2", "only=3", "exclude-if=true", "ignore-if=true"])
  func rules(_ setting: String) {
    let scene = due(.file, probe: "exit 2")
    scene.cb("set", "x", setting)
    #expect(scene.run(sh: "echo ran").status == .exited(75))
    #expect(scene.counter() == "2")
  }

  @Test("one that takes longer than probe-timeout has failed, and is ended", arguments: StoreUnderTest.all)
  func timeout(_ store: StoreUnderTest) {
    let scene = due(store, probe: "echo $$ > pid; exec sleep 600", "probe-timeout=300ms")
    let result = scene.run(sh: "echo ran")
    #expect(result.status == .exited(75))
    #expect(result.errorLines.first == "cb: x: the probe took over 300ms and was ended")
    #expect(result.errorLines.last?.contains(" (probe: timeout)") == true, "\(result.errorText)")
    let probe = scene.lines("pid").first.flatMap { pid_t($0) } ?? 0
    #expect(probe > 1 && eventually { !isAlive(probe) })
  }

  @Test("a probe dead of a signal has failed, and says of which")
  func signal() {
    let scene = due(.file, probe: "kill -KILL $$")
    #expect(scene.run(exit: 0).errorLines.last?.hasSuffix(" (probe: SIGKILL)") == true)
  }

  @Test("none while closed, and none for check, status and wait", arguments: StoreUnderTest.all)
  func none(_ store: StoreUnderTest) {
    let scene = due(store, probe: "echo probe >> probes")
    for words in [["check", "x"], ["wait", "x"], ["status"], ["status", "x"], ["get", "x", "state"]] { scene.cb(words) }
    #expect(scene.sandbox.read("probes") == nil)
    scene.cb("close", "x")
    scene.run(exit: 0)
    scene.cb("permit", "x")
    #expect(scene.sandbox.read("probes") == nil)
    // One that is open and not due has none either.
    scene.cb("open", "x", "--for", "1h")
    #expect(scene.run(exit: 0).status == .exited(75))
    #expect(scene.sandbox.read("probes") == nil)
  }

  @Test("permit probes as run does", arguments: StoreUnderTest.all)
  func permit(_ store: StoreUnderTest) {
    let failing = due(store, probe: "exit 2")
    let rejected = failing.cb("permit", "x")
    #expect(rejected.status == .exited(75))
    #expect(rejected.output == [])
    #expect(rejected.errorText.hasSuffix(" (probe: exit 2)\n"), "\(rejected.errorText)")
    let scene = due(store, probe: "true")
    let given = scene.cb("permit", "x")
    #expect(given.status == .exited(0))
    #expect(scene.state() == "closed")
    #expect(scene.cb("report", "x", String(given.outputText.dropLast()), "failure").status == .exited(0))
    #expect(scene.counter() == "1")
    #expect(scene.total("failures") == 2)
  }

  @Test(
    "the run for which a probe closed the circuit takes a place under max-concurrent", arguments: StoreUnderTest.all)
  func place(_ store: StoreUnderTest) {
    let scene = due(store, probe: "true", "max-concurrent=1")
    let run = scene.runInFlight()
    #expect(scene.state() == "closed")
    #expect(scene.shown("running")?.int == 1)
    #expect(scene.run(exit: 0).status == .exited(75))
    run.end(0)
    #expect(scene.shown("running")?.int == 0)
    #expect(scene.run(exit: 0).status == .exited(0))
  }

  @Test("a killed cb holds the probe's place no longer, and the probe ends with it", arguments: StoreUnderTest.all)
  func killed(_ store: StoreUnderTest) {
    let scene = due(store, probe: "echo $$ > pid; exec sleep 600", "probe-timeout=5m")
    let run = scene.sandbox.start([Programs.cb, "run", "x", "--", "true"])
    #expect(eventually(seconds: 60) { scene.lines("pid").count == 1 })
    #expect(scene.shown("trials")?.int == 1)
    #expect(scene.cb("check", "x").status == .exited(75))
    run.send(SIGKILL)
    _ = run.wait(seconds: 60)
    #expect(scene.cb("check", "x").status == .exited(0))
    let probe = scene.lines("pid").first.flatMap { pid_t($0) } ?? 0
    #expect(probe > 1 && eventually { !isAlive(probe) })
  }

  @Test(
    "a probe that ends when others have moved the circuit on is late news: the run is asked again",
    arguments: StoreUnderTest.all, [0, 1])
  func late(_ store: StoreUnderTest, _ code: Int) {
    let scene = due(store, probe: "echo probe >> probes; until test -e go; do sleep 0.02; done; exit \(code)")
    scene["CB_ON_EVENT"] = "state-change=file:events"
    func runMeanwhile(_ act: [String]) -> Finished {
      scene.cb("half-open", "x")
      for file in ["go", "ran", "probes", "events"] { unlink(scene.path + "/" + file) }
      let running = scene.sandbox.start([Programs.cb, "run", "x", "--", "touch", "ran"])
      #expect(eventually(seconds: 60) { scene.lines("probes").count == 1 })
      scene.cb(act)
      _ = scene.sandbox.file("go", "")
      return running.wait(seconds: 60)
    }
    let closed = runMeanwhile(["close", "x"])
    #expect(closed.status == .exited(0))
    #expect(scene.sandbox.read("ran") == "")
    #expect(scene.lines("probes").count == 1)
    let opened = runMeanwhile(["open", "x", "--for", "1h"])
    #expect(opened.status == .exited(75))
    #expect(opened.errorText.contains("x: circuit held open by "), "\(opened.errorText)")
    #expect(scene.sandbox.read("ran") == nil)
    #expect(scene.lines("probes").count == 1)
    #expect(scene.total("stale") == 2)
    #expect(scene.total("probes") == 0)
    #expect(scene.state() == "open")
  }

  @Test(
    "of 200 processes, with a probe that takes its time, exactly one probes", .timeLimit(.minutes(3)),
    arguments: StoreUnderTest.all)
  func herd(_ store: StoreUnderTest) {
    // The probe takes 2 s, and on a slow machine as long as it takes until all others have met it.
    let scene = due(
      store, probe: "echo probe >> probes; sleep 2; until test -e go; do sleep 0.05; done", "probe-timeout=10m")
    let command = ["run", "--quiet", "x", "--", "/bin/sh", "-c", "echo ran >> runs"]
    let running = scene.sandbox.start([Programs.probe, "herd", "200", Programs.cb] + command)
    let met = eventually(seconds: 120, every: 50) { scene.lines("codes").count == 199 }
    #expect(met, "\(scene.lines("codes").count) ended, \(scene.lines("probes").count) probes")
    #expect(scene.lines("codes").allSatisfy { $0 == "75" })
    _ = scene.sandbox.file("go", "")
    #expect(running.wait(seconds: 120).status == .exited(0))
    // On a machine so busy that a lease was not renewed in 15 s, the place was free again.
    let lost = scene.total("lost") ?? 0
    #expect(scene.lines("probes").count <= 1 + lost && scene.lines("probes").first == "probe")
    guard lost == 0 else { return }
    #expect(scene.lines("codes").count { $0 == "0" } == 1)
    #expect(scene.lines("runs") == ["ran"])
    #expect(scene.total("probes") == 1)
    #expect(scene.total("rejected") == 199)
    #expect(scene.state() == "closed")
  }

  // MARK: cb probe

  @Test("cb probe: 0 where all are closed after it, 75 where one is not", arguments: StoreUnderTest.all)
  func command(_ store: StoreUnderTest) {
    let scene = due(store, probe: "echo \"$CB_BREAKER\" >> probes; test ! -e down")
    _ = scene.sandbox.file("down", "")
    #expect(scene.cb("probe", "x").status == .exited(75))
    #expect(scene.state() == "open")
    unlink(scene.path + "/down")
    let closed = scene.cb("probe", "x")
    #expect(closed.status == .exited(0))
    #expect(closed.output == [])
    #expect(scene.state() == "closed")
    #expect(scene.total("probes") == 2)
    #expect(scene.total("rejected") == 0)
    // A closed circuit is left alone.
    #expect(scene.cb("probe", "x").status == .exited(0))
    #expect(scene.lines("probes") == ["x", "x"])
  }

  @Test("cb probe leaves a circuit that is held, not due, or without a probe as it is, and takes patterns")
  func commandLeaves() {
    let scene = due(.file, probe: "echo \"$CB_BREAKER\" >> probes")
    scene.cb("set", "held", "waiting", "probe=echo \"$CB_BREAKER\" >> probes")
    scene.cb("open", "held", "--hold")
    scene.cb("open", "waiting", "--for", "1h")
    scene.trip("--reset-timeout", "0", name: "without")
    let result = scene.cb("probe", "*")
    #expect(result.status == .exited(75))
    #expect(scene.lines("probes") == ["x"])
    #expect(["x", "held", "waiting", "without"].map { scene.state($0) } == ["closed", "open", "open", "open"])
    #expect(result.errorText.contains("cb: without: it has no setting 'probe'"), "\(result.errorText)")
    let missing = scene.cb("probe", "nobody")
    #expect(missing.status == .exited(1))
    #expect(missing.isOneMessage)
  }
}
