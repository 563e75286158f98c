import BreakerStore
import Glibc
import JSON
import Testing

/// `cb permit` and `cb report` (docs/CONTRACT.md, "Commands"), for work that is no single command.
@Suite("Permits")
struct ContractPermitTests {
  /// Asks for a permit and gets it.
  private func permit(_ scene: Scene, _ options: String..., name: String = "x") -> String {
    let result = scene.cb(["permit", name] + options)
    #expect(result.status == .exited(0))
    #expect(result.error == [])
    #expect(result.outputText.wholeMatch(of: /[0-9a-f]{32}\n/) != nil)
    return String(result.outputText.dropLast())
  }

  /// What is refused has one line, the exit code 1, and changes neither state nor counters.
  private func expectRefused(
    _ scene: Scene, _ token: String, _ outcome: String = "failure", name: String = "x",
    _ location: SourceLocation = #_sourceLocation
  ) {
    func shown() -> [String] {
      let breaker = scene.status(name).first
      let totals = breaker?["totals"]
      return ["state", "fail_counter", "generation", "trials"].map { "\(breaker?[$0] as Any)" }
        + ["calls", "failures", "trips"].map { "\(totals?[$0] as Any)" }
    }
    let before = shown()
    let result = scene.cb("report", name, token, outcome)
    #expect(result.status == .exited(1), sourceLocation: location)
    #expect(result.output == [], sourceLocation: location)
    #expect(result.isOneMessage, "\(result.errorText)", sourceLocation: location)
    #expect(result.errorText.hasPrefix("cb: \(name): the "), "\(result.errorText)", sourceLocation: location)
    #expect(shown() == before, sourceLocation: location)
  }

  // MARK: Good tokens

  @Test("a token counts once, whatever is reported with it again", arguments: StoreUnderTest.all)
  func once(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let token = permit(scene)
    let result = scene.cb("report", "x", token, "failure")
    #expect(result.status == .exited(0))
    #expect(result.output + result.error == [])
    #expect(scene.counter() == "1")
    for outcome in ["failure", "success", "exit:1"] { expectRefused(scene, token, outcome) }
    #expect(scene.total("failures") == 1)
    #expect(scene.total("calls") == 1)
  }

  @Test("of many that report one token at once, one is heard", arguments: StoreUnderTest.all)
  func onceAmongMany(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let token = permit(scene)
    let reports = (1...12).map { _ in scene.sandbox.start([Programs.cb, "report", "x", token, "failure"]) }
    let results = reports.map { $0.wait(seconds: 60) }
    #expect(results.count { $0.status == .exited(0) } == 1)
    #expect(results.count { $0.status == .exited(1) && $0.isOneMessage } == 11)
    #expect(scene.counter() == "1")
  }

  @Test("each outcome counts as what it is, and exit:N and signal:N by the breaker's own rules")
  func outcomes() {
    for store in StoreUnderTest.all {
      let scene = Scene(store)
      scene.cb("set", "x", "exclude=3,SIGHUP", "ignore=4", "exclude-if=test $CB_EXIT_STATUS,$CB_SIGNAL = 143,SIGTERM")
      let counts = [
        ("success", "successes"), ("failure", "failures"), ("excluded", "excluded"), ("ignored", "ignored"),
        ("exit:0", "successes"), ("exit:1", "failures"), ("exit:3", "excluded"), ("exit:4", "ignored"),
        ("signal:1", "excluded"), ("signal:SIGHUP", "excluded"), ("signal:TERM", "excluded"), ("signal:9", "failures"),
      ]
      var totals: [String: Int] = [:]
      for (outcome, total) in counts {
        #expect(scene.cb("report", "x", permit(scene), outcome).status == .exited(0))
        totals[total, default: 0] += 1
        #expect(scene.total(total) == totals[total], "\(outcome)")
      }
      #expect(scene.total("calls") == counts.count)
    }
  }

  @Test("a permit of a half-open circuit is a trial, and its success closes", arguments: StoreUnderTest.all)
  func trial(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.trip()
    scene.cb("half-open", "x")
    let token = permit(scene)
    #expect(scene.shown("trials")?.int == 1)
    // The process that asked is gone, and the place is not.
    for result in [scene.cb("permit", "x"), scene.run(sh: "echo started"), scene.cb("permit", "x", "--lease", "1ms")] {
      #expect(result.status == .exited(75))
      #expect(result.output == [])
      #expect(result.isOneMessage)
    }
    #expect(scene.cb("report", "x", token, "success").status == .exited(0))
    #expect(scene.state() == "closed")
    #expect(scene.counter() == "0")
  }

  @Test("a failure that is reported trips, and says so", arguments: StoreUnderTest.all)
  func trips(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene["CB_FAIL_MAX"] = "1"
    scene["CB_RESET_TIMEOUT"] = "1h"
    scene["CB_ON_EVENT"] = "any=file:events"
    let result = scene.cb("report", "x", permit(scene), "exit:9")
    #expect(result.status == .exited(0))
    #expect(result.errorText == "cb: x: circuit opened after 1 failure (exit 9); retry in 1h\n")
    #expect(scene.cb("permit", "x").status == .exited(75))
    #expect(scene.events() == ["before-call", "failure", "state-change closed -> open", "rejected"])
  }

  @Test("a permit takes a place under max-concurrent until it is reported", arguments: StoreUnderTest.all)
  func takesPlace(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.cb("set", "x", "max-concurrent=1")
    let token = permit(scene)
    #expect(scene.shown("running")?.int == 1)
    #expect(scene.run(exit: 0).status == .exited(75))
    #expect(scene.cb("report", "x", token, "ignored").status == .exited(0))
    #expect(scene.run(exit: 0).status == .exited(0))
  }

  // MARK: Tokens that are refused

  @Test(
    "a token whose lease is over is refused, and its place is free without a verdict", arguments: StoreUnderTest.all)
  func leaseOver(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.trip()
    scene.cb("half-open", "x")
    let token = permit(scene, "--lease", "1ms")
    #expect(eventually { scene.cb("check", "x").status == .exited(0) })
    #expect(scene.shown("trials")?.int == 0)
    expectRefused(scene, token)
    expectRefused(scene, token, "success")
    #expect(scene.state() == "half-open")
    #expect(scene.counter() == "1")
    // One with the default lease keeps the place that is free now.
    let next = permit(scene)
    #expect(scene.cb("check", "x").status == .exited(75))
    expectRefused(scene, token)
    #expect(scene.cb("report", "x", next, "success").status == .exited(0))
    #expect(scene.total("lost") == 1)
  }

  @Test("a token of before a change of state comes too late, and is counted as that", arguments: StoreUnderTest.all)
  func late(_ store: StoreUnderTest) {
    for action in ["open", "half-open", "reset"] {
      let scene = Scene(store)
      let token = permit(scene)
      scene.cb(action, "x")
      expectRefused(scene, token)
      #expect(scene.total("stale") == 1)
      // Its place is free all the same.
      #expect(scene.shown("holders")?.array?.isEmpty == true)
      expectRefused(scene, token)
    }
  }

  @Test("a forged token is refused", arguments: StoreUnderTest.all)
  func forged(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let token = permit(scene)
    let other = token.hasPrefix("0") ? "1" : "0"
    let forgeries = [
      String(repeating: "0", count: 32), other + token.dropFirst(), String(token.dropLast()), token + "0",
      token.uppercased() == token ? "ABC" : token.uppercased(), " ", "*", "x", "\u{1B}[31m\n", "'; rm -rf /",
      String(repeating: "f", count: 10_000),
    ]
    for forgery in forgeries { expectRefused(scene, forgery) }
    // The empty one is that of a permit without a breaker.
    #expect(scene.cb("report", "x", "", "failure").status == .exited(0))
    #expect(scene.total("failures") == 0)
    #expect(scene.total("stale") == 0)
    #expect(scene.cb("report", "x", token, "success").status == .exited(0))
  }

  @Test("another breaker's token is refused, and still good where it belongs", arguments: StoreUnderTest.all)
  func foreign(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let own = permit(scene)
    let foreign = permit(scene, name: "y")
    expectRefused(scene, foreign)
    expectRefused(scene, own, name: "y")
    #expect(scene.cb("report", "x", own, "success").status == .exited(0))
    #expect(scene.cb("report", "y", foreign, "failure").status == .exited(0))
    #expect(scene.counter("y") == "1")
  }

  @Test(
    "a token of a breaker that was removed is refused, also where the name is taken again",
    arguments: StoreUnderTest.all)
  func removed(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let token = permit(scene)
    scene.cb("remove", "x")
    let gone = scene.cb("report", "x", token, "failure")
    #expect(gone.status == .exited(1))
    #expect(gone.errorText == "cb: x: no such breaker\n")
    #expect(scene.status().isEmpty)
    scene.run(exit: 0)
    expectRefused(scene, token)
  }

  @Test("a token of cb run's is no permit: only cb run itself reports it", arguments: StoreUnderTest.all)
  func runsToken(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.cb("half-open", "x")
    let trial = scene.runInFlight()
    for token in tokens(scene) { expectRefused(scene, token) }
    #expect(trial.end(0).status == .exited(0))
    #expect(scene.state() == "closed")
  }

  /// All that could be a token in the one document of the file store; nothing in Redis.
  private func tokens(_ scene: Scene) -> [String] {
    guard case .file = scene.store else { return [] }
    let found = (scene.sandbox.read("state/x.json") ?? "").matches(of: /"([0-9a-f]{32})"/).map { String($0.1) }
    #expect(!found.isEmpty)
    return found
  }

  // MARK: Usage

  @Test(
    "a mistake is a usage error, and nothing is written",
    arguments: [
      ["permit", "x", "--lease", "0"], ["permit", "x", "--lease", "-1s"], ["permit", "x", "--lease=soon"],
      ["permit", "a/b"], ["permit"], ["permit", "x", "y"], ["report", "x", "t", "good"],
      ["report", "x", "t", "exit:256"],
      ["report", "x", "t", "exit:"], ["report", "x", "t", "exit:-1"], ["report", "x", "t", "exit:+1"],
      ["report", "x", "t", "signal:0"],
      ["report", "x", "t", "signal:65"], ["report", "x", "t", "signal:SIGNONE"], ["report", "x", "t", "Success"],
      ["report", "x", "t", ""], ["report", "x", "t"], ["report", "x"],
    ])
  func usage(_ arguments: [String]) {
    let scene = Scene()
    let result = scene.cb(arguments)
    #expect(result.status == .exited(64))
    #expect(result.output == [])
    #expect(result.errorText.hasPrefix("cb: "))
    #expect(scene.isStoreUntouched)
  }

  @Test("where the file store fails a permit is empty, and report takes it; a token that cannot be reported is exit 1")
  func brokenStore() {
    let scene = Scene()
    scene.breakStore()
    let result = scene.cb("permit", "x")
    #expect(result.status == .exited(0))
    #expect(result.outputText == "\n")
    #expect(result.isOneMessage && result.errorText.contains("unguarded"))
    #expect(scene.cb("report", "x", "", "failure").status == .exited(0))
    let report = scene.cb("report", "x", String(repeating: "0", count: 32), "success")
    #expect(report.status == .exited(1))
    #expect(report.output == [])
    #expect(report.isOneMessage)
  }

  @Test("where Redis fails a permit is of the stand-in, and is reported there")
  func standIn() {
    let scene = Scene(.redis(url: SharedRedis.url))
    scene.breakStore()
    let given = scene.cb("permit", "x")
    #expect(given.status == .exited(0))
    #expect(given.isOneMessage && given.errorText.contains("stand-in"))
    let token = String(given.outputText.dropLast())
    #expect(token.count == 32)
    #expect(scene.cb("report", "x", token, "failure").status == .exited(0))
    let directory = scene.sandbox.execute(["/usr/bin/find", "state", "-name", "x.json", "-printf", "%h"]).outputText
    #expect(scene.cb("get", "--store", "file:\(directory)", "x", "fail-counter").outputText == "1\n")
  }
}
