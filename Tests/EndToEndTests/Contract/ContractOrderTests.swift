import Glibc
import JSON
import Testing

/// The order in which the rules are asked of a run (docs/CONTRACT.md, "The state machine", "The rules are asked in this
/// order"), through the program: of two rules that contradict each other the earlier one decides.
@Suite("The order of the rules")
struct ContractOrderTests {
  /// A run that two rules of that order claim.
  struct Row: Sendable, CustomTestStringConvertible {
    var rule: String
    var options: [String]
    var script = "exit 3"
    /// The total that counts the run.
    var outcome: String
    var state = "closed"
    var isHeld = false

    var testDescription: String { rule }
  }

  private static let rows = [
    Row(
      rule: "timeout before the lists: the signal that ended CMD is not looked for",
      options: ["--timeout", "50ms", "--ignore", "SIGTERM", "--exclude", "SIGTERM,143"], script: "exec sleep 600",
      outcome: "failures"),
    Row(
      rule: "timeout is in a list by its own name", options: ["--timeout", "50ms", "--ignore", "timeout"],
      script: "exec sleep 600", outcome: "ignored"),
    Row(rule: "ignore before exclude", options: ["--exclude", "3", "--ignore", "3"], outcome: "ignored"),
    Row(rule: "ignore before exclude-if", options: ["--exclude-if", "true", "--ignore", "3"], outcome: "ignored"),
    Row(rule: "ignore before hold-on", options: ["--hold-on", "3", "--ignore", "3"], outcome: "ignored"),
    Row(
      rule: "ignore of exit 0 before fail-if", options: ["--fail-if", "true", "--ignore", "0"], script: "exit 0",
      outcome: "ignored"),
    Row(rule: "ignore-if before exclude", options: ["--exclude", "3", "--ignore-if", "true"], outcome: "ignored"),
    Row(
      rule: "ignore-if before exclude-if", options: ["--exclude-if", "true", "--ignore-if", "true"], outcome: "ignored"),
    Row(rule: "ignore-if before trip-on", options: ["--trip-on", "3", "--ignore-if", "true"], outcome: "ignored"),
    Row(
      rule: "ignore-if is not asked of exit 0", options: ["--ignore-if", "echo asked >> asked"], script: "exit 0",
      outcome: "successes"),
    Row(
      rule: "ignore-if is asked of a signal", options: ["--ignore-if", "test $CB_SIGNAL = SIGUSR1"],
      script: "kill -USR1 $$", outcome: "ignored"),
    Row(
      rule: "ignore-if is asked of a time limit", options: ["--timeout", "50ms", "--ignore-if", "true"],
      script: "exec sleep 600", outcome: "ignored"),
    Row(rule: "exclude before only", options: ["--only", "3", "--exclude", "3"], outcome: "excluded"),
    Row(rule: "exclude before hold-on", options: ["--hold-on", "3", "--exclude", "3"], outcome: "excluded"),
    Row(rule: "exclude does not concern exit 0", options: ["--exclude", "0"], script: "exit 0", outcome: "successes"),
    Row(rule: "exclude-if before only", options: ["--only", "3", "--exclude-if", "true"], outcome: "excluded"),
    Row(rule: "exclude-if before trip-on", options: ["--trip-on", "3", "--exclude-if", "true"], outcome: "excluded"),
    Row(
      rule: "exclude-if is not asked of exit 0", options: ["--exclude-if", "echo asked >> asked"], script: "exit 0",
      outcome: "successes"),
    Row(rule: "only before hold-on", options: ["--only", "4", "--hold-on", "3"], outcome: "excluded"),
    Row(rule: "only before trip-on", options: ["--only", "4", "--trip-on", "3"], outcome: "excluded"),
    Row(
      rule: "slow-after before fail-if", options: ["--slow-after", "1ms", "--fail-if", "echo asked >> asked; false"],
      script: "sleep 0.05", outcome: "failures"),
    Row(
      rule: "fail-if makes a failure of exit 0", options: ["--fail-if", "true"], script: "exit 0", outcome: "failures"),
    Row(
      rule: "fail-if is not asked of another exit code", options: ["--fail-if", "echo asked >> asked"],
      outcome: "failures"),
    Row(
      rule: "fail-if, then hold-if", options: ["--fail-if", "true", "--hold-if", "true"], script: "exit 0",
      outcome: "failures", state: "open", isHeld: true),
    Row(
      rule: "fail-if, then trip-on of exit 0", options: ["--fail-if", "true", "--trip-on", "0"], script: "exit 0",
      outcome: "failures", state: "open"),
    Row(
      rule: "hold-on before trip-on", options: ["--trip-on", "3", "--hold-on", "3"], outcome: "failures", state: "open",
      isHeld: true),
    Row(
      rule: "hold-on before hold-if, which is not asked",
      options: ["--hold-on", "3", "--hold-if", "echo asked >> asked"], outcome: "failures", state: "open",
      isHeld: true),
    Row(
      rule: "hold-if before trip-on", options: ["--trip-on", "3", "--hold-if", "true"], outcome: "failures",
      state: "open", isHeld: true),
    Row(
      rule: "hold-on before retry-hint, which is not asked",
      options: ["--hold-on", "3", "--retry-hint", "echo asked >> asked; echo 10m"], outcome: "failures", state: "open",
      isHeld: true),
    Row(rule: "trip-on before fail-max", options: ["--trip-on", "3"], outcome: "failures", state: "open"),
    Row(
      rule: "trip-on before the window", options: ["--trip-on", "3", "--window", "20"], outcome: "failures",
      state: "open"),
    Row(
      rule: "retry-hint before fail-max", options: ["--retry-hint", "echo 10m"], outcome: "failures", state: "open"),
    Row(rule: "none of them: fail-max", options: [], outcome: "failures"),
  ]

  @Test("of two rules the earlier one decides", arguments: rows, StoreUnderTest.all)
  func order(_ row: Row, _ store: StoreUnderTest) {
    let scene = Scene(store)
    let result = scene.run(row.options, sh: row.script)
    #expect(result.status != .exited(64), "\(result.errorText)")
    #expect(scene.total(row.outcome) == 1)
    #expect(scene.total("calls") == 1)
    #expect(scene.state() == row.state)
    #expect((scene.shown("held.state")?.string == "open") == row.isHeld)
    #expect(scene.sandbox.read("asked") == nil)
  }

  @Test("a signal that came to cb itself comes before all of them")
  func foreignSignal() {
    let scene = Scene()
    let run = scene.runInFlight(
      "--hold-on", "SIGTERM", "--trip-on", "SIGTERM", "--only", "SIGTERM", "--hold-if", "echo asked >> asked",
      "--ignore-if", "echo asked >> asked; false")
    run.running.send(SIGTERM)
    #expect(run.running.wait(seconds: 60).status == .signaled(SIGTERM))
    #expect(scene.total("ignored") == 1)
    #expect(scene.state() == "closed")
    #expect(scene.sandbox.read("asked") == nil)
  }

  @Test("CMD's exit code stays what it was, whatever the rules make of it")
  func exitCode() {
    let scene = Scene()
    #expect(scene.run("--fail-if", "true", sh: "exit 0").status == .exited(0))
    for options in [["--ignore", "3"], ["--exclude-if", "true"], ["--hold-on", "3"]] {
      #expect(scene.run(options, sh: "exit 3").status == .exited(3))
    }
  }

  @Test(
    "a slow trial is a failed trial, with a window and without one", arguments: StoreUnderTest.all,
    [[], ["--window", "20"]])
  func slowTrial(_ store: StoreUnderTest, _ window: [String]) {
    let scene = Scene(store)
    scene["CB_RESET_TIMEOUT"] = "1h"
    scene.cb("half-open", "x")
    #expect(scene.run(window + ["--slow-after", "1ms"], sh: "sleep 0.05").status == .exited(0))
    #expect(scene.state() == "open")
    #expect(scene.total("slow") == 1)
  }

  // MARK: Predicates

  @Test("every predicate sees the end of the run and the tail of standard error, and no secret of the store")
  func predicatesSee() {
    let scene = Scene()
    scene["CB_REDIS_PASSWORD"] = "secret"
    let note =
      "echo \"$CB_BREAKER $CB_EXIT_STATUS $CB_SIGNAL. ${CB_REDIS_PASSWORD-none} ${CB_STDERR_TAIL%?}\" >> seen; false"
    let failing = ["ignore-if", "exclude-if", "hold-if", "retry-hint"].flatMap { ["--\($0)", note] }
    scene.run(failing, sh: "echo oops >&2; exit 9")
    #expect(scene.lines("seen") == Array(repeating: "x 9 . none oops", count: 4))
    unlink(scene.path + "/seen")
    scene.run("--fail-if", note, sh: "echo oops >&2; exit 0")
    #expect(scene.lines("seen") == ["x 0 . none oops"])
  }

  @Test(
    "a predicate that takes over 10 s is reported, ended, and changes nothing",
    arguments: ["ignore-if", "exclude-if", "fail-if", "hold-if", "retry-hint"])
  func slowPredicate(_ key: String) {
    let scene = Scene()
    let code = key == "fail-if" ? 0 : 3
    let result = scene.run("--\(key)", "exec sleep 600", sh: "exit \(code)")
    #expect(result.status == .exited(Int32(code)))
    #expect(result.isOneMessage)
    #expect(result.errorText == "cb: x: \(key) 'exec sleep 600' took over 10 s and was ended\n")
    #expect(result.seconds >= 9.5 && result.seconds < 60)
    #expect(scene.total(code == 0 ? "successes" : "failures") == 1)
    #expect(scene.state() == "closed")
  }

  @Test("presets judge what no list of the user's names")
  func presets() {
    let scene = Scene()
    // curl: 63 is excluded, 3 ignored, 67 held by the preset.
    let options = ["--preset", "curl", "--trip-on", "63", "--reset-timeout", "1h"]
    scene.run(options, sh: "exit 3")
    #expect(scene.total("ignored") == 1)
    scene.run(options, sh: "exit 63")
    #expect(scene.state() == "open")
    #expect(scene.total("failures") == 1)
    scene.cb("reset", "x")
    scene.run("--preset", "curl", "--exclude", "67", exit: 67)
    #expect(scene.total("excluded") == 1)
    let held = scene.run("--preset", "curl", exit: 67)
    #expect(held.errorText.contains("circuit opened and held: exit 67 is in hold-on"))
    #expect(scene.shown("held.state")?.string == "open")
  }
}
