import Glibc
import JSON
import Testing

/// `cb record` (docs/CONTRACT.md, "Commands"): a result for which nobody asked.
@Suite("Recorded results")
struct ContractRecordTests {
  @Test(
    "each outcome counts as what it is, and exit:N and signal:N by the breaker's own rules",
    arguments: StoreUnderTest.all)
  func outcomes(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.cb("set", "x", "exclude=3,SIGHUP", "ignore=4", "fail-max=99", "exclude-if=test $CB_EXIT_STATUS = 7")
    let counts = [
      ("success", "successes"), ("failure", "failures"), ("excluded", "excluded"), ("ignored", "ignored"),
      ("exit:0", "successes"), ("exit:1", "failures"), ("exit:3", "excluded"), ("exit:4", "ignored"),
      ("exit:7", "excluded"), ("signal:1", "excluded"), ("signal:SIGHUP", "excluded"), ("signal:TERM", "failures"),
    ]
    var totals: [String: Int] = [:]
    for (outcome, total) in counts {
      let result = scene.cb("record", "x", outcome)
      #expect(result.status == .exited(0))
      #expect(result.output + result.error == [])
      totals[total, default: 0] += 1
      #expect(scene.total(total) == totals[total], "\(outcome)")
    }
    #expect(scene.total("recorded") == counts.count)
    #expect(scene.total("calls") == counts.count)
  }

  @Test(
    "a breaker that is not there is made, and fail-max failures open it, with the message of a run",
    arguments: StoreUnderTest.all)
  func trips(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene["CB_ON_EVENT"] = "any=file:events"
    scene["CB_RESET_TIMEOUT"] = "1h"
    for count in 1...5 {
      let result = scene.cb("record", "x", "exit:9")
      #expect(result.status == .exited(0))
      #expect(
        result.errorText
          == (count < 5 ? "" : "cb: x: circuit opened after 5 failures in a row (exit 9); retry in 1h\n"))
    }
    #expect(scene.state() == "open")
    #expect(scene.events() == Array(repeating: "failure", count: 5) + ["state-change closed -> open"])
    #expect(scene.shown("last_failure.reason")?.string == "exit 9")
    #expect(scene.shown("last_failure.host")?.string?.isEmpty == false)
  }

  @Test("a success zeroes the counter")
  func success() {
    let scene = Scene()
    scene.cb("record", "x", "failure")
    #expect(scene.counter() == "1")
    scene.cb("record", "x", "success")
    #expect(scene.counter() == "0")
  }

  @Test("open and not due: counted as stale, exit 0", arguments: StoreUnderTest.all)
  func stale(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.trip()
    for outcome in ["success", "failure"] {
      let result = scene.cb("record", "x", outcome)
      #expect(result.status == .exited(0))
      #expect(result.error == [])
    }
    #expect(scene.state() == "open")
    #expect(scene.counter() == "1")
    #expect(scene.total("stale") == 2)
    #expect(scene.total("recorded") == 0)
    scene.cb("open", "x", "--hold")
    scene.cb("record", "x", "success")
    #expect(scene.state() == "open")
    #expect(scene.total("stale") == 3)
  }

  @Test("open and due: it is the trial", arguments: StoreUnderTest.all)
  func trial(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene["CB_ON_EVENT"] = "any=file:events"
    scene.trip("--reset-timeout", "0", "--on-event", "any=file:/dev/null")
    unlink(scene.path + "/events")
    scene.cb("record", "x", "success")
    #expect(scene.state() == "closed")
    #expect(scene.counter() == "0")
    #expect(
      scene.events() == ["state-change open -> half-open", "state-change half-open -> closed", "success"])
    scene.trip("--reset-timeout", "0")
    unlink(scene.path + "/events")
    let failed = scene.cb("record", "x", "exit:6")
    #expect(failed.errorText.hasPrefix("cb: x: circuit opened again: "), "\(failed.errorText)")
    #expect(scene.state() == "open")
    #expect(
      scene.events() == ["state-change open -> half-open", "failure", "state-change half-open -> open"])
  }

  @Test("half-open with a trial free it is one, without it is stale", arguments: StoreUnderTest.all)
  func halfOpen(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.cb("half-open", "x")
    let trial = scene.runInFlight()
    #expect(scene.cb("record", "x", "failure").status == .exited(0))
    #expect(scene.state() == "half-open")
    #expect(scene.total("stale") == 1)
    trial.end(0)
    #expect(scene.state() == "closed")
    scene.cb("half-open", "x")
    scene.cb("record", "x", "success")
    #expect(scene.state() == "closed")
    #expect(scene.total("recorded") == 1)
  }

  @Test("--duration is judged by slow-after, and shown", arguments: StoreUnderTest.all)
  func duration(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.cb("set", "x", "slow-after=1m")
    scene.cb("record", "x", "success", "--duration", "60s")
    #expect(scene.total("slow") == 0)
    for outcome in ["success", "exit:0"] {
      scene.cb("record", "x", outcome, "--duration", "61s")
    }
    #expect(scene.total("slow") == 2)
    #expect(scene.total("failures") == 2)
    #expect(scene.counter() == "2")
    scene.cb("record", "x", "exit:0")
    #expect(scene.counter() == "0")
  }

  @Test("hold-on and trip-on hold for what is recorded, and its predicates see its end")
  func rules() {
    let scene = Scene()
    scene.cb("set", "x", "hold-on=12", "ignore-if=echo \"$CB_EXIT_STATUS $CB_SIGNAL $CB_DURATION\" >> seen; false")
    scene.cb("record", "x", "exit:9", "--duration", "1500ms")
    scene.cb("record", "x", "signal:USR1")
    #expect(scene.lines("seen") == ["9  1.5", "138 SIGUSR1 0"])
    scene.cb("record", "x", "exit:12")
    #expect(scene.shown("held.state")?.string == "open")
  }

  // MARK: --systemd

  /// What systemd.exec(5) says of a service that ended, and what it counts as.
  struct Service: Sendable, CustomTestStringConvertible {
    var result: String
    var code: String?
    var status: String?
    var total: String
    var reason: String?

    var testDescription: String { "\(result) \(code ?? "-") \(status ?? "-")" }
  }

  private static let services = [
    Service(result: "success", code: "exited", status: "0", total: "successes"),
    Service(result: "success", code: "killed", status: "TERM", total: "successes"),
    Service(result: "success", code: "exited", status: "3", total: "successes"),
    Service(result: "success", total: "successes"),
    Service(result: "exec-condition", code: "exited", status: "1", total: "ignored"),
    Service(result: "timeout", code: "killed", status: "TERM", total: "failures", reason: "timeout"),
    Service(result: "timeout", code: "exited", status: "0", total: "failures", reason: "timeout"),
    Service(result: "watchdog", code: "dumped", status: "ABRT", total: "failures"),
    Service(result: "exit-code", code: "exited", status: "1", total: "failures", reason: "exit 1"),
    Service(result: "exit-code", code: "exited", status: "3", total: "excluded"),
    Service(result: "exit-code", code: "exited", status: "203", total: "failures", reason: "exit 203"),
    Service(result: "exit-code", code: "exited", status: "EXEC", total: "failures"),
    Service(result: "signal", code: "killed", status: "KILL", total: "failures", reason: "SIGKILL"),
    Service(result: "signal", code: "killed", status: "HUP", total: "excluded"),
    Service(result: "core-dump", code: "dumped", status: "SEGV", total: "failures", reason: "SIGSEGV"),
    Service(result: "oom-kill", code: "killed", status: "KILL", total: "failures", reason: "SIGKILL"),
    Service(result: "resources", total: "failures"), Service(result: "protocol", total: "failures"),
    Service(result: "start-limit-hit", total: "failures"),
  ]

  @Test("--systemd reads the end of the service from its variables", arguments: services)
  func systemd(_ service: Service) {
    let scene = Scene()
    scene.cb("set", "x", "exclude=3,SIGHUP")
    scene["SERVICE_RESULT"] = service.result
    scene["EXIT_CODE"] = service.code
    scene["EXIT_STATUS"] = service.status
    let result = scene.cb("record", "x", "--systemd")
    #expect(result.status == .exited(0))
    #expect(result.error == [])
    #expect(scene.total(service.total) == 1)
    #expect(scene.total("calls") == 1 && scene.total("recorded") == 1)
    if let reason = service.reason { #expect(scene.shown("last_failure.reason")?.string == reason) }
    #expect(scene.total("timeouts") == (service.result == "timeout" || service.result == "watchdog" ? 1 : 0))
  }

  @Test(
    "what is off is a usage error, and nothing is written",
    arguments: [
      ["record", "x"], ["record", "x", "good"], ["record", "x", "exit:256"], ["record", "x", "signal:0"],
      ["record", "x", "exit:"], ["record", "x", "rejected"], ["record", "x", "success", "--systemd"],
      ["record", "x", "--systemd"], ["record", "a/b", "success"], ["record", "x", "success", "y"], ["record"],
    ])
  func usage(_ arguments: [String]) {
    let scene = Scene()
    let result = scene.cb(arguments)
    #expect(result.status == .exited(64))
    #expect(result.output == [] && result.isOneMessage)
    #expect(scene.isStoreUntouched)
  }

  // MARK: Where the store is away

  @Test("where the store failed a result goes where a run's would go")
  func storeFailed() {
    let scene = Scene(.redis(url: SharedRedis.url))
    scene.breakStore()
    scene["CB_FAIL_MAX"] = "2"
    scene["CB_RESET_TIMEOUT"] = "1h"
    let first = scene.cb("record", "x", "failure")
    #expect(first.status == .exited(0))
    #expect(first.isOneMessage && first.errorText.contains("stand-in"))
    #expect(scene.run(exit: 1).status == .exited(1))
    #expect(scene.run(exit: 0).status == .exited(75))
    scene["CB_ON_STORE_ERROR"] = "run"
    let uncounted = scene.cb("record", "x", "failure")
    #expect(uncounted.status == .exited(0))
    #expect(uncounted.isOneMessage && uncounted.errorText.contains("not counted"))
    scene["CB_ON_STORE_ERROR"] = "reject"
    let refused = scene.cb("record", "x", "failure")
    #expect(refused.status == .exited(1))
    #expect(refused.isOneMessage && refused.errorText.contains("not counted"))
  }

  @Test("of many that record at once none is lost", arguments: StoreUnderTest.all)
  func many(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.cb("set", "x", "fail-max=1000")
    let script = "i=0; while [ $i -lt 40 ]; do \(Programs.cb) record x failure & i=$((i+1)); done; wait"
    #expect(scene.sandbox.execute(["/bin/sh", "-c", script], seconds: 120).error == [])
    #expect(scene.counter() == "40")
    #expect(scene.total("recorded") == 40)
  }

  // MARK: check --explain, and traces

  @Test(
    "check --explain writes the line of a rejected run, and --rejected-exit takes the place of 75",
    arguments: StoreUnderTest.all)
  func explain(_ store: StoreUnderTest) {
    let scene = Scene(store)
    #expect(scene.cb("check", "x", "--explain", "--rejected-exit", "2").status == .exited(0))
    scene.trip()
    // Its own value, and none from anywhere else.
    scene["CB_REJECTED_EXIT"] = "9"
    scene.cb("set", "x", "rejected-exit=8", "notice=none")
    let plain = scene.cb("check", "x")
    #expect(plain.status == .exited(75))
    #expect(plain.output + plain.error == [])
    for code: Int32 in [0, 2, 254] {
      let explained = scene.cb("check", "x", "--explain", "--rejected-exit", "\(code)")
      #expect(explained.status == .exited(code))
      #expect(explained.output == [])
      #expect(
        explained.errorText.wholeMatch(
          of: /cb: x: circuit open, retry in [\dhms]+, at [-\d: ]+ \(1 failure, last: exit 1\)\n/) != nil,
        "\(explained.errorText)")
    }
    #expect(scene.total("rejected") == 0)
    scene.cb("open", "x", "--hold", "--reason", "moving house")
    #expect(scene.cb("check", "x", "--explain").errorText.contains("held open by "))
    scene.cb("half-open", "x")
    let trial = scene.runInFlight()
    #expect(
      scene.cb("check", "x", "--explain").errorText
        == "cb: x: circuit half-open, a trial is running (1 failure, last: exit 1)\n")
    trial.end(0)
  }

  @Test("TRACEPARENT reaches CMD, listeners and the event's JSON as it is", arguments: StoreUnderTest.all)
  func trace(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    scene["TRACEPARENT"] = trace
    scene["CB_ON_EVENT"] = "any=file:events\nfailure=echo $TRACEPARENT > listener"
    #expect(scene.run(sh: "echo $TRACEPARENT; exit 1").outputText == trace + "\n")
    #expect(scene.lines("listener") == [trace])
    #expect(scene.lines("events").map { JSONValue.of($0)?["trace_parent"]?.string } == [trace, trace])
    scene["TRACEPARENT"] = nil
    unlink(scene.path + "/events")
    scene.run(exit: 1)
    #expect(scene.lines("events").allSatisfy { JSONValue.of($0)?["trace_parent"] == nil })
  }
}
