import BreakerStore
import Glibc
import Testing

/// `exclude-if`, and the judging by rate of CONTRACT section 3.
@Suite("Judging")
struct ContractJudgingTests {
  let scene = Scene()

  @Test("a predicate sees exit status, signal, duration and the tail of standard error, which still comes through")
  func predicateSees() {
    let predicate =
      "printf '%s|%s|%s|%s' \"$CB_EXIT_STATUS\" \"$CB_SIGNAL\" \"$CB_DURATION\" \"$CB_STDERR_TAIL\" > seen; false"
    let result = scene.run("--exclude-if", predicate, sh: "echo out; echo one >&2; echo 'two  words' >&2; exit 9")
    #expect(result.status == .exited(9))
    #expect(result.outputText == "out\n")
    #expect(result.errorText == "one\ntwo  words\n")
    let seen = (scene.sandbox.read("seen") ?? "").split(separator: "|", omittingEmptySubsequences: false)
    #expect(seen.count == 4)
    #expect(seen.first == "9")
    #expect(seen.dropFirst().first == "")
    #expect(seen.dropFirst(2).first.flatMap { Double($0) } ?? -1 >= 0)
    #expect(seen.last.map { $0 == "one\ntwo  words\n" || $0 == "one\ntwo  words" } == true)
    #expect(scene.total("failures") == 1)
  }

  @Test("a predicate sees a signal by its name, and the exit status as the shell shows it")
  func predicateSeesSignal() {
    scene.run("--exclude-if", "echo $CB_SIGNAL $CB_EXIT_STATUS > seen", sh: "kill -USR1 $$")
    #expect(scene.lines("seen") == ["SIGUSR1 138"])
    #expect(scene.total("excluded") == 1)
  }

  @Test("the tail is the end of a long standard error, and all of it comes through")
  func tail() {
    let result = scene.run(
      "--exclude-if", "case $CB_STDERR_TAIL in *'the end'*) exit 0;; esac; exit 1",
      sh:
        "i=0; while [ $i -lt 3000 ]; do echo \"line $i is long enough\" >&2; i=$((i+1)); done; echo 'the end' >&2; exit 1"
    )
    #expect(result.errorText.hasPrefix("line 0 is long enough\nline 1 "))
    #expect(result.errorText.hasSuffix("line 2999 is long enough\nthe end\n"))
    #expect(result.errorLines.count == 3001)
    #expect(scene.total("excluded") == 1)
  }

  @Test("predicates are repeatable and mix with exclude; none of them excludes a success")
  func mix() {
    let options = [
      "--exclude", "3", "--exclude-if", "test $CB_EXIT_STATUS = 4", "--exclude-if", "test $CB_EXIT_STATUS = 5",
    ]
    for code in [3, 4, 5, 6, 0] { scene.run(options, sh: "exit \(code)") }
    #expect(scene.total("excluded") == 3)
    #expect(scene.total("failures") == 1)
    #expect(scene.total("successes") == 1)
  }

  @Test(
    "a predicate that is broken excludes nothing",
    arguments: ["no-such-program-anywhere", "exit 1", "kill -KILL $$", "if"])
  func broken(_ predicate: String) {
    #expect(scene.run("--exclude-if", predicate, sh: "exit 3").status == .exited(3))
    #expect(scene.total("failures") == 1)
  }

  @Test("hostile text on standard error reaches a predicate unharmed and is not executed")
  func hostile() {
    let text = "$(touch gone) `touch gone` ; touch gone; \\ ' \" %s"
    scene["TEXT"] = text
    scene.run("--exclude-if", "printf %s \"$CB_STDERR_TAIL\" > seen", sh: "printf %s \"$TEXT\" >&2; exit 1")
    #expect(scene.sandbox.read("seen") == text)
    #expect(scene.sandbox.read("gone") == nil)
  }

  // MARK: By rate

  @Test("fewer runs than min-calls never open")
  func minCalls() {
    for _ in 1...9 { scene.run("--window", "20", exit: 1) }
    #expect(scene.state() == "closed")
    scene.run("--window", "20", exit: 1)
    #expect(scene.state() == "open")
  }

  @Test("a window of runs forgets those before it")
  func windowOfRuns() {
    let options = ["--window", "4", "--min-calls", "4", "--failure-rate", "75%"]
    // At no time three of the last four failed.
    for code in [1, 0, 1, 0, 0, 1, 0, 1] { scene.run(options, sh: "exit \(code)") }
    #expect(scene.state() == "closed")
    scene.run(options, sh: "exit 1")
    #expect(scene.state() == "open")
  }

  @Test("a window of time forgets what is older")
  func windowOfTime() {
    let options = ["--window", "1s", "--min-calls", "2"]
    scene.run(options, sh: "exit 1")
    usleep(1_300_000)
    scene.run(options, sh: "exit 1")
    #expect(scene.state() == "closed")
    let long = ["--window", "1h", "--min-calls", "2"]
    scene.run(long, name: "y", sh: "exit 1")
    usleep(1_300_000)
    scene.run(long, name: "y", sh: "exit 1")
    #expect(scene.state("y") == "open")
  }

  @Test("with a window, failures in a row do not open by themselves")
  func notInARow() {
    for code in [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1] { scene.run("--window", "20", "--fail-max", "2", exit: code) }
    #expect(scene.state() == "closed")
  }

  @Test("without a window a slow run is a failure, and a quick one is none")
  func slow() {
    #expect(scene.run("--slow-after", "20ms", sh: "sleep 0.1").status == .exited(0))
    #expect(scene.counter() == "1")
    #expect(scene.shown("last_failure.reason")?.string?.contains("slow") == true)
    scene.run("--slow-after", "1h", exit: 0)
    #expect(scene.counter() == "0")
    #expect(scene.total("slow") == 1)
  }

  @Test("with a window slow-rate opens, and a slow run alone is no failure")
  func slowRate() {
    let options = ["--window", "10", "--min-calls", "3", "--slow-after", "20ms"]
    for _ in 1...2 { scene.run(options, sh: "sleep 0.1") }
    #expect(scene.state() == "closed")
    #expect(scene.total("failures") == 0)
    scene.run(options, sh: "sleep 0.1")
    #expect(scene.state() == "open")
  }

  @Test("jitter is drawn once a trip: every look at it agrees")
  func jitterAgrees() {
    scene["CB_JITTER"] = "100%"
    scene.trip()
    var last = Double.infinity
    for _ in 1...10 {
      let left = Double(scene.get("retry-after")) ?? -1
      #expect(left <= last && left > last - 600 || last == .infinity)
      last = left
    }
  }

  @Test("only live runs count against max-concurrent, whatever their end")
  func maxConcurrent() {
    scene["CB_MAX_CONCURRENT"] = "1"
    for code in [0, 1, 2] { #expect(scene.run(exit: code).status == .exited(Int32(code))) }
    #expect(scene.run("--timeout", "50ms", sh: "exec sleep 600").status == .exited(124))
    #expect(scene.cb("run", "x", "--", "/no/such").status == .exited(127))
    #expect(scene.shown("running")?.int == 0)
    #expect(scene.run(exit: 0).status == .exited(0))
  }
}
