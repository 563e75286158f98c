import BreakerStore
import Glibc
import JSON
import Testing

/// Whether a text is a time of RFC 3339 in UTC.
func isRFC3339(_ text: String) -> Bool {
  text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/) != nil
}

/// docs/CONTRACT.md, "JSON and metrics".
@Suite("cb status --json")
struct ContractJSONTests {
  let scene = Scene()

  static let keys: Set = [
    "name", "state", "held", "fail_counter", "success_counter", "opened_at", "retry_after", "generation", "trials",
    "running", "changed_at", "due", "holders", "window", "last_run_settings", "last_hint", "trips_in_a_row",
    "last_failure", "last_success", "totals", "settings",
  ]
  static let totals: Set = [
    "calls", "successes", "failures", "excluded", "ignored", "rejected", "timeouts", "slow", "stale", "lost", "trips",
    "would_trip", "would_reject", "probes", "forced", "recorded",
  ]
  static let settings: Set = [
    "fail-max", "reset-timeout", "success-threshold", "half-open-max", "exclude", "exclude-if", "ignore", "only",
    "window", "failure-rate", "min-calls", "slow-after", "slow-rate", "reset-backoff", "reset-max", "jitter",
    "max-concurrent", "timeout", "kill-after", "on-event", "on-store-error",
  ]

  @Test("without breakers it is an empty array")
  func empty() {
    #expect(JSONValue.of(scene.cb("status", "--json").outputText) == [])
  }

  @Test("an array, sorted by name")
  func sorted() {
    for name in ["b", "a", "C", "ä", "a-1"] { scene.run(name: name, exit: 0) }
    #expect(scene.status().compactMap { $0["name"]?.string } == ["C", "a", "a-1", "b", "ä"])
    #expect(scene.status("b", "a", "b").compactMap { $0["name"]?.string } == ["a", "b"])
  }

  @Test("the keys are those of the contract")
  func keys() throws {
    scene.run(exit: 0)
    let object = try #require(scene.status().first)
    #expect(Self.keys.isSubset(of: object.keys))
    #expect(Self.totals.isSubset(of: object["totals"]?.keys ?? []))
    #expect(Self.settings.isSubset(of: object["settings"]?.keys ?? []))
  }

  @Test("a closed breaker")
  func closed() throws {
    scene.run(exit: 1)
    scene.run(exit: 0)
    scene.run(exit: 3)
    let object = try #require(scene.status().first)
    #expect(object["name"]?.string == "x")
    #expect(object["state"]?.string == "closed")
    #expect(object["held"]?.isNull == true)
    #expect(object["fail_counter"]?.int == 1)
    #expect(object["success_counter"]?.int == 0)
    #expect(object["retry_after"]?.isNull == true)
    #expect(object["generation"]?.int != nil)
    #expect(object["trials"]?.int == 0)
    #expect(object["running"]?.isNull == true)
    #expect(object["trips_in_a_row"]?.int == 0)
    #expect(isRFC3339(object["last_success"]?.string ?? ""))
    #expect(isRFC3339(object["last_failure"]?["at"]?.string ?? ""))
    #expect(object["last_failure"]?["reason"]?.string == "exit 3")
    #expect(object["last_failure"]?.keys == ["at", "reason", "host", "pid", "user"])
    #expect(object["totals"]?["calls"]?.int == 3)
  }

  @Test("an open breaker")
  func open() throws {
    scene.trip()
    let object = try #require(scene.status().first)
    #expect(object["state"]?.string == "open")
    #expect(isRFC3339(object["opened_at"]?.string ?? ""))
    let left = try #require(object["retry_after"]?.double)
    #expect(left > 3000 && left <= 3600)
    #expect(object["trips_in_a_row"]?.int == 1)
    #expect(object["last_success"]?.isNull == true)
  }

  @Test("a breaker that was never run")
  func fresh() throws {
    scene.cb("set", "x", "fail-max=3")
    let object = try #require(scene.status().first)
    #expect(Self.keys.isSubset(of: object.keys))
    for key in ["held", "opened_at", "retry_after", "last_failure", "last_success"] {
      #expect(object[key]?.isNull == true)
    }
  }

  @Test("a held breaker")
  func held() throws {
    scene.cb("open", "x", "--for", "1h", "--reason", "line 1\nline \"2\"")
    let held = try #require(scene.shown("held"))
    #expect(held.keys.sorted() == ["by", "reason", "state", "until"])
    #expect(isRFC3339(held["until"]?.string ?? ""))
    #expect(held["reason"]?.string == "line 1\nline \"2\"")
    scene.cb("close", "x", "--hold")
    #expect(scene.shown("held.until")?.isNull == true)
    #expect(scene.shown("held.reason")?.isNull == true)
  }

  @Test("the totals")
  func totals() throws {
    scene["CB_RESET_TIMEOUT"] = "1h"
    scene.run(exit: 0)
    scene.run("--exclude", "3", exit: 3)
    scene.run("--ignore", "3", exit: 3)
    scene.run("--timeout", "20ms", sh: "exec sleep 600")
    scene.run("--slow-after", "1ms", sh: "sleep 0.05")
    scene.run("--fail-max", "1", exit: 1)
    scene.run(exit: 0)
    let totals = try #require(scene.shown("totals"))
    let expected = [
      "calls": 6, "successes": 1, "excluded": 1, "ignored": 1, "failures": 3, "rejected": 1, "timeouts": 1, "slow": 1,
      "stale": 0, "lost": 0, "trips": 1, "would_trip": 0,
    ]
    for (key, count) in expected { #expect(totals[key]?.int == count, "\(key)") }
  }

  @Test("live runs and trials")
  func live() throws {
    scene["CB_MAX_CONCURRENT"] = "3"
    let runs = [scene.runInFlight(), scene.runInFlight()]
    #expect(scene.shown("running")?.int == 2)
    #expect(scene.shown("trials")?.int == 0)
    for run in runs { run.end(0) }
    scene.cb("half-open", "x")
    let trial = scene.runInFlight()
    #expect(scene.shown("trials")?.int == 1)
    trial.end(0)
    #expect(scene.shown("running")?.int == 0)
  }
}
