import Glibc
import JSON
import Testing

/// `--result FILE` and `CB_RESULT_FILE` (docs/CONTRACT.md, "Settings").
@Suite("The result file")
struct ContractResultTests {
  private static let keys = [
    "breaker", "admitted", "reason", "state", "outcome", "exit", "signal", "duration", "retry_after", "trial", "store",
  ]

  /// Runs, and reads what the run left; a result of before is there, which must never be taken for this one's.
  private func result(
    _ scene: Scene, _ options: [String], sh script: String, _ location: SourceLocation = #_sourceLocation
  ) -> (end: Finished, json: JSONValue?) {
    result(scene, options + ["x", "--", "/bin/sh", "-c", script], location)
  }

  private func result(
    _ scene: Scene, _ words: [String], _ location: SourceLocation = #_sourceLocation
  ) -> (end: Finished, json: JSONValue?) {
    _ = scene.sandbox.file("result", "{\"exit\": 0}\n")
    let end = scene.cb(["run", "--result", "result"] + words)
    let text = scene.sandbox.read("result") ?? ""
    let json = JSONValue.of(text)
    #expect(json?.keys == Self.keys, "\(text)", sourceLocation: location)
    #expect(text.hasSuffix("}\n") && text.filter { $0 == "\n" }.count == 1, sourceLocation: location)
    #expect(json?["breaker"]?.string == "x", sourceLocation: location)
    return (end, json)
  }

  @Test("a success, a failure, what trips, and a trial", arguments: StoreUnderTest.all)
  func ran(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let success = result(scene, [], sh: "exit 0").json
    #expect(success?["admitted"]?.bool == true && success?["outcome"]?.string == "success")
    #expect(success?["exit"]?.int == 0 && success?["signal"]?.isNull == true && success?["state"]?.string == "closed")
    #expect(success?["duration"]?.double ?? -1 >= 0 && success?["trial"]?.bool == false)
    #expect(success?["retry_after"]?.isNull == true)
    // Of the store, without secrets.
    #expect(success?["store"]?.string?.hasPrefix(store.testDescription + ":") == true)

    let failure = result(scene, [], sh: "exit 3").json
    #expect(failure?["outcome"]?.string == "failure" && failure?["exit"]?.int == 3)
    #expect(failure?["reason"]?.string == "exit 3" && failure?["state"]?.string == "closed")

    let trip = result(scene, ["--fail-max", "2", "--reset-timeout", "1h", "--quiet"], sh: "exit 4").json
    #expect(trip?["outcome"]?.string == "failure" && trip?["exit"]?.int == 4 && trip?["state"]?.string == "open")
    #expect(trip?["retry_after"]?.double ?? 0 > 3000)

    scene.cb("half-open", "x")
    let trial = result(scene, [], sh: "exit 0").json
    #expect(trial?["trial"]?.bool == true && trial?["state"]?.string == "closed")
    #expect(trial?["outcome"]?.string == "success")
  }

  @Test("excluded, ignored, by fail-if, slow, and of a time limit")
  func judged() {
    let scene = Scene()
    for (options, script, outcome, exit) in [
      (["--exclude", "3"], "exit 3", "excluded", 3), (["--ignore", "3"], "exit 3", "ignored", 3),
      (["--fail-if", "true"], "exit 0", "failure", 0), (["--slow-after", "1ms"], "sleep 0.05", "failure", 0),
      (["--timeout", "50ms", "--quiet"], "exec sleep 600", "failure", 124),
    ] {
      let json = result(scene, options, sh: script).json
      #expect(json?["outcome"]?.string == outcome && json?["exit"]?.int == exit, "\(options)")
    }
  }

  @Test("a rejection, whose 75 is told apart from CMD's own", arguments: StoreUnderTest.all)
  func rejected(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let own = result(scene, ["--fail-max", "1", "--reset-timeout", "1h", "--quiet"], sh: "exit 75")
    #expect(own.end.status == .exited(75))
    #expect(own.json?["admitted"]?.bool == true && own.json?["outcome"]?.string == "failure")
    let rejected = result(scene, [], sh: "exit 0")
    #expect(rejected.end.status == .exited(75))
    let json = rejected.json
    #expect(json?["admitted"]?.bool == false && json?["outcome"]?.string == "rejected" && json?["exit"]?.int == 75)
    #expect(json?["state"]?.string == "open" && json?["retry_after"]?.double ?? 0 > 3000)
    #expect(json?["duration"]?.isNull == true && json?["signal"]?.isNull == true)
    #expect(json?["reason"]?.string?.isEmpty == false)
    #expect(result(scene, ["--rejected-exit", "0"], sh: "exit 0").json?["exit"]?.int == 0)
  }

  @Test("a fallback: rejected, with the fallback's exit code or signal")
  func fallback() {
    let scene = Scene()
    scene.trip()
    let exited = result(scene, ["--fallback", "exit 4"], sh: "exit 0")
    #expect(exited.end.status == .exited(4))
    #expect(exited.json?["outcome"]?.string == "rejected" && exited.json?["exit"]?.int == 4)
    #expect(exited.json?["admitted"]?.bool == false)
    let died = result(scene, ["--fallback", "kill -USR1 $$"], sh: "exit 0")
    #expect(died.end.status == .signaled(SIGUSR1))
    #expect(died.json?["signal"]?.string == "SIGUSR1" && died.json?["exit"]?.int == 128 + Int(SIGUSR1))
  }

  @Test("a probe that failed: rejected, with the probe as the reason")
  func probe() {
    let scene = Scene()
    scene.trip("--reset-timeout", "0")
    let json = result(scene, ["--probe", "exit 2"], sh: "exit 0").json
    #expect(json?["outcome"]?.string == "rejected" && json?["reason"]?.string == "probe: exit 2")
  }

  @Test("CMD that was not found or cannot be executed: ignored, with 127 or 126")
  func notStarted() {
    let scene = Scene()
    for (command, code) in [("/no/such/program", 127), ("/etc", 126)] {
      let (end, json) = result(scene, ["x", "--", command])
      #expect(end.status == .exited(Int32(code)))
      #expect(json?["outcome"]?.string == "ignored" && json?["exit"]?.int == code)
    }
  }

  @Test("CMD dead of a signal, and one that came to cb itself", arguments: StoreUnderTest.all)
  func signals(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let (end, json) = result(scene, [], sh: "kill -KILL $$")
    #expect(end.status == .signaled(SIGKILL))
    #expect(json?["outcome"]?.string == "failure" && json?["exit"]?.int == 137)
    #expect(json?["signal"]?.string == "SIGKILL")
    let run = scene.runInFlight("--result", "result")
    #expect(scene.sandbox.read("result") == nil)
    run.running.send(SIGTERM)
    #expect(run.running.wait(seconds: 60).status == .signaled(SIGTERM))
    let foreign = JSONValue.of(scene.sandbox.read("result") ?? "")
    #expect(foreign?["outcome"]?.string == "ignored" && foreign?["signal"]?.string == "SIGTERM")
  }

  @Test("cb that failed: 125, not admitted, no outcome")
  func failed() {
    let scene = Scene()
    scene.breakStore()
    let (end, json) = result(scene, ["--on-store-error", "reject"], sh: "exit 0")
    #expect(end.status == .exited(125))
    #expect(json?["exit"]?.int == 125 && json?["admitted"]?.bool == false && json?["outcome"]?.isNull == true)
    #expect(json?["reason"]?.string?.contains("occupied") == true)
    let unguarded = result(scene, ["--quiet"], sh: "exit 3").json
    #expect(unguarded?["exit"]?.int == 3 && unguarded?["admitted"]?.bool == true)
    #expect(unguarded?["outcome"]?.string == "failure")
  }

  @Test(
    "words that are off: 64, and nothing of an earlier run is left",
    arguments: [
      ["--fail-max", "0", "x", "--", "true"], ["x", "--"], ["--notice", "often", "x", "--", "true"],
      ["--store", "ftp:x", "x", "--", "true"], ["--config", "/no/such/file", "x", "--", "true"],
    ])
  func usage(_ words: [String]) {
    let scene = Scene()
    let (end, json) = result(scene, words)
    #expect(end.status == .exited(64))
    #expect(json?["exit"]?.int == 64 && json?["admitted"]?.bool == false && json?["outcome"]?.isNull == true)
    #expect(json?["reason"]?.string?.isEmpty == false)
    #expect(scene.isStoreUntouched)
  }

  @Test(
    "words that not even the parser takes leave nothing of an earlier run either",
    arguments: [
      ["--fail-mox", "3", "x", "--", "true"], ["x", "true"], ["x", "y", "--", "true"], ["x", "--wait"], ["--", "true"],
    ])
  func unparsed(_ words: [String]) {
    let scene = Scene()
    _ = scene.sandbox.file("result", "{\"exit\": 0}\n")
    scene["CB_RESULT_FILE"] = scene.path + "/result"
    let end = scene.cb(["run"] + words)
    #expect(end.status == .exited(64))
    let json = JSONValue.of(scene.sandbox.read("result") ?? "")
    #expect(json?.keys == Self.keys)
    #expect(json?["exit"]?.int == 64 && json?["admitted"]?.bool == false && json?["outcome"]?.isNull == true)
    #expect(end.errorText == "cb: \(json?["reason"]?.string ?? "no reason")\n")
  }

  @Test("CB_RESULT_FILE is the same, and the option comes before it")
  func variable() {
    let scene = Scene()
    scene["CB_RESULT_FILE"] = scene.path + "/of variable"
    scene.run(exit: 3)
    #expect(JSONValue.of(scene.sandbox.read("of variable") ?? "")?["exit"]?.int == 3)
    scene.run("--result", "of option", exit: 4)
    #expect(JSONValue.of(scene.sandbox.read("of option") ?? "")?["exit"]?.int == 4)
    #expect(JSONValue.of(scene.sandbox.read("of variable") ?? "")?["exit"]?.int == 3)
  }

  @Test("a file that cannot be written is reported, and the run's exit code is CMD's")
  func unwritable() {
    let scene = Scene()
    let run = scene.run("--result", "/no/such/directory/result", sh: "echo ran; exit 3")
    #expect(run.status == .exited(3))
    #expect(run.outputText == "ran\n")
    #expect(run.isOneMessage && run.errorText.contains("/no/such/directory/result"), "\(run.errorText)")
  }

  @Test("a device, a pipe and a link stay what they are")
  func notAFile() {
    let scene = Scene()
    _ = scene.sandbox.execute([
      "/bin/sh", "-c", "ln -s /dev/null null; ln -s target link; echo old > target; mkfifo pipe",
    ])
    for file in ["null", "link"] { #expect(scene.run("--result", file, exit: 3).status == .exited(3)) }
    #expect(JSONValue.of(scene.sandbox.read("target") ?? "")?["exit"]?.int == 3)
    let reader = scene.sandbox.start(["/bin/cat", "pipe"])
    #expect(scene.run("--result", "pipe", exit: 4).status == .exited(4))
    #expect(JSONValue.of(reader.wait().outputText)?["exit"]?.int == 4)
    let kinds = scene.sandbox.execute(["/usr/bin/find", "null", "link", "pipe", "/dev/null", "-printf", "%f %y\n"])
    #expect(kinds.outputText == "null l\nlink l\npipe p\nnull c\n")
    // In front of what CMD writes there is nothing.
    let out = scene.run("--result", "/dev/stdout", sh: "echo ran")
    #expect(out.outputText.hasPrefix("ran\n{\"breaker\":"), "\(out.outputText)")
  }

  @Test("bypassed and observed runs have theirs")
  func modes() {
    let scene = Scene()
    scene.trip()
    let observed = result(scene, ["--mode", "observe"], sh: "exit 3").json
    #expect(observed?["admitted"]?.bool == true && observed?["exit"]?.int == 3 && observed?["state"]?.string == "open")
    let bypassed = result(scene, ["--mode", "bypass"], sh: "exit 3").json
    #expect(bypassed?["admitted"]?.bool == true && bypassed?["exit"]?.int == 3 && bypassed?["store"]?.isNull == true)
    let forced = result(scene, ["--force"], sh: "exit 0").json
    #expect(forced?["admitted"]?.bool == true && forced?["outcome"]?.string == "success")
    #expect(forced?["state"]?.string == "open")
  }
}
