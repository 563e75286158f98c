import Glibc
import JSON
import Testing

/// A signal to cb while it runs a predicate, a listener or a fallback.
@Suite("Signals beside the command")
struct ContractSignalTests {
  /// What does not end by itself, with a process of its own that ignores SIGINT.
  private static let endless = "echo $$ > pid; sleep 8.7 & echo $! >> pid; echo up > up; wait; wait"

  private func start(_ scene: Scene, _ words: [String]) -> Running {
    let running = scene.sandbox.start([Programs.cb] + words)
    #expect(eventually(seconds: 60) { scene.lines("up").count > 0 })
    return running
  }

  /// cb has ended, and left nothing of the text behind.
  private func expectGone(_ scene: Scene) {
    let left = scene.lines("pid").compactMap { pid_t($0) }
    #expect(left.count == 2)
    #expect(eventually(seconds: 5) { !left.contains(where: isAlive) })
  }

  // MARK: Predicates

  @Test(
    "a predicate that is to say whether CMD failed ends, and the run is ignored; cb ends as CMD did",
    arguments: [("exclude-if", 3), ("ignore-if", 3), ("fail-if", 0)], [SIGTERM, SIGINT])
  func undecided(_ one: (String, Int32), _ signal: Int32) {
    let (key, code) = one
    let scene = Scene()
    scene.run(exit: 1)
    let running = start(
      scene, ["run", "--result", "result", "--\(key)", Self.endless, "x", "--", "sh", "-c", "exit \(code)"])
    running.send(signal)
    let result = running.wait(seconds: 60)
    #expect(result.status == .exited(code))
    expectGone(scene)
    // Neither a failure nor a success.
    #expect(scene.counter() == "1")
    #expect(scene.total("ignored") == 1)
    let reason = JSONValue.of(scene.sandbox.read("result") ?? "")?["reason"]?.string
    #expect(reason == "exit \(code), \(signal == SIGTERM ? "SIGTERM" : "SIGINT") to cb")
  }

  @Test(
    "one that is asked about a failure ends, and the failure counts; the ones after it are not asked",
    arguments: ["hold-if", "retry-hint"])
  func decided(_ key: String) {
    let scene = Scene()
    let running = start(
      scene, ["run", "--\(key)", Self.endless, "--\(key)", "touch second", "x", "--", "sh", "-c", "exit 3"])
    running.send(SIGTERM)
    #expect(running.wait(seconds: 60).status == .exited(3))
    expectGone(scene)
    #expect(scene.counter() == "1")
    #expect(scene.state() == "closed")
    #expect(scene.sandbox.read("second") == nil)
  }

  @Test("of a second that says yes nothing is known, as it is not asked")
  func notAsked() {
    let scene = Scene()
    let running = start(
      scene,
      ["run", "--exclude-if", Self.endless, "--exclude-if", "touch second", "x", "--", "sh", "-c", "exit 3"])
    running.send(SIGTERM)
    #expect(running.wait(seconds: 60).status == .exited(3))
    #expect(scene.total("ignored") == 1)
    #expect(scene.sandbox.read("second") == nil)
  }

  @Test("cb report dies of it, and the permit can still be reported")
  func report() {
    let scene = Scene()
    scene.cb("set", "x", "exclude-if=test ! -e go || { \(Self.endless); }")
    let token = String(scene.cb("permit", "x").outputText.dropLast())
    _ = scene.sandbox.file("go", "")
    let running = start(scene, ["report", "x", token, "exit:3"])
    running.send(SIGTERM)
    #expect(running.wait(seconds: 60).status == .signaled(SIGTERM))
    expectGone(scene)
    unlink(scene.path + "/go")
    #expect(scene.cb("report", "x", token, "exit:3").status == .exited(0))
    #expect(scene.total("excluded") == 1)
  }

  // MARK: Listeners

  @Test("a listener before CMD ends, CMD is not started, and cb dies of the signal", arguments: [SIGTERM, SIGINT])
  func before(_ signal: Int32) {
    let scene = Scene()
    let running = start(scene, ["run", "--on-event", "before-call=\(Self.endless)", "x", "--", "touch", "ran"])
    running.send(signal)
    let result = running.wait(seconds: 60)
    #expect(result.status == .signaled(signal))
    let name = signal == SIGTERM ? "SIGTERM" : "SIGINT"
    #expect(result.errorLines.first?.hasSuffix("' was ended: \(name) came to cb") == true, "\(result.errorText)")
    expectGone(scene)
    #expect(scene.sandbox.read("ran") == nil)
    #expect(scene.counter() == "0")
  }

  @Test("before a trial likewise: its place is free, and the events that are left are announced once")
  func beforeTrial() {
    let scene = Scene()
    scene.trip("--reset-timeout", "0")
    let running = start(
      scene,
      [
        "run", "--on-event", "half-open=\(Self.endless)", "--on-event", "any=file:events", "x", "--", "touch", "ran",
      ])
    running.send(SIGTERM)
    #expect(running.wait(seconds: 60).status == .signaled(SIGTERM))
    expectGone(scene)
    #expect(scene.events() == ["state-change open -> half-open", "ignored"])
    #expect(scene.sandbox.read("ran") == nil)
    #expect(scene.shown("trials")?.int == 0)
    #expect(scene.state() == "half-open")
  }

  @Test("a listener after CMD ends, those after it are told, and cb ends as CMD did")
  func after() {
    let scene = Scene()
    let running = start(
      scene,
      [
        "run", "--fail-max", "1", "--on-event", "failure=\(Self.endless)", "--on-event", "any=file:events", "x", "--",
        "sh", "-c", "exit 3",
      ])
    running.send(SIGTERM)
    #expect(running.wait(seconds: 60).status == .exited(3))
    expectGone(scene)
    #expect(scene.events() == ["before-call", "failure", "state-change closed -> open"])
    #expect(scene.state() == "open")
  }

  @Test(
    "a listener of a rejection ends, and cb dies of the signal; a fallback is not started", arguments: [true, false])
  func rejected(_ hasFallback: Bool) {
    let scene = Scene()
    scene.trip()
    let running = start(
      scene,
      ["run", "--on-event", "rejected=\(Self.endless)"] + (hasFallback ? ["--fallback", "touch instead"] : [])
        + ["x", "--", "true"])
    running.send(SIGTERM)
    #expect(running.wait(seconds: 60).status == .signaled(SIGTERM))
    expectGone(scene)
    #expect(scene.sandbox.read("instead") == nil)
    #expect(scene.total("rejected") == 1)
  }

  @Test("a listener of an act by hand ends, and cb dies of the signal; the act stands")
  func byHand() {
    let scene = Scene()
    scene["CB_ON_EVENT"] = "open=\(Self.endless)"
    let running = start(scene, ["open", "x"])
    running.send(SIGTERM)
    #expect(running.wait(seconds: 60).status == .signaled(SIGTERM))
    scene["CB_ON_EVENT"] = nil
    expectGone(scene)
    #expect(scene.state() == "open")
  }

  @Test("what cb writes to a standard error that nobody reads is not taken for a signal to cb")
  func brokenPipe() {
    let scene = Scene()
    scene["CB_NO_SUCH_KEY"] = nil
    scene["CB_FAIL_MAX"] = "many"  // one warning a run
    let script = """
      { \(Programs.cb) run --exclude-if 'echo asked >> asked; true' x -- sh -c 'echo ran > ran; exit 3'; echo $? > code; } 2>&1 >&3 | true
      """
    _ = scene.sandbox.execute(["/bin/sh", "-c", "exec 3>&1; trap '' PIPE; \(script); trap - PIPE; \(script)"])
    #expect(scene.sandbox.read("ran") == "ran\n")
    #expect(scene.sandbox.read("code") == "3\n")
    #expect(scene.total("excluded") == 2)
  }

  // MARK: Fallback

  @Test("a fallback gets the signal as CMD would", arguments: [SIGTERM, SIGINT])
  func fallback(_ signal: Int32) {
    let scene = Scene()
    scene.trip()
    let dying = start(scene, ["run", "--fallback", "echo up > up; exec sleep 600", "x", "--", "true"])
    dying.send(signal)
    #expect(dying.wait(seconds: 60).status == .signaled(signal))
    unlink(scene.path + "/up")
    let trapping = start(
      scene,
      ["run", "--fallback", "trap 'exit 9' INT TERM; echo up > up; while :; do sleep 0.02; done", "x", "--", "true"])
    trapping.send(signal)
    #expect(trapping.wait(seconds: 60).status == .exited(9))
  }
}
