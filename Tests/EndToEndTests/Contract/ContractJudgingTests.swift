import BreakerStore
import Glibc
import JSON
import Testing

/// `exclude-if`, and the judging by rate (docs/CONTRACT.md, "Settings").
@Suite("Judging")
struct ContractJudgingTests {
  let scene = Scene()

  @Test(
    "a predicate sees exit status, signal, duration and the tail of standard error, which still comes through",
    arguments: StoreUnderTest.all)
  func predicateSees(_ store: StoreUnderTest) {
    let scene = Scene(store)
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

  @Test(
    "a predicate sees a signal by its name, and the exit status as the shell shows it", arguments: StoreUnderTest.all)
  func predicateSeesSignal(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.run("--exclude-if", "echo $CB_SIGNAL $CB_EXIT_STATUS > seen", sh: "kill -USR1 $$")
    #expect(scene.lines("seen") == ["SIGUSR1 138"])
    #expect(scene.total("excluded") == 1)
  }

  @Test("the tail is the end of a long standard error, and all of it comes through", arguments: StoreUnderTest.all)
  func tail(_ store: StoreUnderTest) {
    let scene = Scene(store)
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

  @Test(
    "predicates are repeatable and mix with exclude; none of them excludes a success", arguments: StoreUnderTest.all)
  func mix(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let options = [
      "--exclude", "3", "--exclude-if", "test $CB_EXIT_STATUS = 4", "--exclude-if", "test $CB_EXIT_STATUS = 5",
    ]
    for code in [3, 4, 5, 6, 0] { scene.run(options, sh: "exit \(code)") }
    #expect(scene.total("excluded") == 3)
    #expect(scene.total("failures") == 1)
    #expect(scene.total("successes") == 1)
  }

  @Test(
    "predicates, codes and signals of all levels add up, and a breaker's own are asked", arguments: StoreUnderTest.all)
  func levels(_ store: StoreUnderTest) {
    let scene = Scene(store)
    func predicate(_ code: Int) -> String { "test $CB_EXIT_STATUS = \(code)" }
    scene.configure(
      "{defaults: {'exclude-if': '\(predicate(11))'}, breakers: {x: {'exclude-if': ['\(predicate(12))'], exclude: 21}}}"
    )
    scene.cb("set", "x", "exclude-if=\(predicate(13))", "exclude-if=\(predicate(14))", "exclude=22-24,SIGUSR1")
    scene["CB_EXCLUDE_IF"] = "\(predicate(15))\n\(predicate(16))"
    let options = ["--exclude-if", predicate(17), "--exclude", "25", "--exclude-if", predicate(18)]
    for code in Array(11...18) + Array(21...25) { scene.run(options, sh: "exit \(code)") }
    scene.run(options, sh: "kill -USR1 $$")
    #expect(scene.total("excluded") == 14)
    #expect(scene.total("failures") == 0)
    #expect(scene.get("exclude-if").split(separator: "\n").map(String.init) == (11...16).map(predicate))
    // On another breaker only what is there for all.
    for code in [11, 12, 13, 15, 21] { scene.run("--fail-max", "99", name: "y", exit: code) }
    #expect(scene.total("excluded", "y") == 2)
    // A predicate is a verdict also on a trial.
    scene.cb("half-open", "x")
    scene.run(exit: 13)
    #expect(scene.state() == "closed")
  }

  @Test("the tail is 4 KiB, and without the bytes that no environment can hold")
  func tailLength() {
    scene.run(
      "--exclude-if", "test ${#CB_STDERR_TAIL} = 4096 && case $CB_STDERR_TAIL in x*yend) ;; *) exit 1;; esac",
      sh: "printf gone >&2; head -c 5000 /dev/zero | tr '\\0' x >&2; printf yend >&2; exit 1")
    scene.run("--exclude-if", "test \"$CB_STDERR_TAIL\" = abcd", sh: "printf 'a\\0bc\\0d' >&2; exit 1")
    #expect(scene.total("excluded") == 2)
  }

  @Test("the tail is what was written to the byte, in any encoding, and where it begins within a character")
  func tailBytes() {
    let predicate = "printf %s \"$CB_STDERR_TAIL\" | od -An -v -tx1 | tr -d ' \\n' > seen; false"
    scene.run("--exclude-if", predicate, sh: "printf 'd\\351j\\340 \\377\\200\\n\\033[1m' >&2; exit 1")
    #expect(scene.sandbox.read("seen") == "64e96ae020ff800a1b5b316d")
    // 2049 characters of two bytes, and one byte: the tail begins with the second half of one.
    scene.run("--exclude-if", predicate, sh: "head -c 2049 /dev/zero | sed 's/\\x0/\u{FC}/g' >&2; printf x >&2; exit 1")
    let seen = scene.sandbox.read("seen") ?? ""
    #expect(seen.count == 2 * 4096)
    #expect(seen.hasPrefix("bcc3bc") && seen.hasSuffix("c3bc78"))
  }

  @Test("standard error is shown live and in its order, though a predicate asks for it")
  func live() {
    let script = "echo one >&2; echo two >&2; read code; echo three >&2; exit $code"
    let command = "exec \(Programs.cb) run --exclude-if 'test \"$CB_STDERR_TAIL\"' x -- /bin/sh -c '\(script)' 2>&1"
    let running = scene.sandbox.start(["/bin/sh", "-c", command], input: nil)
    #expect(running.expect("one\ntwo\n", seconds: 60))
    running.write(Array("3\n".utf8))
    let result = running.wait(seconds: 60)
    #expect(result.status == .exited(3))
    #expect(result.outputText == "one\ntwo\nthree\n")
    #expect(scene.total("excluded") == 1)
  }

  @Test("standard error is cb's own where no predicate asks for it")
  func untouched() {
    scene.run("--exclude", "3", sh: "readlink /proc/$PPID/fd/2 > cb; readlink /proc/$$/fd/2 > cmd; exit 3")
    #expect(scene.lines("cb") == scene.lines("cmd"))
    scene.run("--exclude-if", "false", sh: "readlink /proc/$PPID/fd/2 > cb; readlink /proc/$$/fd/2 > cmd; exit 3")
    #expect(scene.lines("cb") != scene.lines("cmd"))
  }

  @Test(
    "a predicate that is broken excludes nothing",
    arguments: ["no-such-program-anywhere", "exit 1", "kill -KILL $$", "if"])
  func broken(_ predicate: String) {
    #expect(scene.run("--exclude-if", predicate, sh: "exit 3").status == .exited(3))
    #expect(scene.total("failures") == 1)
  }

  @Test(
    "hostile text on standard error reaches a predicate unharmed and is not executed", arguments: StoreUnderTest.all)
  func hostile(_ store: StoreUnderTest) {
    let scene = Scene(store)
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

  @Test("a window of runs forgets those before it", arguments: StoreUnderTest.all)
  func windowOfRuns(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let options = ["--window", "4", "--min-calls", "4", "--failure-rate", "75%"]
    // At no time three of the last four failed.
    for code in [1, 0, 1, 0, 0, 1, 0, 1] { scene.run(options, sh: "exit \(code)") }
    #expect(scene.state() == "closed")
    scene.run(options, sh: "exit 1")
    #expect(scene.state() == "open")
  }

  @Test("a window counts the runs of all hosts", arguments: StoreUnderTest.all, ["4", "1h"])
  func windowOfHosts(_ store: StoreUnderTest, _ window: String) {
    let here = Scene(store)
    let there = Scene(onStoreOf: here)
    here.cb("set", "x", "window=\(window)", "min-calls=4", "failure-rate=75%")
    for (host, code) in [(here, 1), (there, 0), (there, 1)] { host.run(exit: code) }
    #expect(here.state() == "closed")
    here.run(exit: 1)
    #expect(there.state() == "open")
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

  @Test("without a window a slow run is a failure, and a quick one is none", arguments: StoreUnderTest.all)
  func slow(_ store: StoreUnderTest) {
    let scene = Scene(store)
    #expect(scene.run("--slow-after", "20ms", sh: "sleep 0.1").status == .exited(0))
    #expect(scene.counter() == "1")
    #expect(scene.shown("last_failure.reason")?.string?.contains("slow") == true)
    scene.run("--slow-after", "1h", exit: 0)
    #expect(scene.counter() == "0")
    #expect(scene.total("slow") == 1)
  }

  @Test("with a window slow-rate opens, and a slow run alone is no failure", arguments: StoreUnderTest.all)
  func slowRate(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let options = ["--window", "10", "--min-calls", "3", "--slow-after", "20ms"]
    for _ in 1...2 { scene.run(options, sh: "sleep 0.1") }
    #expect(scene.state() == "closed")
    #expect(scene.total("failures") == 0)
    scene.run(options, sh: "sleep 0.1")
    #expect(scene.state() == "open")
  }

  @Test("the streak of trips outlives a success, and cb close and cb reset clear it", arguments: StoreUnderTest.all)
  func streak(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.cb("set", "x", "fail-max=1", "reset-timeout=1h", "reset-max=30d", "reset-backoff=10")
    func expectTrip(_ hours: Double, _ row: Int, _ location: SourceLocation = #_sourceLocation) {
      scene.run("--quiet", exit: 1)
      let left = (Double(scene.get("retry-after")) ?? 0) / 3600
      #expect(left > hours * 0.9 && left <= hours, "\(left) h", sourceLocation: location)
      #expect(scene.shown("trips_in_a_row")?.int == row, sourceLocation: location)
    }
    expectTrip(1, 1)
    // No full reset timeout has passed in health.
    for _ in 1...2 {
      scene.cb("half-open", "x")
      scene.run(exit: 0)
      #expect(scene.state() == "closed")
    }
    expectTrip(10, 2)
    scene.cb("half-open", "x")
    expectTrip(100, 3)
    for command in ["close", "reset"] {
      scene.cb(command, "x")
      expectTrip(1, 1)
      scene.cb("half-open", "x")
      expectTrip(10, 2)
    }
  }

  @Test("jitter is drawn once a trip: every look at it agrees", arguments: StoreUnderTest.all)
  func jitterAgrees(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene["CB_JITTER"] = "100%"
    scene.trip()
    var last = Double.infinity
    for _ in 1...10 {
      let left = Double(scene.get("retry-after")) ?? -1
      #expect(left <= last && left > last - 600 || last == .infinity)
      last = left
    }
  }

  @Test("only live runs count against max-concurrent, whatever their end", arguments: StoreUnderTest.all)
  func maxConcurrent(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene["CB_MAX_CONCURRENT"] = "1"
    for code in [0, 1, 2] { #expect(scene.run(exit: code).status == .exited(Int32(code))) }
    #expect(scene.run("--timeout", "50ms", sh: "exec sleep 600").status == .exited(124))
    #expect(scene.cb("run", "x", "--", "/no/such").status == .exited(127))
    #expect(scene.shown("running")?.int == 0)
    #expect(scene.run(exit: 0).status == .exited(0))
  }
}
