import Glibc
import JSON
import Testing

/// `mode`, `--force` and `CB_BYPASS` (docs/CONTRACT.md, "Settings" and "The state machine").
@Suite("Observe, bypass and force")
struct ContractModeTests {
  // MARK: observe

  @Test("what would be rejected runs, without a word, and is counted as would_reject", arguments: StoreUnderTest.all)
  func observe(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.cb("set", "x", "mode=observe", "fail-max=1", "reset-timeout=1h")
    scene.run(exit: 1)
    #expect(scene.state() == "open")
    for code in [0, 3] {
      let run = scene.run(sh: "echo ran; exit \(code)")
      #expect(run.status == .exited(Int32(code)))
      #expect(run.outputText == "ran\n")
      #expect(run.error == [])
    }
    // Not results of the circuit: it is open.
    #expect(scene.state() == "open")
    #expect(scene.total("would_reject") == 2)
    #expect(scene.total("rejected") == 0)
    #expect(scene.total("calls") == 1)
    #expect(scene.counter() == "1")
    #expect(scene.cb("check", "x").status == .exited(0))
    #expect(scene.cb("wait", "x", "--timeout", "1s").status == .exited(0))
    let given = scene.cb("permit", "x")
    #expect(given.status == .exited(0))
    #expect(given.error == [])
  }

  @Test("a result counts where the run would have been the trial", arguments: StoreUnderTest.all)
  func observedTrial(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.cb("set", "x", "mode=observe", "fail-max=1", "reset-timeout=0")
    scene.run(exit: 1)
    #expect(scene.state() == "open")
    scene.run(exit: 1)
    #expect(scene.state() == "open")
    #expect(scene.counter() == "2")
    #expect(scene.run(sh: "echo $CB_STATE").outputText == "half-open\n")
    #expect(scene.state() == "closed")
    #expect(scene.total("would_reject") == 0)
  }

  @Test(
    "max-concurrent is not enforced, timeout is, and a hold by code is stored and not enforced",
    arguments: StoreUnderTest.all)
  func observedLimits(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.cb("set", "x", "mode=observe", "max-concurrent=1", "hold-on=12", "timeout=5m")
    let first = scene.runInFlight()
    #expect(scene.run(sh: "echo ran").outputText == "ran\n")
    #expect(scene.total("would_reject") == 1)
    first.end(0)
    #expect(scene.run("--timeout", "50ms", sh: "exec sleep 600").status == .exited(124))
    scene.run("--quiet", exit: 12)
    #expect(scene.shown("held.state")?.string == "open")
    #expect(scene.run(sh: "echo ran").outputText == "ran\n")
    #expect(scene.cb("check", "x").status == .exited(0))
  }

  @Test("a circuit opened by hand is enforced", arguments: StoreUnderTest.all, [[], ["--hold"], ["--for", "1h"]])
  func byHand(_ store: StoreUnderTest, _ options: [String]) {
    let scene = Scene(store)
    scene.cb("set", "x", "mode=observe", "reset-timeout=1h")
    scene.cb(["open", "x"] + options)
    let rejected = scene.run(sh: "echo ran")
    #expect(rejected.status == .exited(75))
    #expect(rejected.output == [] && rejected.isOneMessage)
    #expect(scene.cb("check", "x").status == .exited(75))
    #expect(scene.total("rejected") == 1)
  }

  @Test("its events say that they were observed", arguments: StoreUnderTest.all)
  func observedEvents(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.cb("set", "x", "mode=observe", "fail-max=1", "reset-timeout=1h", "on-event=any=file:events")
    scene.run("--quiet", exit: 1)
    scene.run(exit: 0)
    #expect(
      scene.events() == [
        "manual", "before-call", "failure", "state-change closed -> open", "rejected", "before-call",
      ])
    for line in scene.lines("events") { #expect(JSONValue.of(line)?["observed"]?.bool == true, "\(line)") }
    #expect(scene.cb("status").outputText.contains("open (observed)"))
  }

  // MARK: bypass

  @Test("CB_BYPASS=1 runs CMD without any store, and says so in one line", arguments: StoreUnderTest.all)
  func bypass(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.cb("open", "x", "--hold")
    let before = scene.snapshot()
    scene["CB_BYPASS"] = "1"
    let run = scene.run(sh: "echo ran; exit 4")
    #expect(run.status == .exited(4))
    #expect(run.outputText == "ran\n")
    #expect(run.errorText == "cb: x: CB_BYPASS is set; running without the breaker\n")
    #expect(scene.run("--quiet", exit: 0).error == [])
    let permit = scene.cb("permit", "x")
    #expect(permit.status == .exited(0))
    #expect(permit.outputText == "\n")
    for words in [["report", "x", "", "failure"], ["check", "x"], ["wait", "x"], ["record", "x", "failure"]] {
      #expect(scene.cb(words).status == .exited(0), "\(words)")
    }
    scene["CB_BYPASS"] = nil
    #expect(scene.cb("report", "x", "", "failure").status == .exited(0))
    #expect(scene.state() == "open")
    #expect(scene.total("rejected") == 0 && scene.total("calls") == 0)
    #expect(scene.snapshot() == before)
  }

  @Test("CB_BYPASS=1 asks no store that fails, and no other value bypasses", arguments: ["", "0", "yes", "2"])
  func bypassValues(_ value: String) {
    let scene = Scene()
    scene.trip()
    scene["CB_BYPASS"] = value
    #expect(scene.run(exit: 0).status == .exited(75))
    scene["CB_BYPASS"] = "1"
    scene["CB_STORE"] = "redis://127.0.0.1:1"
    let run = scene.run("--on-store-error", "reject", sh: "exit 4")
    #expect(run.status == .exited(4))
    #expect(run.isOneMessage)
  }

  @Test(
    "mode bypass is no breaker for that one", arguments: StoreUnderTest.all,
    [SettingChannel.option, .environment, .stored, .file])
  func modeBypass(_ store: StoreUnderTest, _ channel: SettingChannel) {
    let scene = Scene(store)
    scene.trip()
    let options = channel.give("mode", "bypass", to: scene)
    let run = scene.run(options, sh: "echo ran; exit 4")
    #expect(run.status == .exited(4))
    #expect(run.outputText == "ran\n")
    #expect(scene.total("calls") == 1 && scene.total("rejected") == 0)
    if channel != .option {
      #expect(scene.cb("check", "x").status == .exited(0))
      #expect(scene.cb("permit", "x").outputText == "\n")
      #expect(scene.cb("record", "x", "failure").status == .exited(0))
    }
    #expect(scene.total("calls") == 1)
  }

  // MARK: force

  @Test("--force runs whatever the state, also held, and a success closes nothing", arguments: StoreUnderTest.all)
  func force(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.trip()
    scene.cb("open", "x", "--hold")
    let generation = scene.shown("generation")?.int
    let run = scene.run("--force", sh: "echo ran")
    #expect(run.status == .exited(0))
    #expect(run.outputText == "ran\n")
    #expect(scene.state() == "open")
    #expect(scene.total("forced") == 1)
    #expect(scene.total("successes") == 1)
    #expect(scene.run("--force", exit: 3).status == .exited(3))
    #expect(scene.state() == "open")
    #expect(scene.total("failures") == 2)
    #expect(scene.counter() == "2")
    #expect(scene.total("trips") == 1)
    #expect(scene.total("rejected") == 0)
    #expect(scene.shown("generation")?.int == generation)
    #expect(scene.run(exit: 0).status == .exited(75))
    // History says who.
    let forced = scene.cb("history", "x").outputText.split(separator: "\n").filter { $0.contains("forced run") }
    #expect(forced.count == 2)
    #expect(forced.allSatisfy { $0.contains("@") })
  }

  @Test("on a closed circuit a forced run counts as any other", arguments: StoreUnderTest.all)
  func forceClosed(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.run("--force", "--fail-max", "1", "--reset-timeout", "1h", exit: 1)
    #expect(scene.state() == "open")
    #expect(scene.total("trips") == 1)
  }

  @Test("--force goes past max-concurrent and a trial that is running", arguments: StoreUnderTest.all)
  func forcePlaces(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene["CB_MAX_CONCURRENT"] = "1"
    let first = scene.runInFlight()
    #expect(scene.run(exit: 0).status == .exited(75))
    #expect(scene.run("--force", sh: "echo ran").outputText == "ran\n")
    first.end(0)
    scene.cb("half-open", "x")
    let trial = scene.runInFlight()
    #expect(scene.run("--force", sh: "echo ran; exit 1").outputText == "ran\n")
    #expect(scene.state() == "half-open")
    trial.end(0)
    #expect(scene.state() == "closed")
  }

  // MARK: The way to introduce it

  @Test("observe, then enforce, then bypass: two hosts on one Redis")
  func rollOut() {
    let here = Scene(.redis(url: SharedRedis.url))
    let there = Scene(onStoreOf: here)
    there["CB_STATE_DIR"] = there.path + "/state"
    let hosts = [here, there]
    func configure(_ mode: String) {
      for host in hosts {
        host.configure("{breakers: {'db-*': {mode: '\(mode)', 'fail-max': 3, 'reset-timeout': '1h'}}}")
      }
    }
    // A week of watching: failures of both hosts open the circuit, and nobody is kept from anything.
    configure("observe")
    for host in [here, there, here] { #expect(host.run(name: "db-1", exit: 1).status == .exited(1)) }
    for host in hosts {
      #expect(host.state("db-1") == "open")
      #expect(host.run(name: "db-1", sh: "echo ran").outputText == "ran\n")
      #expect(host.cb("check", "db-1").status == .exited(0))
    }
    #expect(here.total("would_reject", "db-1") == 2)
    #expect(there.total("rejected", "db-1") == 0)
    // From now on it is meant, on the host that has the new file first.
    here.configure("{breakers: {'db-*': {mode: 'enforce', 'fail-max': 3, 'reset-timeout': '1h'}}}")
    #expect(here.run(name: "db-1", sh: "echo ran").status == .exited(75))
    #expect(there.run(name: "db-1", sh: "echo ran").status == .exited(0))
    configure("enforce")
    for host in hosts {
      #expect(host.run(name: "db-1", sh: "echo ran").status == .exited(75))
      #expect(host.cb("check", "db-1").status == .exited(75))
    }
    #expect(here.total("rejected", "db-1") == 3)
    // The night in which the breaker is in the way.
    there["CB_BYPASS"] = "1"
    #expect(there.run(name: "db-1", sh: "echo ran").outputText == "ran\n")
    #expect(here.run(name: "db-1", sh: "echo ran").status == .exited(75))
    there["CB_BYPASS"] = nil
    configure("bypass")
    for host in hosts { #expect(host.run(name: "db-1", sh: "echo ran").outputText == "ran\n") }
    configure("enforce")
    #expect(there.total("rejected", "db-1") == 4)
    #expect(there.total("calls", "db-1") == 3)
  }
}
