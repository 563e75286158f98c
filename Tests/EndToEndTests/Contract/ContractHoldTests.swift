import JSON
import Testing

/// `hold-on`, `hold-if`, `hold-after` and `remind` (docs/CONTRACT.md, "Settings"), through the program.
@Suite("Holds by result, and reminders")
struct ContractHoldTests {
  private static let release = "; 'cb close' or 'cb half-open' releases it\n"

  @Test(
    "one failure opens and holds, and says what releases it", arguments: StoreUnderTest.all,
    [
      (["--hold-on", "12"], "exit 12 is in hold-on"), (["--hold-on", "3,10-20"], "exit 12 is in hold-on"),
      (["--hold-if", "true"], "hold-if (exit 12)"),
    ])
  func holds(_ store: StoreUnderTest, _ row: (options: [String], reason: String)) {
    let scene = Scene(store)
    let result = scene.run(row.options + ["--reset-timeout", "1ms"], sh: "exit 12")
    #expect(result.status == .exited(12))
    #expect(result.errorText == "cb: x: circuit opened and held: \(row.reason)" + Self.release)
    let held = scene.shown("held")
    #expect(held?["state"]?.string == "open" && held?["until"]?.isNull == true)
    #expect(held?["reason"]?.string == row.reason)
    #expect(held?["by"]?.string?.hasPrefix("cb") == true)
    // The reset timeout is long over.
    let rejected = scene.run(sh: "echo started")
    #expect(rejected.status == .exited(75))
    #expect(rejected.errorText.contains("circuit held open by cb"))
    #expect(rejected.errorText.hasSuffix(" (\(row.reason))" + Self.release), "\(rejected.errorText)")
    #expect(scene.cb("check", "x").status == .exited(75))
    #expect(scene.cb("wait", "x", "--timeout", "20ms").status == .exited(124))
    #expect(scene.get("retry-after") == "")
    #expect(scene.total("trips") == 1)
  }

  @Test("close, half-open and reset release it", arguments: StoreUnderTest.all, ["close", "half-open", "reset"])
  func released(_ store: StoreUnderTest, _ command: String) {
    let scene = Scene(store)
    scene.run("--hold-on", "12", exit: 12)
    #expect(scene.cb(command, "x").status == .exited(0))
    #expect(scene.shown("held")?.isNull == true)
    #expect(scene.run(exit: 0).status == .exited(0))
    #expect(scene.state() == "closed")
  }

  @Test("a trial that fails with such a code holds", arguments: StoreUnderTest.all)
  func trial(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.trip()
    scene.cb("half-open", "x")
    let result = scene.run("--hold-on", "12", exit: 12)
    #expect(
      result.errorText == "cb: x: circuit opened again and held: trial failed (exit 12 is in hold-on)" + Self.release)
    #expect(scene.shown("held.state")?.string == "open")
  }

  @Test("the Nth trip in a row holds, and not the one before", arguments: StoreUnderTest.all)
  func holdAfter(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.cb("set", "x", "hold-after=3", "fail-max=1", "reset-timeout=0")
    for trips in 1...3 {
      scene.run("--quiet", exit: 1)
      #expect(scene.shown("trips_in_a_row")?.int == trips)
      #expect((scene.shown("held.state")?.string == "open") == (trips == 3))
    }
    #expect(scene.shown("held.reason")?.string == "3 trips in a row")
    #expect(scene.run(exit: 0).status == .exited(75))
  }

  @Test("a hold by result is announced once over the fleet, after the change", arguments: StoreUnderTest.all)
  func event(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene["CB_ON_EVENT"] = "any=file:events"
    let first = scene.runInFlight("--hold-on", "12")
    let second = scene.runInFlight("--hold-on", "12")
    first.end(12)
    second.end(12)
    #expect(
      scene.events() == ["before-call", "before-call", "failure", "state-change closed -> open", "hold"])
    let hold = JSONValue.of(scene.lines("events").last ?? "")
    #expect(hold?["reason"]?.string == "exit 12 is in hold-on")
    #expect(hold?["by"]?.string?.hasPrefix("cb") == true)
    #expect(scene.total("stale") == 1)
    #expect(scene.total("trips") == 1)
  }

  @Test("a circuit that is held closed stays so, and counts what would have tripped", arguments: StoreUnderTest.all)
  func heldClosed(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.cb("close", "x", "--hold")
    for options in [["--hold-on", "12"], ["--trip-on", "12"], ["--retry-hint", "echo 10m"]] {
      scene.run(options, sh: "exit 12")
    }
    #expect(scene.state() == "closed")
    #expect(scene.total("would_trip") == 3)
    #expect(scene.total("trips") == 0)
    #expect(scene.shown("held.state")?.string == "closed")
  }

  // MARK: remind

  @Test(
    "with --notice first a reminder is a line, and an event, once after each such time", arguments: StoreUnderTest.all)
  func reminder(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let there = Scene(onStoreOf: scene)
    scene.cb("set", "x", "remind=1500ms", "notice=first", "on-event=still-open=file:\(scene.path)/reminders")
    scene.trip()
    #expect(scene.run(sh: "exit 0").errorText.hasPrefix("cb: x: circuit open, retry in "))
    // The next that comes after the time, on whatever host, and nobody else.
    #expect(
      eventually(seconds: 30) { there.run(sh: "exit 0").errorText.hasPrefix("cb: x: circuit still open, retry in ") })
    #expect(scene.run(sh: "exit 0").error == [])
    #expect(there.run(sh: "exit 0").error == [])
    #expect(scene.events("reminders") == ["still-open"])
    let event = JSONValue.of(scene.lines("reminders").first ?? "")
    #expect(event?["new_state"]?.string == "open" && event?["retry_after"]?.double ?? 0 > 3000)
  }

  @Test("with --notice each or none a reminder is an event alone", arguments: ["each", "none"])
  func reminderOtherNotices(_ notice: String) {
    let scene = Scene()
    scene.cb("set", "x", "remind=1ms", "notice=\(notice)", "on-event=still-open=file:reminders")
    scene.trip()
    let lines = (1...3).map { _ in scene.run(sh: "exit 0").errorLines.count }
    #expect(lines == (notice == "each" ? [1, 1, 1] : [0, 0, 0]))
    #expect(scene.events("reminders").count >= 2)
  }
}
