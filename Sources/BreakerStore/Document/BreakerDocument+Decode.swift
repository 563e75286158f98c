package import CircuitBreaker
package import JSON

extension BreakerDocument {
  /// Reads a document; `name` is the name it was looked up by, which it has to hold. `others` are members of the same
  /// object that the caller reads.
  package static func decode(
    _ document: JSONValue, name: BreakerName, others: [String] = []
  ) throws(FormatFault) -> Breaker {
    var reader = try MemberReader(document, "the document")
    try checkVersion(&reader)
    guard try reader.string("name").utf8.elementsEqual(name.text.utf8) else {
      throw .damaged("it is not that of this breaker")
    }
    guard let id = UInt64(try reader.string("id"), radix: 16) else { throw .damaged("'id' is not a number") }
    var breaker = Breaker(id: id)
    let state = try reader.state("state")
    breaker.generation = try reader.count("generation")
    breaker.phase = try phase(state, &reader)
    if let held = try reader.object("held") { breaker.hold = try hold(held) }
    if case .open(let open) = breaker.phase, open.retryAt == nil, breaker.hold?.state != .open {
      throw .damaged("it is open without an end, and nobody holds it")
    }
    breaker.changedAt = try reader.optionalTime("changed_at")
    breaker.failCounter = try reader.count("fail_counter")
    if var failure = try reader.object("last_failure") {
      breaker.lastFailure = Breaker.LastFailure(
        at: try failure.time("at"), reason: try failure.string("reason"), caller: failure.caller())
      breaker.lastFailure?.kept = failure.kept
    }
    breaker.lastSuccess = try reader.optionalTime("last_success")
    if let streak = try reader.object("streak") { breaker.streak = try decodeStreak(streak) }
    breaker.rejectionNoticed = try reader.flag("rejection_noticed")
    breaker.remindedAt = try reader.optionalTime("reminded_at")
    if let hint = try reader.object("last_hint") { breaker.lastHint = try decodeHint(hint) }
    if let totals = try reader.object("totals") { breaker.totals = try decodeTotals(totals) }
    if let durations = try reader.object("durations") { try decode(durations, into: &breaker.durations) }
    if let policy = reader.value("run_settings") { breaker.lastPolicy = try PolicyDocument.decode(policy, .long) }
    if let policy = reader.value("other_run_settings") {
      breaker.otherPolicy = Breaker.OtherPolicy(
        policy: try PolicyDocument.decode(policy, .long), at: try reader.time("other_run_settings_until"))
    }
    if let settings = reader.value("settings") { breaker.settings = try decodeSettings(settings) }
    if let window = try reader.object("window") { breaker.window = try decodeWindow(window) }
    for lease in try reader.list("leases") { breaker.leases.append(try decodeLease(lease)) }
    for letter in (try reader.optionalString("recent") ?? "").utf8 {
      guard let outcome = Outcome(letter: letter) else {
        throw .unknown("the outcome", String(decoding: [letter], as: UTF8.self))
      }
      breaker.recent.append(outcome)
    }
    try decodeHistory(&reader, into: &breaker)
    // Also those that do not belong to this state: kept, they would be there twice once it comes.
    reader.passOver { others.contains($0) || Member.isName($0) }
    breaker.kept = reader.kept
    return breaker
  }

  private static func checkVersion(_ reader: inout MemberReader) throws(FormatFault) {
    guard let version = reader.value("cb")?.int, version >= 1 else { throw .damaged("it has no version") }
    if version > Self.version { throw .newer("the format \(version)") }
    for need in try reader.texts("needs") where !understood.contains(need) { throw .unknown("the need", need) }
  }

  private static func phase(
    _ state: CircuitState, _ reader: inout MemberReader
  ) throws(FormatFault) -> Breaker.Phase {
    switch state {
    case .closed: return .closed
    case .halfOpen: return .halfOpen(successes: try reader.count("success_counter"))
    case .open:
      let since = try reader.time("opened_at")
      let retryAt = try reader.optionalTime("retry_at")
      let spread = try reader.optionalNumber("jitter_drawn").map { min($0, 1) }
      let trips = try reader.count("trips")
      let reason = try reader.optionalString("open_reason")
      let isByHand = try reader.flag("opened_by_hand")
      return .open(
        Breaker.OpenPhase(
          since: since, retryAt: retryAt, spread: spread, trips: trips, reason: reason, isByHand: isByHand,
          hintedUntil: try reader.optionalTime("hinted_until")))
    }
  }

  private static func hold(_ held: MemberReader) throws(FormatFault) -> Breaker.Hold {
    var reader = held
    let state = try reader.state("state")
    let until = try reader.optionalTime("until")
    let reason = try reader.optionalString("reason")
    var hold = Breaker.Hold(
      state: state, until: until, reason: reason, by: try reader.string("by"), since: try reader.optionalTime("since"),
      caller: reader.caller())
    hold.kept = reader.kept
    return hold
  }

  private static func decodeHint(_ hint: MemberReader) throws(FormatFault) -> Breaker.LastHint {
    var reader = hint
    var hint = Breaker.LastHint(
      at: try reader.time("at"), asked: try reader.span("asked_ms"), until: try reader.time("until"),
      isCapped: try reader.flag("capped"))
    hint.kept = reader.kept
    return hint
  }

  private static func decodeStreak(_ streak: MemberReader) throws(FormatFault) -> TripStreak {
    var reader = streak
    var streak = TripStreak(
      count: try reader.count("count"), healthySince: try reader.optionalTime("healthy_since"),
      decay: try reader.span("decay_ms"))
    streak.kept = reader.kept
    return streak
  }

  private static func decodeTotals(_ object: MemberReader) throws(FormatFault) -> Totals {
    var reader = object
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
    totals.wouldReject = try reader.count("would_reject")
    totals.probes = try reader.count("probes")
    totals.forced = try reader.count("forced")
    totals.recorded = try reader.count("recorded")
    totals.kept = reader.kept
    return totals
  }

  private static func decode(
    _ object: MemberReader, into durations: inout DurationHistogram
  ) throws(FormatFault) {
    var reader = object
    let counts = try reader.list("counts").map { count($0) ?? -1 }
    guard durations.restore(counts: counts, sum: try reader.span("sum_ms")) else {
      throw .damaged("'durations' is not readable")
    }
    durations.kept = reader.kept
  }

  /// Whatever the keys: an unknown one is kept, and means nothing here.
  package static func decodeSettings(_ value: JSONValue) throws(FormatFault) -> StoredSettings {
    var settings = StoredSettings()
    guard let object = value.object else { throw .damaged("'settings' is not an object") }
    for member in object.members {
      let values = member.value.array?.map(\.string) ?? [member.value.string]
      for case nil in values { throw .damaged("the setting '\(member.key)' is not a text") }
      settings[member.key] = values.compactMap { $0 }
    }
    return settings
  }

  private static func decodeWindow(_ object: MemberReader) throws(FormatFault) -> RunWindow {
    var reader = object
    var window = RunWindow()
    for digit in (try reader.optionalString("runs") ?? "").utf8 {
      guard (48...51).contains(digit) else {
        throw .unknown("the run", String(decoding: [digit], as: UTF8.self))
      }
      window.runs.append(RunWindow.Mark(rawValue: digit - 48))
    }
    for slice in try reader.list("slices") {
      guard let fields = slice.array, fields.count == 4, let start = fields[0].string.flatMap(RFC3339.parse),
        let calls = count(fields[1]), let failures = count(fields[2]), let slow = count(fields[3])
      else { throw .damaged("a slice of the window is not readable") }
      window.slices.append(
        RunWindow.Slice(start: start, tally: RunWindow.Tally(calls: calls, failures: failures, slow: slow)))
    }
    window.kept = reader.kept
    return window
  }

  private static func count(_ value: JSONValue) -> Int? {
    value.int.flatMap { (0...1_000_000_000_000_000).contains($0) ? $0 : nil }
  }

  private static func decodeLease(_ value: JSONValue) throws(FormatFault) -> Lease {
    var reader = try MemberReader(value, "a lease")
    let token = Token(text: try reader.string("token"))
    let word = try reader.string("kind")
    guard let kind = Lease.Kind(rawValue: word) else { throw .unknown("the lease", word) }
    guard let role = try reader.role() else { throw .damaged("'role' is missing") }
    let generation = try reader.count("generation")
    let since = try reader.time("since")
    let expires = try reader.time("expires")
    var lease = Lease(
      token: token, kind: kind, role: role, generation: generation, since: since, expires: expires,
      holder: try reader.holder("start_time"), caller: reader.caller())
    lease.kept = reader.kept
    return lease
  }

  private static func decodeHistory(_ reader: inout MemberReader, into breaker: inout Breaker) throws(FormatFault) {
    breaker.nextSequence = try reader.count("next_event")
    if let first = try reader.optionalCount("first_event") { breaker.firstSequence = first }
    let events = try reader.list("events")
    guard events.count < breaker.nextSequence else { throw .damaged("'next_event' is too low") }
    breaker.history.reserveCapacity(events.count)
    for (index, event) in events.enumerated() {
      guard let fields = event.array else { throw .damaged("an entry of the history is not a list") }
      breaker.history.append(
        try decodeEntry(fields, sequence: breaker.nextSequence - events.count + index))
    }
  }
}
