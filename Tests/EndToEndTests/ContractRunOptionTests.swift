import Glibc
import Testing

/// The options of `run` that are no settings (CONTRACT section 3), and its messages (section 5).
@Suite("The options of run")
struct ContractRunOptionTests {
  let scene = Scene()

  // MARK: --fallback

  @Test("the fallback runs in place of a rejected CMD, and its exit code is the result")
  func fallback() {
    scene.trip()
    let result = scene.run("--fallback", "echo instead; exit 4", sh: "echo started")
    #expect(result.status == .exited(4))
    #expect(result.outputText == "instead\n")
    #expect(scene.total("calls") == 1)
    #expect(scene.total("rejected") == 1)
  }

  @Test("the fallback takes precedence over rejected-exit, reads standard input and sees CB_BREAKER and CB_STATE")
  func fallbackSees() {
    scene.trip()
    let result = scene.sandbox.cb(
      "run", "--fallback", "cat; echo $CB_BREAKER $CB_STATE", "--rejected-exit", "9", "x", "--", "true",
      input: Array("in ".utf8))
    #expect(result.status == .exited(0))
    #expect(result.outputText == "in x open\n")
  }

  @Test("the fallback of a run that is admitted does not run, even where CMD fails")
  func noFallback() {
    let result = scene.run("--fallback", "echo instead", exit: 3)
    #expect(result.status == .exited(3))
    #expect(result.output == [])
  }

  @Test("a fallback dead of a signal shows as one")
  func fallbackSignal() {
    scene.trip()
    #expect(scene.run("--fallback", "kill -TERM $$", exit: 0).status == .signaled(SIGTERM))
  }

  // MARK: --wait

  @Test("with --wait a run is a trial as soon as one is due")
  func wait() {
    scene.trip("--reset-timeout", "500ms")
    let result = scene.run("--wait", "60s", sh: "echo $CB_STATE")
    #expect(result.status == .exited(0))
    #expect(result.outputText == "half-open\n")
    #expect(scene.total("rejected") == 0)
  }

  @Test("with --wait a run is rejected when the time is over")
  func waitEnds() {
    scene.trip()
    let result = scene.run("--wait", "200ms", sh: "echo started")
    #expect(result.status == .exited(75))
    #expect(result.output == [])
    #expect(result.seconds >= 0.2)
    #expect(result.isOneMessage)
    #expect(scene.total("rejected") == 1)
  }

  @Test("with --wait a run waits for a place of max-concurrent")
  func waitPlace() {
    scene["CB_MAX_CONCURRENT"] = "1"
    let first = scene.runInFlight()
    let second = scene.sandbox.start([Programs.cb, "run", "--wait", "60s", "x", "--", "echo", "second"])
    usleep(100_000)
    #expect(isAlive(second.pid))
    first.end(0)
    let result = second.wait(seconds: 60)
    #expect(result.status == .exited(0))
    #expect(result.outputText == "second\n")
  }

  @Test("with --wait a run of a closed circuit does not wait")
  func waitClosed() {
    #expect(scene.run("--wait", "1h", exit: 3).status == .exited(3))
  }

  // MARK: --notice, --quiet

  @Test("each rejection is reported unless told otherwise")
  func noticeEach() {
    scene.trip()
    for options in [[], ["--notice", "each"], []] {
      let result = scene.run(options, sh: "exit 0")
      #expect(result.isOneMessage)
      #expect(result.errorText.hasPrefix("cb: x: circuit open, retry in "))
    }
  }

  @Test("--notice first reports once a trip")
  func noticeFirst() {
    scene["CB_RESET_TIMEOUT"] = "1h"
    for _ in 1...2 {
      scene.run("--fail-max", "1", exit: 1)
      let texts = (1...3).map { _ in scene.run("--notice", "first", sh: "exit 0").errorLines.count }
      #expect(texts == [1, 0, 0])
      scene.cb("close", "x")
    }
  }

  @Test("--notice first tells of a second trip that followed a trial")
  func noticeFirstAgain() {
    scene.trip("--reset-timeout", "0")
    scene.run("--fail-max", "1", "--reset-timeout", "1h", exit: 1)
    #expect(scene.run("--notice", "first", sh: "exit 0").errorLines.count == 1)
    #expect(scene.run("--notice", "first", sh: "exit 0").errorLines.count == 0)
  }

  @Test("--notice none and --quiet report none", arguments: [["--notice", "none"], ["--quiet"], ["--notice=none"]])
  func quiet(_ options: [String]) {
    scene.trip()
    let result = scene.run(options, sh: "exit 0")
    #expect(result.status == .exited(75))
    #expect(result.error == [])
  }

  // MARK: Messages

  @Test("the message of a trip")
  func tripMessage() {
    for _ in 1...4 { #expect(scene.run(name: "db-backup", exit: 1).error == []) }
    let result = scene.run(name: "db-backup", exit: 1)
    #expect(
      result.errorText
        == "cb: db-backup: circuit opened after 5 failures in a row (exit 1); retry in 60s\n")
  }

  @Test("the message of a rejection")
  func rejectionMessage() {
    scene["CB_RESET_TIMEOUT"] = "1h"
    for _ in 1...5 { scene.run(name: "db-backup", exit: 1) }
    let text = scene.run(name: "db-backup", exit: 0).errorText
    let pattern = /cb: db-backup: circuit open, retry in (1h|\d+m(\d+s)?) \(5 failures in a row, last: exit 1\)\n/
    #expect(text.wholeMatch(of: pattern) != nil, "\(text)")
  }

  @Test("cb writes nothing to standard output, and its own messages behind 'cb: '")
  func streams() {
    scene["CB_RESET_TIMEOUT"] = "1h"
    let trip = scene.run("--fail-max", "1", sh: "echo out; echo err >&2; exit 1")
    #expect(trip.outputText == "out\n")
    #expect(trip.errorLines.first == "err")
    #expect(trip.errorLines.dropFirst().allSatisfy { $0.hasPrefix("cb: ") })
    let rejected = scene.run(sh: "echo out")
    #expect(rejected.output == [])
    #expect(rejected.isOneMessage)
    scene.cb("half-open", "x")
    let trial = scene.run(sh: "echo out")
    #expect(trial.outputText == "out\n")
    #expect(trial.errorLines.allSatisfy { $0.hasPrefix("cb: ") })
  }

  // MARK: Where options may stand

  @Test("options stand before or after NAME, and those behind '--' are CMD's")
  func positions() {
    for arguments in [["--fail-max", "1", "x"], ["x", "--fail-max", "1"], ["--fail-max=1", "x", "--quiet"]] {
      scene.cb("reset", "x")
      scene.cb(["run"] + arguments + ["--", "false"])
      #expect(scene.state() == "open")
    }
    #expect(scene.cb("run", "y", "--", "echo", "--fail-max", "--", "-q").outputText == "--fail-max -- -q\n")
  }

  @Test("CMD sees its breaker and state")
  func environment() {
    #expect(scene.run(name: "a b", sh: "echo \"$CB_BREAKER,$CB_STATE\"").outputText == "a b,closed\n")
  }
}
