package import CircuitBreaker
package import JSON

/// The JSON form of a breaker: what the file store keeps, and what the Redis store keeps as a snapshot.
///
/// A member that is not known is passed over and lost at the next change, as no writer of this version made it. A
/// member of a wrong type means that the document is damaged.
package enum BreakerDocument {
  /// Written as `cb`. A reader refuses a higher one: it cannot know what it would destroy.
  package static let version = 1

  package enum Fault: Error, Hashable {
    case damaged(String)
    case newerVersion(Int)
  }

  package static func encode(_ breaker: Breaker, name: BreakerName) -> JSONObject {
    var document = JSONObject(reservingCapacity: 24)
    document.append("cb", .integer(Int64(version)))
    document.append("name", .string(name.text))
    document.append("id", .string(String(breaker.id, radix: 16)))
    document.append("state", .string(breaker.state.rawValue))
    document.append("generation", .integer(Int64(breaker.generation)))
    encodePhase(breaker, into: &document)
    if let changed = breaker.changedAt { document.append("changed_at", time(changed)) }
    document.append("fail_counter", .integer(Int64(breaker.failCounter)))
    if let failure = breaker.lastFailure {
      var object = JSONObject(reservingCapacity: 2)
      object.append("at", time(failure.at))
      object.append("reason", .string(failure.reason))
      document.append("last_failure", .object(object))
    }
    if let success = breaker.lastSuccess { document.append("last_success", time(success)) }
    if breaker.streak != TripStreak() { document.append("streak", encodeStreak(breaker.streak)) }
    if breaker.rejectionNoticed { document.append("rejection_noticed", .bool(true)) }
    document.append("totals", encodeTotals(breaker.totals))
    if !breaker.durations.isEmpty { document.append("durations", encodeDurations(breaker.durations)) }
    if let policy = breaker.lastPolicy { document.append("run_settings", EventDocument.encodePolicy(policy)) }
    if let other = breaker.otherPolicy {
      document.append("other_run_settings", EventDocument.encodePolicy(other.policy))
      document.append("other_run_settings_until", time(other.at))
    }
    if !breaker.settings.isEmpty { document.append("settings", encodeSettings(breaker.settings)) }
    if !breaker.window.isEmpty { document.append("window", encodeWindow(breaker.window)) }
    if !breaker.leases.isEmpty { document.append("leases", .array(breaker.leases.map(encodeLease))) }
    document.append("recent", .string(String(decoding: breaker.recent.map(\.sign), as: UTF8.self)))
    document.append("next_event", .integer(Int64(breaker.nextSequence)))
    if breaker.firstSequence > 1 { document.append("first_event", .integer(Int64(breaker.firstSequence))) }
    document.append("events", .array(breaker.history.map { .array(encodeEvent($0)) }))
    return document
  }

  private static func encodePhase(_ breaker: Breaker, into document: inout JSONObject) {
    switch breaker.phase {
    case .closed: break
    case .open(let open):
      document.append("opened_at", time(open.since))
      if let retryAt = open.retryAt { document.append("retry_at", time(retryAt)) }
      if let spread = open.spread { document.append("jitter_drawn", .number(spread)) }
      document.append("trips", .integer(Int64(open.trips)))
    case .halfOpen(let successes):
      document.append("success_counter", .integer(Int64(successes)))
    }
    guard let hold = breaker.hold else { return }
    var object = JSONObject(reservingCapacity: 4)
    object.append("state", .string(hold.state.rawValue))
    if let until = hold.until { object.append("until", time(until)) }
    if let reason = hold.reason { object.append("reason", .string(reason)) }
    object.append("by", .string(hold.by))
    document.append("held", .object(object))
  }

  private static func encodeStreak(_ streak: TripStreak) -> JSONValue {
    var object = JSONObject(reservingCapacity: 3)
    object.append("count", .integer(Int64(streak.count)))
    if let since = streak.healthySince { object.append("healthy_since", time(since)) }
    object.append("decay_ms", .integer(streak.decay.milliseconds))
    return .object(object)
  }

  private static func encodeTotals(_ totals: Totals) -> JSONValue {
    var object = JSONObject(reservingCapacity: 12)
    for field in totals.fields { object.append(field.key, .integer(Int64(field.count))) }
    return .object(object)
  }

  /// A count a bucket, and the sum: it only informs.
  private static func encodeDurations(_ durations: DurationHistogram) -> JSONValue {
    var object = JSONObject(reservingCapacity: 2)
    object.append("counts", .array(durations.counts.map { .integer(Int64($0)) }))
    object.append("sum_ms", .integer(durations.sum.milliseconds))
    return .object(object)
  }

  package static func encodeSettings(_ settings: StoredSettings) -> JSONValue {
    var object = JSONObject(reservingCapacity: settings.values.count)
    for key in settings.keys {
      let values = settings[key].map { JSONValue.string($0) }
      object.append(key, values.count == 1 ? values[0] : .array(values))
    }
    return .object(object)
  }

  private static func encodeWindow(_ window: RunWindow) -> JSONValue {
    var object = JSONObject(reservingCapacity: 1)
    if !window.runs.isEmpty {
      // A digit a run: 0 well, 1 failed, 2 slow, 3 both.
      object.append("runs", .string(String(decoding: window.runs.map { $0.rawValue + 48 }, as: UTF8.self)))
    }
    if !window.slices.isEmpty {
      object.append(
        "slices",
        .array(
          window.slices.map { slice in
            .array([
              time(slice.start), .integer(Int64(slice.tally.calls)), .integer(Int64(slice.tally.failures)),
              .integer(Int64(slice.tally.slow)),
            ])
          }))
    }
    return .object(object)
  }

  private static func encodeLease(_ lease: Lease) -> JSONValue {
    var object = JSONObject(reservingCapacity: 9)
    object.append("token", .string(lease.token.text))
    object.append("kind", .string(lease.kind.rawValue))
    object.append("trial", .bool(lease.isTrial))
    object.append("generation", .integer(Int64(lease.generation)))
    object.append("since", time(lease.since))
    object.append("expires", time(lease.expires))
    if let holder = lease.holder {
      object.append("realm", .string(holder.realm))
      object.append("pid", .integer(Int64(holder.pid)))
      object.append("start_time", .integer(Int64(truncatingIfNeeded: holder.startTime)))
    }
    return .object(object)
  }

  /// An event as `[time, kind, from, to, reason, by]`: one line in the document, which people read.
  private static func encodeEvent(_ entry: HistoryEntry) -> [JSONValue] {
    [
      time(entry.at), .string(entry.kind.rawValue), text(entry.from?.rawValue), text(entry.to?.rawValue),
      text(entry.reason), text(entry.by),
    ]
  }

  /// An event as a line of the history file: its number, then as in the document.
  package static func historyLine(_ entry: HistoryEntry) -> [UInt8] {
    var bytes = JSONValue.array([.integer(Int64(entry.sequence))] + encodeEvent(entry)).bytes(.compact)
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }

  private static func text(_ value: String?) -> JSONValue {
    value.map { .string($0) } ?? .null
  }

  package static func time(_ time: Timestamp) -> JSONValue {
    .string(RFC3339.format(time))
  }
}

extension Outcome {
  /// One sign a run, in the document's `recent`.
  var sign: UInt8 {
    switch self {
    case .success: UInt8(ascii: "+")
    case .failure: UInt8(ascii: "-")
    case .excluded: UInt8(ascii: "x")
    case .ignored: UInt8(ascii: "?")
    }
  }

  init?(sign: UInt8) {
    guard let outcome = Outcome.allCases.first(where: { $0.sign == sign }) else { return nil }
    self = outcome
  }
}
