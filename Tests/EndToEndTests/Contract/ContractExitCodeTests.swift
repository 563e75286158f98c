import Glibc
import Testing

/// The exit codes of docs/CONTRACT.md, "cb run as a process", and of the other commands.
@Suite("Exit codes")
struct ContractExitCodeTests {
  let scene = Scene()

  @Test("CMD's own, also on the run that trips", arguments: [0, 1, 2, 64, 75, 124, 125, 126, 127, 143, 255])
  func own(_ code: Int) {
    #expect(scene.run("--fail-max", "1", exit: code).status == .exited(Int32(code)))
    #expect(scene.state() == (code == 0 ? "closed" : "open"))
  }

  @Test("75: the circuit is open")
  func open() {
    scene.trip()
    #expect(scene.run(exit: 0).status == .exited(75))
  }

  @Test("75: no trial is free")
  func noTrialFree() {
    scene.cb("half-open", "x")
    let trial = scene.runInFlight()
    #expect(scene.run(exit: 0).status == .exited(75))
    #expect(trial.end(0).status == .exited(0))
  }

  @Test("75: max-concurrent is reached")
  func maxConcurrent() {
    scene["CB_MAX_CONCURRENT"] = "2"
    let runs = [scene.runInFlight(), scene.runInFlight()]
    #expect(scene.run(exit: 0).status == .exited(75))
    runs[0].end(0)
    #expect(scene.run(exit: 0).status == .exited(0))
    runs[1].end(0)
  }

  @Test("rejected-exit takes the place of 75, and may be 0", arguments: [0, 1, 99, 255])
  func rejectedExit(_ code: Int) {
    scene.trip()
    let result = scene.run("--rejected-exit", "\(code)", sh: "echo started; exit 3")
    #expect(result.status == .exited(Int32(code)))
    #expect(result.output == [])
    #expect(scene.run("--rejected-exit=\(code)", name: "other", exit: 75).status == .exited(75))
  }

  @Test("124: the time limit ran out")
  func timeout() {
    #expect(scene.run("--timeout", "100ms", sh: "exec sleep 600").status == .exited(124))
    #expect(scene.total("timeouts") == 1)
    #expect(scene.counter() == "1")
  }

  @Test("125: cb itself failed, and CMD was not started")
  func ownFailure() {
    scene["CB_STATE_DIR"] = scene.sandbox.file("occupied", "a file")
    let result = scene.run("--on-store-error", "reject", sh: "echo started")
    #expect(result.status == .exited(125))
    #expect(result.output == [])
    #expect(result.isOneMessage)
  }

  @Test("126: CMD cannot be executed")
  func notExecutable() {
    let plain = scene.sandbox.file("plain", "text")
    for command in [plain, "/etc"] {
      let result = scene.cb("run", "x", "--", command)
      #expect(result.status == .exited(126))
      #expect(result.isOneMessage)
      #expect(result.errorText.contains(command))
    }
  }

  @Test("127: CMD was not found")
  func notFound() {
    for command in ["no-such-program-of-any-name", "/no/such/program", ""] {
      let result = scene.cb("run", "x", "--", command)
      #expect(result.status == .exited(127))
      #expect(result.isOneMessage)
      #expect(result.errorText.contains("'\(command)'"))
    }
  }

  @Test(
    "64: a usage error",
    arguments: [["run", "x"], ["run", "--fail-max", "0", "x", "--", "true"], ["no-such-command"], []])
  func usage(_ arguments: [String]) {
    #expect(scene.cb(arguments).status == .exited(64))
  }

  @Test(
    "128 + N, as the shell shows it, and the signal itself for a parent that looks",
    arguments: [SIGINT, SIGKILL, SIGTERM, SIGSEGV])
  func signals(_ signal: Int32) {
    #expect(scene.run(sh: "kill -\(signal) $$").status == .signaled(signal))
    let shell = scene.sandbox.execute(["/bin/sh", "-c", "\(Programs.cb) run x -- sh -c 'kill -\(signal) $$'; echo $?"])
    #expect(shell.outputText == "\(128 + signal)\n")
  }

  @Test(
    "1: a NAME that is not there",
    arguments: [
      ["status", "nobody"], ["get", "nobody", "state"], ["reset", "nobody"], ["remove", "nobody"],
      ["status", "nobody-*"], ["open", "nobody-*"], ["close", "nobody-*"], ["half-open", "nobody-*"],
      ["reset", "nobody-*"], ["remove", "nobody-*"],
    ])
  func missing(_ arguments: [String]) {
    scene.run(name: "somebody", exit: 0)
    let before = scene.snapshot()
    let result = scene.cb(arguments)
    #expect(result.status == .exited(1))
    #expect(result.isOneMessage)
    #expect(result.errorText.contains(arguments[1]))
    #expect(scene.snapshot() == before)
  }

  @Test(
    "0: every other command on a breaker that is there",
    arguments: [
      ["status"], ["status", "x"], ["status", "x", "--json"], ["get", "x", "state"], ["set", "x", "fail-max=3"],
      ["check", "x"], ["wait", "x"], ["open", "x"], ["close", "x"], ["half-open", "x"], ["reset", "x"],
      ["remove", "x"],
      ["--help"], ["--version"], ["run", "--help"], ["status", "--help"], ["check", "nobody"], ["wait", "nobody"],
    ])
  func success(_ arguments: [String]) {
    scene.run(exit: 0)
    let result = scene.cb(arguments)
    #expect(result.status == .exited(0))
    #expect(result.error == [])
  }

  @Test(
    "1: a store that failed",
    arguments: [
      ["status"], ["status", "x"], ["get", "x", "state"], ["set", "x", "fail-max=3"], ["open", "x"], ["close", "x"],
      ["half-open", "x"], ["reset", "x"], ["remove", "x"], ["history"], ["list"], ["probe", "x"],
      ["report", "x", "t", "success"],
    ])
  func storeFailed(_ arguments: [String]) {
    scene["CB_STATE_DIR"] = scene.sandbox.file("occupied", "a file")
    let result = scene.cb(arguments)
    #expect(result.status == .exited(1))
    #expect(result.isOneMessage)
    #expect(result.errorText.contains("occupied"))
    #expect(result.output == [])
  }

  @Test(
    "0, and 255 with on-store-error reject: check, wait and permit where the store failed, with one line that says why",
    arguments: ["check", "wait", "permit"], StoreUnderTest.all)
  func storeFailedForRun(_ command: String, _ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.breakStore()
    for (policy, code) in [("local", 0), ("run", 0), ("reject", 255)] as [(String, Int32)] {
      scene["CB_ON_STORE_ERROR"] = policy
      let result = scene.cb(command, "x")
      #expect(result.status == .exited(code), "\(policy)")
      #expect(result.isOneMessage, "\(result.errorText)")
      #expect(result.errorText.contains(store.failureWord), "\(result.errorText)")
    }
  }

  @Test("where the store failed, check, wait and permit answer what run would do: by the stand-in")
  func standInAnswers() {
    let scene = Scene(.redis(url: SharedRedis.url))
    scene.breakStore()
    scene.run("--fail-max", "1", "--reset-timeout", "1h", exit: 1)
    #expect(scene.run(sh: "exit 0").status == .exited(75))
    #expect(scene.cb("check", "x").status == .exited(75))
    #expect(scene.cb("wait", "x", "--timeout", "10ms").status == .exited(124))
    #expect(scene.cb("permit", "x").status == .exited(75))
    scene["CB_ON_STORE_ERROR"] = "run"
    #expect(scene.cb("check", "x").status == .exited(0))
  }

  @Test("75 and 0 of check, 124 and 0 of wait")
  func checkAndWait() {
    scene.trip()
    let check = scene.cb("check", "x")
    #expect(check.status == .exited(75))
    #expect(check.output + check.error == [])
    #expect(scene.cb("wait", "x", "--timeout", "50ms").status == .exited(124))
    scene.cb("close", "x")
    #expect(scene.cb("check", "x").status == .exited(0))
    #expect(scene.cb("wait", "x", "--timeout", "50ms").status == .exited(0))
  }
}
