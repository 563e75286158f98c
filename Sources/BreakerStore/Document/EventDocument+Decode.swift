package import CircuitBreaker
package import JSON

extension EventDocument {
  /// The event, and the id that the store gave it.
  ///
  /// Throws `newer` for a kind, a member or a word that this version does not know: only `info` may hold those.
  package static func decode(_ value: JSONValue) throws(FormatFault) -> (event: Event, id: String) {
    var reader = try MemberReader(value, "an event")
    let text = try reader.string("e")
    let id = try reader.string("id")
    #if NextFormat
      let word = text == NextFormat.kind ? Kind.halfOpen.rawValue : text
    #else
      let word = text
    #endif
    guard let kind = Kind(rawValue: word) else { throw .unknown("the event", text) }
    let event = try decode(kind, &reader)
    // Of another shape it is left alone, but it never stops.
    _ = reader.value("info")
    try reader.refuseUnknown("an event '\(kind.rawValue)'")
    return (event, id)
  }

  private static func decode(_ kind: Kind, _ reader: inout MemberReader) throws(FormatFault) -> Event {
    switch kind {
    case .admit: return try decodeAdmission(&reader)
    case .record: return try decodeReport(&reader)
    case .recordUnasked: return try decodeUnasked(&reader)
    case .renew: return .renew(Token(text: try reader.string("t")), term: try reader.span("term"))
    case .lose: return .lose(try reader.texts("tokens").map(Token.init(text:)))
    case .open:
      let opening: Opening
      if let policy = reader.value("p") {
        opening = .usual(try PolicyDocument.decode(policy, .short))
      } else if let span = try reader.optionalSpan("for") {
        opening = .lasting(span)
      } else {
        guard try reader.flag("hold") else { throw .damaged("an opening that does not say for how long") }
        opening = .held
      }
      return .open(opening, try action(&reader))
    case .close:
      var closing = Closing.usual
      if let span = try reader.optionalSpan("for") { closing = .lasting(span) }
      if try reader.flag("hold") { closing = .held }
      return .close(closing, try action(&reader))
    case .halfOpen: return .halfOpen(try action(&reader))
    case .reset: return .reset(try action(&reader))
    case .configure: return try decodeConfiguration(&reader)
    }
  }

  private static func decodeAdmission(_ reader: inout MemberReader) throws(FormatFault) -> Event {
    let token = Token(text: try reader.string("t"))
    let policy = try PolicyDocument.decode(try reader.required("p"), .short)
    let word = try reader.string("k")
    guard let kind = Lease.Kind(rawValue: word) else { throw .unknown("the lease", word) }
    let term = try reader.span("term")
    let announces = try reader.flag("say")
    let mode = try mode("mode", &reader) ?? .enforce
    let holder = try reader.holder("start")
    return .admit(
      AdmissionRequest(
        token: token, policy: policy, kind: kind, term: term, holder: holder, announcesRejection: announces, mode: mode,
        caller: reader.caller()))
  }

  private static func decodeReport(_ reader: inout MemberReader) throws(FormatFault) -> Event {
    let token = Token(text: try reader.string("t"))
    var breaker: UInt64?
    if let text = try reader.optionalString("b") {
      guard let id = UInt64(text, radix: 16) else { throw .damaged("'b' is not a number") }
      breaker = id
    }
    let generation = try reader.count("g")
    let role = try reader.role() ?? .ordinary
    let hasLease = try reader.flag("lease")
    let verdict = try verdict(&reader)
    let policy = try PolicyDocument.decode(try reader.required("p"), .short)
    let draw = try draw(&reader)
    let hint = try hint(&reader)
    var work = RunReport.Work.command
    if try reader.flag("probe") {
      let announces = try reader.flag("say")
      let run = try mode("waits", &reader).map { RunReport.WaitingRun(mode: $0, announcesRejection: announces) }
      work = .probe(run)
    }
    let permit = Permit(token: token, breaker: breaker, generation: generation, role: role, hasLease: hasLease)
    return .record(
      RunReport(
        permit: permit, verdict: verdict, policy: policy, draw: draw, hint: hint, work: work, caller: reader.caller()))
  }

  private static func decodeUnasked(_ reader: inout MemberReader) throws(FormatFault) -> Event {
    let verdict = try verdict(&reader)
    let policy = try PolicyDocument.decode(try reader.required("p"), .short)
    let draw = try draw(&reader)
    let hint = try hint(&reader)
    return .recordUnasked(
      UnaskedResult(verdict: verdict, policy: policy, draw: draw, hint: hint, caller: reader.caller()))
  }

  private static func decodeConfiguration(_ reader: inout MemberReader) throws(FormatFault) -> Event {
    var entries: [SettingsChange.Entry] = []
    for change in try reader.list("changes") {
      let texts = (change.array ?? []).compactMap(\.string)
      guard let key = texts.first, texts.count == change.array?.count else { throw .damaged("a change is not texts") }
      entries.append(SettingsChange.Entry(key: key, values: Array(texts.dropFirst())))
    }
    let policy = try PolicyDocument.decode(try reader.required("p"), .short)
    let isForOpen = try reader.flag("open_too")
    return .configure(
      SettingsChange(
        entries: entries, policy: policy, appliesToOpenCircuit: isForOpen, action: try action(&reader)))
  }

  // MARK: Parts

  private static func mode(_ key: String, _ reader: inout MemberReader) throws(FormatFault) -> AdmissionMode? {
    guard let word = try reader.optionalString(key) else { return nil }
    switch word {
    case "enforce": return .enforce
    case "observe": return .observe
    case "force": return .force(by: try reader.string("by"))
    default: throw .unknown("the mode", word)
    }
  }

  private static func verdict(_ reader: inout MemberReader) throws(FormatFault) -> Verdict {
    let word = try reader.string("o")
    guard let outcome = Outcome(rawValue: word) else { throw .unknown("the outcome", word) }
    let reason = try reader.string("why")
    var verdict = Verdict(
      outcome, reason: reason, duration: try reader.optionalSpan("ms"), timedOut: try reader.flag("timed_out"))
    if let why = try reader.optionalString("trips") { verdict.severity = .trips(reason: why) }
    if let why = try reader.optionalString("holds") { verdict.severity = .holds(reason: why) }
    return verdict
  }

  private static func draw(_ reader: inout MemberReader) throws(FormatFault) -> Double {
    let draw = try reader.number("draw")
    guard draw <= 1 else { throw .damaged("'draw' is more than 1") }
    return draw
  }

  private static func hint(_ reader: inout MemberReader) throws(FormatFault) -> RetryHint? {
    if let span = try reader.optionalSpan("hint_after") { return .after(span) }
    guard let value = reader.value("hint_at") else { return nil }
    guard let milliseconds = value.int64 else { throw .damaged("'hint_at' is not a time") }
    return .at(Timestamp(milliseconds: milliseconds))
  }

  private static func action(_ reader: inout MemberReader) throws(FormatFault) -> ManualAction {
    let by = try reader.string("by")
    let reason = try reader.optionalString("why")
    return ManualAction(by: by, reason: reason, caller: reader.caller())
  }
}

extension MemberReader {
  /// The process that holds a place; nil if none is named.
  mutating func holder(_ startKey: String) throws(FormatFault) -> Holder? {
    guard let realm = try optionalString("realm") else {
      _ = value("pid")
      _ = value(startKey)
      return nil
    }
    guard let pid = Int32(exactly: try count("pid")) else { throw .damaged("'pid' is not a process") }
    guard let start = try required(startKey).int64 else { throw .damaged("'\(startKey)' is not a number") }
    return Holder(realm: realm, pid: pid, startTime: UInt64(bitPattern: start))
  }

  mutating func role() throws(FormatFault) -> Permit.Role? {
    guard let word = try optionalString("role") else { return nil }
    guard let role = Permit.Role(rawValue: word) else { throw .unknown("the role", word) }
    return role
  }
}
