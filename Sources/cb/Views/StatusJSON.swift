import BreakerStore
import CircuitBreaker
import JSON
import Settings

/// A breaker as `status --json` shows it (docs/CONTRACT.md, "JSON and metrics").
enum StatusJSON {
  static func object(_ name: BreakerName, _ breaker: Breaker, _ resolved: ResolvedSettings, at now: Timestamp)
    -> JSONValue
  {
    var object = JSONObject(reservingCapacity: 26)
    object.append("name", .string(name.text))
    object.append("state", .string(breaker.state.rawValue))
    object.append("held", breaker.hold.map(held) ?? .null)
    object.append("fail_counter", .integer(Int64(breaker.failCounter)))
    var successes = 0
    var openedAt = JSONValue.null
    switch breaker.phase {
    case .closed: break
    case .open(let open): openedAt = time(open.since)
    case .halfOpen(let count): successes = count
    }
    object.append("success_counter", .integer(Int64(successes)))
    object.append("opened_at", openedAt)
    object.append("retry_after", breaker.retryAfter(resolved.policy, at: now).map { .number($0.seconds) } ?? .null)
    object.append("generation", .integer(Int64(breaker.generation)))
    object.append("trials", .integer(Int64(breaker.trials)))
    object.append("running", isLimited(breaker, resolved) ? .integer(Int64(breaker.running)) : .null)
    object.append("changed_at", (breaker.changedAt ?? changeInHistory(breaker)).map(time) ?? .null)
    let isDue = breaker.state == .open && breaker.wouldAdmit(resolved.policy, at: now)
    object.append("due", .bool(isDue))
    object.append("holders", .array(breaker.leases.filter { $0.role != .observed }.map { holder($0, breaker) }))
    object.append("window", window(breaker, at: now))
    object.append("last_run_settings", lastRunSettings(breaker, resolved.settings))
    object.append("last_hint", breaker.lastHint.map(lastHint) ?? .null)
    object.append("trips_in_a_row", .integer(Int64(breaker.streak.current(at: now))))
    object.append("last_failure", breaker.lastFailure.map(lastFailure) ?? .null)
    object.append("last_success", breaker.lastSuccess.map(time) ?? .null)
    var totals = JSONObject(reservingCapacity: 16)
    for field in breaker.totals.fields { totals.append(field.key, .integer(Int64(field.count))) }
    object.append("totals", .object(totals))
    var settings = JSONObject(reservingCapacity: SettingKey.allCases.count)
    for key in SettingKey.allCases { settings.append(key.name, resolved.settings.value(key).json) }
    object.append("settings", .object(settings))
    return .object(object)
  }

  private static func held(_ hold: Breaker.Hold) -> JSONValue {
    var object = JSONObject(reservingCapacity: 4)
    object.append("state", .string(hold.state.rawValue))
    object.append("until", hold.until.map(time) ?? .null)
    object.append("reason", hold.reason.map { .string($0) } ?? .null)
    object.append("by", .string(hold.by))
    return .object(object)
  }

  /// Whether runs take places: by what is set here, by what the last run used, or as one of them holds a place now.
  private static func isLimited(_ breaker: Breaker, _ resolved: ResolvedSettings) -> Bool {
    resolved.settings.maxConcurrent != nil || breaker.lastPolicy?.maxConcurrent != nil
      || breaker.leases.contains { $0.kind == .run && ($0.role == .ordinary || $0.role == .forced) }
  }

  /// For a breaker that an older version changed last.
  private static func changeInHistory(_ breaker: Breaker) -> Timestamp? {
    breaker.history.last { $0.to == breaker.state && $0.from != breaker.state }?.at
  }

  private static func holder(_ lease: Lease, _ breaker: Breaker) -> JSONValue {
    var object = JSONObject(reservingCapacity: 5)
    object.append("kind", .string(breaker.heldPlace(of: lease).rawValue))
    append(lease.caller, pid: lease.holder?.pid, to: &object)
    object.append("since", time(lease.since))
    return .object(object)
  }

  private static func append(_ caller: Caller?, pid: Int32? = nil, to object: inout JSONObject) {
    object.append("host", caller.map { .string($0.host) } ?? .null)
    object.append("pid", (caller?.pid ?? pid).map { .integer(Int64($0)) } ?? .null)
    object.append("user", caller.map { .string($0.user) } ?? .null)
  }

  /// By the settings that the last run used.
  private static func window(_ breaker: Breaker, at now: Timestamp) -> JSONValue {
    guard let size = breaker.lastPolicy?.window else { return .null }
    let tally = breaker.window.tally(size: size, at: now)
    func share(_ part: Int) -> JSONValue {
      tally.calls == 0 ? .integer(0) : .number(Double(part) / Double(tally.calls))
    }
    var object = JSONObject(reservingCapacity: 5)
    object.append("calls", .integer(Int64(tally.calls)))
    object.append("failures", .integer(Int64(tally.failures)))
    object.append("failure_rate", share(tally.failures))
    object.append("slow", .integer(Int64(tally.slow)))
    object.append("slow_rate", share(tally.slow))
    return .object(object)
  }

  private static func lastRunSettings(_ breaker: Breaker, _ settings: Settings) -> JSONValue {
    var object = JSONObject(reservingCapacity: 4)
    if let last = breaker.lastPolicy {
      for (key, value) in PolicyText.differences(last, from: settings) { object.append(key.name, value.json) }
    }
    return .object(object)
  }

  private static func lastHint(_ hint: Breaker.LastHint) -> JSONValue {
    var object = JSONObject(reservingCapacity: 3)
    object.append("at", time(hint.at))
    object.append("until", time(hint.until))
    object.append("capped", .bool(hint.isCapped))
    return .object(object)
  }

  private static func lastFailure(_ failure: Breaker.LastFailure) -> JSONValue {
    var object = JSONObject(reservingCapacity: 5)
    object.append("at", time(failure.at))
    object.append("reason", .string(failure.reason))
    append(failure.caller, to: &object)
    return .object(object)
  }

  private static func time(_ time: Timestamp) -> JSONValue {
    .string(RFC3339.format(time))
  }
}
