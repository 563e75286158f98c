import BreakerStore
import CircuitBreaker
import JSON
import Settings

/// A breaker as `status --json` shows it (CONTRACT section 8).
enum StatusJSON {
  static func object(_ name: BreakerName, _ breaker: Breaker, _ resolved: ResolvedSettings, at now: Timestamp)
    -> JSONValue
  {
    var object = JSONObject(reservingCapacity: 20)
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
    object.append("running", .integer(Int64(breaker.running)))
    object.append("trips_in_a_row", .integer(Int64(breaker.streak.current(at: now))))
    object.append("last_failure", breaker.lastFailure.map(lastFailure) ?? .null)
    object.append("last_success", breaker.lastSuccess.map(time) ?? .null)
    var totals = JSONObject(reservingCapacity: 12)
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

  private static func lastFailure(_ failure: Breaker.LastFailure) -> JSONValue {
    var object = JSONObject(reservingCapacity: 2)
    object.append("at", time(failure.at))
    object.append("reason", .string(failure.reason))
    return .object(object)
  }

  private static func time(_ time: Timestamp) -> JSONValue {
    .string(RFC3339.format(time))
  }
}
