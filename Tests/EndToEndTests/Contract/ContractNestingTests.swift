import BreakerStore
import Glibc
import JSON
import Testing

/// A `cb run` inside a `cb run`.
@Suite("Nesting")
struct ContractNestingTests {
  /// `cb run OPTIONS outer -- cb run INNER_OPTIONS inner -- sh -c SCRIPT`
  private func nested(
    _ scene: Scene, _ options: [String] = [], _ outer: String = "outer", _ inner: String = "inner",
    _ innerOptions: [String] = [], sh script: String
  ) -> Finished {
    scene.cb(
      ["run"] + options + [outer, "--", Programs.cb, "run"] + innerOptions + [inner, "--", "/bin/sh", "-c", script])
  }

  @Test("both judge for themselves, and CMD sees the inner breaker", arguments: StoreUnderTest.all)
  func both(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let result = nested(scene, ["--exclude", "9"], sh: "echo $CB_BREAKER $CB_STATE; exit 9")
    #expect(result.status == .exited(9))
    #expect(result.outputText == "inner closed\n")
    #expect(scene.total("excluded", "outer") == 1)
    #expect(scene.total("failures", "inner") == 1)
  }

  @Test(
    "an inner run that is rejected ends with 75, which the outer breaker takes for a failure",
    arguments: StoreUnderTest.all)
  func rejected(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.trip(name: "inner")
    let result = nested(scene, sh: "echo started")
    #expect(result.status == .exited(75))
    #expect(result.output == [])
    #expect(result.isOneMessage)
    #expect(scene.total("rejected", "inner") == 1)
    #expect(scene.counter("outer") == "1")
  }

  @Test("with --exclude 75 it is no failure, and with --ignore 75 no verdict", arguments: StoreUnderTest.all)
  func excluded(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.trip(name: "inner")
    scene.run(name: "outer", exit: 1)
    #expect(nested(scene, ["--ignore", "75"], sh: "echo started").status == .exited(75))
    #expect(scene.counter("outer") == "1")
    #expect(nested(scene, ["--exclude", "75"], sh: "echo started").status == .exited(75))
    #expect(scene.counter("outer") == "0")
    #expect(scene.total("excluded", "outer") == 1)
    #expect(scene.total("ignored", "outer") == 1)
  }

  @Test("the same breaker in itself counts both runs, the inner one first", arguments: StoreUnderTest.all)
  func same(_ store: StoreUnderTest) {
    let scene = Scene(store)
    #expect(nested(scene, [], "x", "x", sh: "exit 1").status == .exited(1))
    #expect(scene.counter() == "2")
    // The inner run trips, and the result of the outer one comes too late.
    scene.cb("reset", "x")
    let options = ["--fail-max", "1", "--reset-timeout", "1h"]
    #expect(nested(scene, options, "x", "x", options, sh: "exit 1").status == .exited(1))
    #expect(scene.state() == "open")
    #expect(scene.total("trips") == 1)
    #expect(scene.total("stale") == 1)
  }

  @Test(
    "the same breaker in itself does not lock up: a place that the outer run has, the inner one has not",
    arguments: StoreUnderTest.all)
  func noLock(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let places = nested(scene, ["--max-concurrent", "1"], "x", "x", ["--max-concurrent", "1"], sh: "echo started")
    #expect(places.status == .exited(75))
    #expect(places.output == [])
    #expect(scene.shown("running")?.int == 0)
    // Half-open: the outer run is the only trial.
    scene.cb("half-open", "x")
    let trial = nested(scene, ["--exclude", "75"], "x", "x", sh: "echo started")
    #expect(trial.status == .exited(75))
    #expect(trial.output == [])
    #expect(scene.state() == "closed")
    // With --wait the inner run waits for its own parent, and not for ever.
    let waits = nested(
      scene, ["--max-concurrent", "1"], "x", "x", ["--max-concurrent", "1", "--wait", "50ms"], sh: "echo started")
    #expect(waits.status == .exited(75))
    #expect(waits.output == [])
  }

  @Test("the outer run's settings on its command line are not the inner one's; those in the environment are")
  func settings() {
    let scene = Scene()
    _ = nested(scene, ["--fail-max", "1", "--reset-timeout", "1h"], sh: "exit 1")
    #expect(scene.state("outer") == "open")
    #expect(scene.state("inner") == "closed")
    scene["CB_FAIL_MAX"] = "1"
    scene.cb("reset", "*")
    _ = nested(scene, sh: "exit 1")
    #expect(scene.state("outer") == "open")
    #expect(scene.state("inner") == "open")
  }
}
