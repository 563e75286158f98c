package import CircuitBreaker
package import JSON

/// The JSON form of an event, for stores that keep events rather than what became of them. Whatever an event's effect
/// depends on is in it, whole; who brought it about is in its member `info`, which nothing depends on. See
/// docs/FORMATS.md.
package enum EventDocument {
  /// What happened, as the member `e` says it.
  package enum Kind: String, CaseIterable {
    case admit
    case record
    case recordUnasked = "record-unasked"
    case renew
    case lose
    case open
    case close
    case halfOpen = "half-open"
    case reset
    case configure
  }

  /// Every member of an event, whatever its kind.
  package enum Member: String, CaseIterable {
    case event = "e"
    case token = "t"
    case tokens
    case policy = "p"
    case kind = "k"
    case term
    case announces = "say"
    case mode
    case realm
    case pid
    case startTime = "start"
    case breaker = "b"
    case generation = "g"
    case role
    case hasLease = "lease"
    case outcome = "o"
    case reason = "why"
    case duration = "ms"
    case timedOut = "timed_out"
    case trips
    case holds
    case draw
    case hintAfter = "hint_after"
    case hintAt = "hint_at"
    case probe
    case waits
    case lasting = "for"
    case hold
    case by
    case changes
    case openToo = "open_too"
    case info
    case id
  }

  /// The event with everything its effect depends on; a time is not in it, as the store adds that.
  package static func encode(_ event: Event) -> JSONObject {
    var object = JSONObject(reservingCapacity: 14)
    switch event {
    case .admit(let request):
      object.begin(.admit)
      append(request, to: &object)
    case .record(let report):
      object.begin(.record)
      append(report, to: &object)
    case .recordUnasked(let result):
      object.begin(.recordUnasked)
      append(result.verdict, to: &object)
      object.append("p", PolicyDocument.encode(result.policy, .short))
      object.append("draw", .number(result.draw))
      append(result.hint, to: &object)
      object.append(result.caller)
    case .renew(let token, let term):
      object.begin(.renew)
      object.append("t", token.text)
      object.append("term", term)
    case .lose(let tokens):
      object.begin(.lose)
      object.append("tokens", .array(tokens.map { .string($0.text) }))
    case .open(let opening, let action):
      object.begin(.open)
      switch opening {
      case .usual(let policy): object.append("p", PolicyDocument.encode(policy, .short))
      case .lasting(let span): object.append("for", span)
      case .held: object.append("hold", .bool(true))
      }
      append(action, to: &object)
    case .close(let closing, let action):
      object.begin(.close)
      switch closing {
      case .usual: break
      case .lasting(let span): object.append("for", span)
      case .held: object.append("hold", .bool(true))
      }
      append(action, to: &object)
    case .halfOpen(let action):
      #if NextFormat
        if action.reason == NextFormat.reason { object.append("e", NextFormat.kind) } else { object.begin(.halfOpen) }
      #else
        object.begin(.halfOpen)
      #endif
      append(action, to: &object)
    case .reset(let action):
      object.begin(.reset)
      append(action, to: &object)
    case .configure(let change):
      object.begin(.configure)
      object.append(
        "changes", .array(change.entries.map { .array([.string($0.key)] + $0.values.map { .string($0) }) }))
      object.append("p", PolicyDocument.encode(change.policy, .short))
      object.append("open_too", flag: change.appliesToOpenCircuit)
      append(change.action, to: &object)
    }
    return object
  }

  private static func append(_ request: AdmissionRequest, to object: inout JSONObject) {
    object.append("t", request.token.text)
    object.append("p", PolicyDocument.encode(request.policy, .short))
    object.append("k", request.kind.rawValue)
    object.append("term", request.term)
    object.append("say", flag: request.announcesRejection)
    append(request.mode, "mode", to: &object)
    if let holder = request.holder {
      object.append("realm", holder.realm)
      object.append("pid", Int(holder.pid))
      object.append("start", .integer(Int64(truncatingIfNeeded: holder.startTime)))
    }
    object.append(request.caller)
  }

  private static func append(_ report: RunReport, to object: inout JSONObject) {
    object.append("t", report.permit.token.text)
    if let id = report.permit.breaker { object.append("b", String(id, radix: 16)) }
    object.append("g", report.permit.generation)
    if report.permit.role != .ordinary { object.append("role", report.permit.role.rawValue) }
    object.append("lease", flag: report.permit.hasLease)
    append(report.verdict, to: &object)
    object.append("p", PolicyDocument.encode(report.policy, .short))
    object.append("draw", .number(report.draw))
    append(report.hint, to: &object)
    if case .probe(let run) = report.work {
      object.append("probe", .bool(true))
      if let run {
        object.append("say", flag: run.announcesRejection)
        append(run.mode, "waits", to: &object, isWhole: true)
      }
    }
    object.append(report.caller)
  }

  /// - Parameter isWhole: whether `enforce` is written too.
  private static func append(
    _ mode: AdmissionMode, _ key: String, to object: inout JSONObject, isWhole: Bool = false
  ) {
    switch mode {
    case .enforce: if isWhole { object.append(key, "enforce") }
    case .observe: object.append(key, "observe")
    case .force(let by):
      object.append(key, "force")
      object.append("by", by)
    }
  }

  private static func append(_ verdict: Verdict, to object: inout JSONObject) {
    object.append("o", verdict.outcome.rawValue)
    object.append("why", verdict.reason)
    if let duration = verdict.duration { object.append("ms", duration) }
    object.append("timed_out", flag: verdict.timedOut)
    switch verdict.severity {
    case .counts: break
    case .trips(let reason): object.append("trips", reason)
    case .holds(let reason): object.append("holds", reason)
    }
  }

  private static func append(_ hint: RetryHint?, to object: inout JSONObject) {
    switch hint {
    case nil: break
    case .after(let span): object.append("hint_after", span)
    case .at(let time): object.append("hint_at", .integer(time.milliseconds))
    }
  }

  private static func append(_ action: ManualAction, to object: inout JSONObject) {
    object.append("by", action.by)
    if let reason = action.reason { object.append("why", reason) }
    object.append(action.caller)
  }
}

extension JSONObject {
  fileprivate mutating func begin(_ kind: EventDocument.Kind) { append("e", kind.rawValue) }
}
