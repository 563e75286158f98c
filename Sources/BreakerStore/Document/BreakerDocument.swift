package import CircuitBreaker
package import JSON

/// The JSON form of a breaker: what the file store keeps, and what the Redis store keeps as a snapshot. See
/// docs/FORMATS.md.
///
/// A member that is not known is kept and written back. A known one of a wrong type means that the document is damaged;
/// what a document says it needs and this version does not know, that it is newer.
package enum BreakerDocument {
  /// Written as `cb`. A higher one is newer: nothing at all can be said of it.
  package static let version = 1

  /// What this version understands of what a document may say that it needs.
  #if NextFormat
    package static let understood: Set<String> = [NextFormat.need]
  #else
    package static let understood: Set<String> = []
  #endif

  /// The members at the top, in the order in which they are written.
  package enum Member: String, CaseIterable {
    case cb
    case needs
    case name
    case id
    case state
    case generation
    case openedAt = "opened_at"
    case retryAt = "retry_at"
    case jitterDrawn = "jitter_drawn"
    case trips
    case openReason = "open_reason"
    case openedByHand = "opened_by_hand"
    case hintedUntil = "hinted_until"
    case successCounter = "success_counter"
    case held
    case changedAt = "changed_at"
    case failCounter = "fail_counter"
    case lastFailure = "last_failure"
    case lastSuccess = "last_success"
    case streak
    case rejectionNoticed = "rejection_noticed"
    case remindedAt = "reminded_at"
    case lastHint = "last_hint"
    case totals
    case durations
    case runSettings = "run_settings"
    case otherRunSettings = "other_run_settings"
    case otherRunSettingsUntil = "other_run_settings_until"
    case settings
    case window
    case leases
    case recent
    case nextEvent = "next_event"
    case firstEvent = "first_event"
    case events

    static func isName(_ key: String) -> Bool { allCases.contains { $0.rawValue == key } }
  }

  /// The document of a breaker, with the members that `decode` kept, always in the same order.
  package static func encode(_ breaker: Breaker, name: BreakerName) -> JSONObject {
    var document = JSONObject(reservingCapacity: 32)
    document.append("cb", version)
    let needs = needs(of: breaker)
    if !needs.isEmpty { document.append("needs", .array(needs.map { .string($0) })) }
    document.append("name", name.text)
    document.append("id", String(breaker.id, radix: 16))
    document.append("state", breaker.state.rawValue)
    document.append("generation", breaker.generation)
    append(breaker.phase, to: &document)
    if let hold = breaker.hold { document.append("held", encode(hold)) }
    if let changed = breaker.changedAt { document.append("changed_at", changed) }
    document.append("fail_counter", breaker.failCounter)
    if let failure = breaker.lastFailure { document.append("last_failure", encode(failure)) }
    if let success = breaker.lastSuccess { document.append("last_success", success) }
    if breaker.streak != TripStreak() { document.append("streak", encode(breaker.streak)) }
    document.append("rejection_noticed", flag: breaker.rejectionNoticed)
    if let reminded = breaker.remindedAt { document.append("reminded_at", reminded) }
    if let hint = breaker.lastHint { document.append("last_hint", encode(hint)) }
    document.append("totals", encode(breaker.totals))
    if !breaker.durations.isEmpty { document.append("durations", encode(breaker.durations)) }
    if let policy = breaker.lastPolicy { document.append("run_settings", PolicyDocument.encode(policy, .long)) }
    if let other = breaker.otherPolicy {
      document.append("other_run_settings", PolicyDocument.encode(other.policy, .long))
      document.append("other_run_settings_until", other.at)
    }
    if !breaker.settings.isEmpty { document.append("settings", encodeSettings(breaker.settings)) }
    if !breaker.window.isEmpty { document.append("window", encode(breaker.window)) }
    if !breaker.leases.isEmpty { document.append("leases", .array(breaker.leases.map(encode))) }
    document.append("recent", String(decoding: breaker.recent.map(\.letter), as: UTF8.self))
    document.append("next_event", breaker.nextSequence)
    if breaker.firstSequence > 1 { document.append("first_event", breaker.firstSequence) }
    document.append("events", .array(breaker.history.map { .array(encode($0)) }))
    document.append(breaker.kept)
    return document
  }

  /// What a reader has to know so that it may take this breaker for what it is: only where that is used, so that any
  /// other breaker stays readable for versions that lack it.
  private static func needs(of breaker: Breaker) -> [String] {
    #if NextFormat
      if breaker.hold?.reason == NextFormat.need { return [NextFormat.need] }
    #endif
    return []
  }

  private static func append(_ phase: Breaker.Phase, to document: inout JSONObject) {
    switch phase {
    case .closed: break
    case .open(let open):
      document.append("opened_at", open.since)
      if let retryAt = open.retryAt { document.append("retry_at", retryAt) }
      if let spread = open.spread { document.append("jitter_drawn", .number(spread)) }
      document.append("trips", open.trips)
      if let reason = open.reason { document.append("open_reason", reason) }
      document.append("opened_by_hand", flag: open.isByHand)
      if let until = open.hintedUntil { document.append("hinted_until", until) }
    case .halfOpen(let successes):
      document.append("success_counter", successes)
    }
  }

  private static func encode(_ hold: Breaker.Hold) -> JSONValue {
    var object = JSONObject(reservingCapacity: 6)
    object.append("state", hold.state.rawValue)
    if let until = hold.until { object.append("until", until) }
    if let reason = hold.reason { object.append("reason", reason) }
    object.append("by", hold.by)
    if let since = hold.since { object.append("since", since) }
    object.append(hold.caller)
    object.append(hold.kept)
    return .object(object)
  }

  private static func encode(_ failure: Breaker.LastFailure) -> JSONValue {
    var object = JSONObject(reservingCapacity: 3)
    object.append("at", failure.at)
    object.append("reason", failure.reason)
    object.append(failure.caller)
    object.append(failure.kept)
    return .object(object)
  }

  private static func encode(_ hint: Breaker.LastHint) -> JSONValue {
    var object = JSONObject(reservingCapacity: 4)
    object.append("at", hint.at)
    object.append("asked_ms", hint.asked)
    object.append("until", hint.until)
    object.append("capped", flag: hint.isCapped)
    object.append(hint.kept)
    return .object(object)
  }

  private static func encode(_ streak: TripStreak) -> JSONValue {
    var object = JSONObject(reservingCapacity: 3)
    object.append("count", streak.count)
    if let since = streak.healthySince { object.append("healthy_since", since) }
    object.append("decay_ms", streak.decay)
    object.append(streak.kept)
    return .object(object)
  }

  private static func encode(_ totals: Totals) -> JSONValue {
    var object = JSONObject(reservingCapacity: 16)
    totals.forEachField { object.append($0, $1) }
    object.append(totals.kept)
    return .object(object)
  }

  /// A count a bucket, and the sum: they only inform.
  private static func encode(_ durations: DurationHistogram) -> JSONValue {
    var object = JSONObject(reservingCapacity: 2)
    object.append("counts", .array(durations.counts.map { .integer(Int64($0)) }))
    object.append("sum_ms", durations.sum)
    object.append(durations.kept)
    return .object(object)
  }

  /// Stored settings as an object: a text for one value, a list for several.
  package static func encodeSettings(_ settings: StoredSettings) -> JSONValue {
    var object = JSONObject(reservingCapacity: settings.values.count)
    for key in settings.keys {
      let values = settings[key].map { JSONValue.string($0) }
      object.append(key, values.count == 1 ? values[0] : .array(values))
    }
    return .object(object)
  }

  private static func encode(_ window: RunWindow) -> JSONValue {
    var object = JSONObject(reservingCapacity: 1)
    if !window.runs.isEmpty {
      // A digit a run: 0 well, 1 failed, 2 slow, 3 both.
      object.append("runs", String(decoding: window.runs.map { $0.rawValue + 48 }, as: UTF8.self))
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
    object.append(window.kept)
    return .object(object)
  }

  private static func encode(_ lease: Lease) -> JSONValue {
    var object = JSONObject(reservingCapacity: 10)
    object.append("token", lease.token.text)
    object.append("kind", lease.kind.rawValue)
    object.append("role", lease.role.rawValue)
    object.append("generation", lease.generation)
    object.append("since", lease.since)
    object.append("expires", lease.expires)
    if let holder = lease.holder {
      object.append("realm", holder.realm)
      object.append("pid", Int(holder.pid))
      object.append("start_time", .integer(Int64(truncatingIfNeeded: holder.startTime)))
    }
    object.append(lease.caller)
    object.append(lease.kept)
    return .object(object)
  }
}

extension Outcome {
  /// One letter a run, in the document's `recent`.
  var letter: UInt8 {
    switch self {
    case .success: UInt8(ascii: "+")
    case .failure: UInt8(ascii: "-")
    case .excluded: UInt8(ascii: "x")
    case .ignored: UInt8(ascii: "?")
    }
  }

  init?(letter: UInt8) {
    switch letter {
    case UInt8(ascii: "+"): self = .success
    case UInt8(ascii: "-"): self = .failure
    case UInt8(ascii: "x"): self = .excluded
    case UInt8(ascii: "?"): self = .ignored
    default: return nil
    }
  }
}
