package import CircuitBreaker
package import JSON

extension BreakerDocument {
  /// Reads a document; `name` is the name it was looked up by, which it has to hold.
  package static func decode(_ document: JSONValue, name: BreakerName) throws(Fault) -> Breaker {
    guard let version = document["cb"]?.int else { throw .damaged("it has no version") }
    if version > Self.version { throw .newerVersion(version) }
    let reader = Reader(value: document)
    guard let stored = document["name"]?.string, stored.utf8.elementsEqual(name.text.utf8) else {
      throw .damaged("it is not that of this breaker")
    }
    guard let id = UInt64(try reader.string("id"), radix: 16) else { throw .damaged("'id' is no number") }
    var breaker = Breaker(id: id)
    breaker.generation = try reader.count("generation")
    breaker.phase = try phase(reader)
    if let held = reader.child("held") { breaker.hold = try hold(held) }
    if case .open(let open) = breaker.phase, open.retryAt == nil, breaker.hold?.state != .open {
      throw .damaged("it is open without an end, and nobody holds it")
    }
    breaker.changedAt = try reader.optionalTime("changed_at")
    breaker.failCounter = try reader.count("fail_counter")
    if let failure = reader.child("last_failure") {
      breaker.lastFailure = Breaker.LastFailure(at: try failure.time("at"), reason: try failure.string("reason"))
    }
    breaker.lastSuccess = try reader.optionalTime("last_success")
    if let streak = reader.child("streak") {
      breaker.streak = TripStreak(
        count: try streak.count("count"), healthySince: try streak.optionalTime("healthy_since"),
        decay: Span(milliseconds: Int64(try streak.count("decay_ms"))))
    }
    breaker.rejectionNoticed = document["rejection_noticed"]?.bool ?? false
    if let totals = reader.child("totals") { breaker.totals = try decodeTotals(totals) }
    if let durations = reader.child("durations") { breaker.durations = try decodeDurations(durations) }
    breaker.lastPolicy = EventDocument.decodePolicy(document["run_settings"])
    if let policy = EventDocument.decodePolicy(document["other_run_settings"]) {
      breaker.otherPolicy = Breaker.OtherPolicy(policy: policy, at: try reader.time("other_run_settings_until"))
    }
    if let settings = document["settings"] { breaker.settings = try decodeSettings(settings) }
    if let window = reader.child("window") { breaker.window = try decodeWindow(window) }
    for lease in document["leases"]?.array ?? [] { breaker.leases.append(try decodeLease(Reader(value: lease))) }
    for sign in (document["recent"]?.string ?? "").utf8 {
      guard let outcome = Outcome(sign: sign) else { throw .damaged("'recent' has an unknown sign") }
      breaker.recent.append(outcome)
    }
    breaker.nextSequence = try reader.count("next_event")
    if document["first_event"] != nil { breaker.firstSequence = try reader.count("first_event") }
    let events = document["events"]?.array ?? []
    guard events.count < breaker.nextSequence else { throw .damaged("'next_event' is too low") }
    for (index, event) in events.enumerated() {
      guard let fields = event.array else { throw .damaged("an event is no array") }
      breaker.history.append(try decodeEvent(fields[...], sequence: breaker.nextSequence - events.count + index))
    }
    return breaker
  }

  private static func phase(_ reader: Reader) throws(Fault) -> Breaker.Phase {
    guard let state = CircuitState(rawValue: try reader.string("state")) else { throw .damaged("unknown state") }
    switch state {
    case .closed: return .closed
    case .halfOpen: return .halfOpen(successes: try reader.count("success_counter"))
    case .open:
      return .open(
        Breaker.OpenPhase(
          since: try reader.time("opened_at"), retryAt: try reader.optionalTime("retry_at"),
          spread: reader.value["jitter_drawn"]?.double.map { min(max($0, 0), 1) }, trips: try reader.count("trips")))
    }
  }

  private static func hold(_ reader: Reader) throws(Fault) -> Breaker.Hold {
    guard let state = CircuitState(rawValue: try reader.string("state")) else { throw .damaged("unknown held state") }
    return Breaker.Hold(
      state: state, until: try reader.optionalTime("until"), reason: reader.value["reason"]?.string,
      by: try reader.string("by"))
  }

  private static func decodeTotals(_ reader: Reader) throws(Fault) -> Totals {
    var totals = Totals()
    totals.calls = try reader.count("calls")
    totals.successes = try reader.count("successes")
    totals.failures = try reader.count("failures")
    totals.excluded = try reader.count("excluded")
    totals.ignored = try reader.count("ignored")
    totals.rejected = try reader.count("rejected")
    totals.timeouts = try reader.count("timeouts")
    totals.slow = try reader.count("slow")
    totals.stale = try reader.count("stale")
    totals.lost = try reader.count("lost")
    totals.trips = try reader.count("trips")
    totals.wouldTrip = try reader.count("would_trip")
    totals.wouldReject = try reader.optionalCount("would_reject")
    totals.probes = try reader.optionalCount("probes")
    totals.forced = try reader.optionalCount("forced")
    totals.recorded = try reader.optionalCount("recorded")
    return totals
  }

  private static func decodeDurations(_ reader: Reader) throws(Fault) -> DurationHistogram {
    let counts = reader.value["counts"]?.array?.map { $0.int ?? -1 } ?? []
    let sum = Span(milliseconds: Int64(try reader.count("sum_ms")))
    guard let durations = DurationHistogram(counts: counts, sum: sum) else {
      throw .damaged("'durations' is not readable")
    }
    return durations
  }

  package static func decodeSettings(_ value: JSONValue) throws(Fault) -> StoredSettings {
    var settings = StoredSettings()
    guard let object = value.object else { throw .damaged("'settings' is no object") }
    for member in object.members {
      let values = member.value.array?.map(\.string) ?? [member.value.string]
      for case nil in values { throw .damaged("setting '\(member.key)' is no text") }
      settings[member.key] = values.compactMap { $0 }
    }
    return settings
  }

  private static func decodeWindow(_ reader: Reader) throws(Fault) -> RunWindow {
    var window = RunWindow()
    for digit in (reader.value["runs"]?.string ?? "").utf8 {
      guard (48...51).contains(digit) else { throw .damaged("'runs' has an unknown digit") }
      window.runs.append(RunWindow.Run(rawValue: digit - 48))
    }
    for slice in reader.value["slices"]?.array ?? [] {
      guard let fields = slice.array, fields.count == 4, let start = fields[0].string.flatMap(RFC3339.parse),
        let calls = fields[1].int, let failures = fields[2].int, let slow = fields[3].int
      else { throw .damaged("a slice of the window is not readable") }
      window.slices.append(
        RunWindow.Slice(start: start, tally: RunWindow.Tally(calls: calls, failures: failures, slow: slow)))
    }
    return window
  }

  private static func decodeLease(_ reader: Reader) throws(Fault) -> Lease {
    guard let kind = Lease.Kind(rawValue: try reader.string("kind")), let isTrial = reader.value["trial"]?.bool else {
      throw .damaged("a lease is not readable")
    }
    var holder: Holder?
    if let realm = reader.value["realm"]?.string, let start = reader.value["start_time"]?.int64 {
      guard let pid = Int32(exactly: try reader.count("pid")) else { throw .damaged("a pid is no pid") }
      holder = Holder(realm: realm, pid: pid, startTime: UInt64(bitPattern: start))
    }
    return Lease(
      token: Token(text: try reader.string("token")), kind: kind, role: isTrial ? .trial : .ordinary,
      generation: try reader.count("generation"), since: try reader.time("since"), expires: try reader.time("expires"),
      holder: holder)
  }

  /// Reads a line of the history file.
  package static func historyEntry(line: ArraySlice<UInt8>) throws(Fault) -> HistoryEntry {
    guard let value = try? JSONValue.parse(Array(line)), let fields = value.array, let sequence = fields.first?.int
    else { throw .damaged("a line of the history is not readable") }
    return try decodeEvent(fields.dropFirst(), sequence: sequence)
  }

  private static func decodeEvent(_ fields: ArraySlice<JSONValue>, sequence: Int) throws(Fault) -> HistoryEntry {
    let fields = Array(fields)
    guard fields.count == 6, let at = fields[0].string.flatMap(RFC3339.parse),
      let kind = fields[1].string.flatMap(HistoryEntry.Kind.init(rawValue:))
    else { throw .damaged("an event is not readable") }
    return HistoryEntry(
      sequence: sequence, at: at, kind: kind, from: fields[2].string.flatMap(CircuitState.init(rawValue:)),
      to: fields[3].string.flatMap(CircuitState.init(rawValue:)), reason: fields[4].string, by: fields[5].string)
  }

  /// Members by name, each of the type it has to have.
  private struct Reader {
    var value: JSONValue

    func child(_ key: String) -> Reader? {
      value[key].flatMap { $0.isNull ? nil : Reader(value: $0) }
    }

    func string(_ key: String) throws(Fault) -> String {
      guard let string = value[key]?.string else { throw .damaged("'\(key)' is not there or is no text") }
      return string
    }

    /// A whole number from 0 to 10^15, so that no sum of them can trap.
    func count(_ key: String) throws(Fault) -> Int {
      guard let count = value[key]?.int, (0...1_000_000_000_000_000).contains(count) else {
        throw .damaged("'\(key)' is not there or is no count")
      }
      return count
    }

    /// As `count`, of what an older version did not count.
    func optionalCount(_ key: String) throws(Fault) -> Int {
      value[key] == nil ? 0 : try count(key)
    }

    func time(_ key: String) throws(Fault) -> Timestamp {
      guard let time = RFC3339.parse(try string(key)) else { throw .damaged("'\(key)' is no time") }
      return time
    }

    func optionalTime(_ key: String) throws(Fault) -> Timestamp? {
      guard let member = value[key], !member.isNull else { return nil }
      return try time(key)
    }
  }
}
