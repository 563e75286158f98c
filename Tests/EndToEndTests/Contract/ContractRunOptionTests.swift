import Glibc
import Testing

/// What a run does in place of a rejected CMD, and its messages (docs/CONTRACT.md, "Settings" and "`cb run` as a
/// process").
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
    #expect(eventually { ProcessFacts.waitsForSignals(second.pid) })
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

  /// How many lines each of three rejected runs writes under `--notice first`.
  private func firstNotices(_ scene: Scene) -> [Int] {
    (1...3).map { _ in scene.run("--notice", "first", sh: "exit 0").errorLines.count }
  }

  @Test("--notice first reports once from a close by hand to the next", arguments: StoreUnderTest.all)
  func noticeFirst(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene["CB_RESET_TIMEOUT"] = "1h"
    for _ in 1...2 {
      scene.run("--fail-max", "1", exit: 1)
      #expect(firstNotices(scene) == [1, 0, 0])
      scene.cb("close", "x")
    }
  }

  @Test(
    "--notice first says nothing of a circuit that opens again after a failed trial, however often",
    arguments: StoreUnderTest.all)
  func noticeFirstAgain(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.trip()
    #expect(firstNotices(scene) == [1, 0, 0])
    for _ in 1...2 {
      scene.cb("half-open", "x")
      #expect(scene.run("--reset-timeout", "1h", exit: 1).status == .exited(1))
      #expect(firstNotices(scene) == [0, 0, 0])
    }
    scene.cb("open", "x", "--hold")
    #expect(firstNotices(scene) == [0, 0, 0])
    // A trial that succeeds closes it: the next outage is news.
    scene.cb("half-open", "x")
    scene.run(exit: 0)
    #expect(scene.state() == "closed")
    scene.trip()
    #expect(firstNotices(scene) == [1, 0, 0])
  }

  @Test("--notice first reports a circuit of which the first rejections were quiet")
  func noticeFirstAfterQuiet() {
    scene.trip()
    scene.run("--quiet", exit: 0)
    #expect(firstNotices(scene) == [1, 0, 0])
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
    let pattern =
      /cb: db-backup: circuit open, retry in (1h|\d+m(\d+s)?), at [-\d: ]{8,19} \(5 failures in a row, last: exit 1\)\n/
    #expect(text.wholeMatch(of: pattern) != nil, "\(text)")
  }

  @Test("the time of the next trial is that of this host, with its date where that is not today")
  func rejectionTime() throws {
    scene["TZ"] = "UTC"
    scene.trip("--reset-timeout", "2d", "--reset-max", "2d")
    let text = scene.run(exit: 0).errorText
    let shown = try #require(text.firstMatch(of: #/at (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) /#), "\(text)")
    // The time zone is the caller's.
    scene["TZ"] = "UTC-5:30"
    let elsewhere = scene.run(exit: 0).errorText
    let other = try #require(elsewhere.firstMatch(of: #/at (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) /#), "\(elsewhere)")
    func seconds(_ day: Substring, _ clock: Substring) -> Int? {
      let date = scene.sandbox.execute(["/bin/date", "-u", "-d", "\(day) \(clock)", "+%s"]).outputText
      return Int(date.dropLast())
    }
    let first = try #require(seconds(shown.1, shown.2))
    let second = try #require(seconds(other.1, other.2))
    #expect(abs(second - first - 19_800) <= 1)
    let left = try #require(Double(scene.get("retry-after")))
    let now = try #require(Int(scene.sandbox.execute(["/bin/date", "+%s"]).outputText.dropLast()))
    #expect(abs(Double(first - now) - left) < 30)
  }

  @Test("the message of a circuit that a person opened, and of one that is held")
  func rejectionByHand() {
    scene.cb("open", "x", "--reason", "moving house")
    #expect(
      scene.run(exit: 0).errorText.wholeMatch(
        of: /cb: x: circuit open, retry in \d+s, at [\d: -]+ \(moving house\)\n/) != nil)
    scene.cb("open", "x", "--hold", "--reason", "moving house")
    let held = scene.run(exit: 0).errorText
    #expect(held.hasPrefix("cb: x: circuit held open by ") && held.contains("(moving house)"))
    #expect(held.hasSuffix("; 'cb close' or 'cb half-open' releases it\n"), "\(held)")
  }

  @Test("the message of a circuit whose trial runs, and of max-concurrent")
  func otherRejections() {
    scene.trip()
    scene.cb("half-open", "x")
    let trial = scene.runInFlight()
    #expect(
      scene.run(exit: 0).errorText
        == "cb: x: circuit half-open, a trial is running (1 failure, last: exit 1)\n")
    trial.end(0)
    let run = scene.runInFlight("--max-concurrent", "1", name: "y")
    #expect(
      scene.run("--max-concurrent", "1", name: "y", exit: 0).errorText
        == "cb: y: 1 run is going on, and max-concurrent is 1\n")
    run.end(0)
  }

  @Test("a trip by rate says so, and not how many failed in a row")
  func rateMessage() {
    let options = ["--window", "4", "--min-calls", "4", "--reset-timeout", "1h"]
    for code in [1, 0, 1] { scene.run(options, sh: "exit \(code)") }
    let trip = scene.run(options, sh: "exit 1").errorText
    #expect(
      trip.contains("opened after 3 of 4 runs failed (exit 1); retry in ") && !trip.contains("in a row"), "\(trip)")
    let rejection = scene.run(options, sh: "exit 0").errorText
    #expect(rejection.contains(" (3 of 4 runs failed (exit 1))") && !rejection.contains("in a row"), "\(rejection)")
  }

  @Test("that timeout ended CMD is said in one line, with the signals that it took; --quiet says nothing")
  func timeoutMessage() {
    let ended = scene.run("--timeout", "100ms", sh: "exec sleep 600")
    #expect(ended.status == .exited(124))
    #expect(ended.errorText == "cb: x: '/bin/sh' ran longer than 100ms (timeout): sent it SIGTERM\n")
    let other = scene.run("--timeout", "100ms", "--timeout-signal", "INT", sh: "exec sleep 600")
    #expect(other.errorText == "cb: x: '/bin/sh' ran longer than 100ms (timeout): sent it SIGINT\n")
    let stubborn = scene.run(
      "--timeout", "100ms", "--kill-after", "100ms", sh: "trap '' TERM; while :; do sleep 0.05; done")
    #expect(stubborn.errorText == "cb: x: '/bin/sh' ran longer than 100ms (timeout): sent it SIGTERM, then SIGKILL\n")
    let quiet = scene.run("--timeout", "100ms", "--quiet", "--fail-max", "99", sh: "exec sleep 600")
    #expect(quiet.status == .exited(124))
    #expect(quiet.error == [])
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
