package import CircuitBreaker
package import JSON

/// The JSON form of an event, for stores that keep events rather than what became of them. Whatever an event's effect
/// depends on is in it; a policy has only what differs from the defaults.
package enum EventDocument {
  package static func encode(_ event: Event) -> JSONObject {
    var object = JSONObject(reservingCapacity: 8)
    switch event {
    case .admit(let request):
      object.append("event", .string("admit"))
      object.append("token", .string(request.token.text))
      object.append("policy", encodePolicy(request.policy))
      object.append("kind", .string(request.kind.rawValue))
      object.append("term", .integer(request.term.milliseconds))
      object.append("announces", .bool(request.announcesRejection))
      if let holder = request.holder {
        object.append("realm", .string(holder.realm))
        object.append("pid", .integer(Int64(holder.pid)))
        object.append("start_time", .integer(Int64(truncatingIfNeeded: holder.startTime)))
      }
    case .record(let report):
      object.append("event", .string("record"))
      object.append("token", .string(report.permit.token.text))
      if let id = report.permit.breaker { object.append("breaker", .string(String(id, radix: 16))) }
      object.append("generation", .integer(Int64(report.permit.generation)))
      object.append("trial", .bool(report.permit.isTrial))
      object.append("lease", .bool(report.permit.hasLease))
      append(report.verdict, to: &object)
      object.append("policy", encodePolicy(report.policy))
      object.append("draw", .number(report.draw))
    case .renew(let token, let term):
      object.append("event", .string("renew"))
      object.append("token", .string(token.text))
      object.append("term", .integer(term.milliseconds))
    case .lose(let tokens):
      object.append("event", .string("lose"))
      object.append("tokens", .array(tokens.map { .string($0.text) }))
    case .open(let opening, let action):
      object.append("event", .string("open"))
      switch opening {
      case .usual(let policy): object.append("policy", encodePolicy(policy))
      case .lasting(let span): object.append("for", .integer(span.milliseconds))
      case .held: object.append("hold", .bool(true))
      }
      append(action, to: &object)
    case .close(let closing, let action):
      object.append("event", .string("close"))
      switch closing {
      case .usual: break
      case .lasting(let span): object.append("for", .integer(span.milliseconds))
      case .held: object.append("hold", .bool(true))
      }
      append(action, to: &object)
    case .halfOpen(let action):
      object.append("event", .string("half-open"))
      append(action, to: &object)
    case .reset(let action):
      object.append("event", .string("reset"))
      append(action, to: &object)
    case .configure(let change):
      object.append("event", .string("configure"))
      object.append(
        "changes",
        .array(change.entries.map { .array([.string($0.key)] + $0.values.map { .string($0) }) }))
      object.append("policy", encodePolicy(change.policy))
      object.append("open_too", .bool(change.appliesToOpenCircuit))
      append(change.action, to: &object)
    case .recordUnasked(let result):
      object.append("event", .string("record-unasked"))
      append(result.verdict, to: &object)
      object.append("policy", encodePolicy(result.policy))
      object.append("draw", .number(result.draw))
    }
    return object
  }

  private static func append(_ verdict: Verdict, to object: inout JSONObject) {
    object.append("outcome", .string(verdict.outcome.rawValue))
    object.append("reason", .string(verdict.reason))
    if let duration = verdict.duration { object.append("duration", .integer(duration.milliseconds)) }
    if verdict.timedOut { object.append("timed_out", .bool(true)) }
  }

  private static func append(_ action: ManualAction, to object: inout JSONObject) {
    object.append("by", .string(action.by))
    if let reason = action.reason { object.append("reason", .string(reason)) }
  }

  static func encodePolicy(_ policy: Policy) -> JSONValue {
    let standard = Policy()
    var object = JSONObject(reservingCapacity: 4)
    func add<Value: Equatable>(_ key: String, _ path: (Policy) -> Value, _ json: (Value) -> JSONValue) {
      let value = path(policy)
      if value != path(standard) { object.append(key, json(value)) }
    }
    let count: (Int) -> JSONValue = { .integer(Int64($0)) }
    let span: (Span) -> JSONValue = { .integer($0.milliseconds) }
    let number: (Double) -> JSONValue = { .number($0) }
    add("fail_max", { $0.failMax }, count)
    add("reset_timeout", { $0.resetTimeout }, span)
    add("success_threshold", { $0.successThreshold }, count)
    add("half_open_max", { $0.halfOpenMax }, count)
    switch policy.window {
    case nil: break
    case .runs(let runs): object.append("window_runs", count(runs))
    case .time(let time): object.append("window_time", span(time))
    }
    add("failure_rate", { $0.failureRate }, number)
    add("min_calls", { $0.minCalls }, count)
    if let slowAfter = policy.slowAfter { object.append("slow_after", span(slowAfter)) }
    add("slow_rate", { $0.slowRate }, number)
    add("reset_backoff", { $0.resetBackoff }, number)
    add("reset_max", { $0.resetMax }, span)
    add("jitter", { $0.jitter }, number)
    if let most = policy.maxConcurrent { object.append("max_concurrent", count(most)) }
    if policy.isResetTimeoutCallersOwn { object.append("own", .bool(true)) }
    return .object(object)
  }

  /// nil for what is no event of this version.
  package static func decode(_ value: JSONValue) -> Event? {
    switch value["event"]?.string {
    case "admit": decodeAdmission(value)
    case "record": decodeReport(value)
    case "renew": token(value).flatMap { token in span(value["term"]).map { .renew(token, term: $0) } }
    case "lose":
      (value["tokens"]?.array).map { .lose($0.compactMap { $0.string.map(Token.init(text:)) }) }
    case "open": decodeOpening(value)
    case "close":
      action(value).map { action in
        let closing: Closing = span(value["for"]).map { .lasting($0) } ?? (value["hold"]?.bool == true ? .held : .usual)
        return .close(closing, action)
      }
    case "half-open": action(value).map { .halfOpen($0) }
    case "reset": .reset(action(value) ?? ManualAction(by: "unknown"))
    case "record-unasked": decodeUnasked(value)
    case "configure": decodeConfiguration(value)
    default: nil
    }
  }

  private static func decodeAdmission(_ value: JSONValue) -> Event? {
    guard let token = token(value), let policy = decodePolicy(value["policy"]),
      let kind = value["kind"]?.string.flatMap(Lease.Kind.init(rawValue:)), let term = span(value["term"])
    else { return nil }
    var holder: Holder?
    if let realm = value["realm"]?.string, let pid = value["pid"]?.int.flatMap(Int32.init(exactly:)),
      let start = value["start_time"]?.int64
    {
      holder = Holder(realm: realm, pid: pid, startTime: UInt64(bitPattern: start))
    }
    return .admit(
      AdmissionRequest(
        token: token, policy: policy, kind: kind, term: term, holder: holder,
        announcesRejection: value["announces"]?.bool ?? true))
  }

  private static func decodeReport(_ value: JSONValue) -> Event? {
    guard let token = token(value), let generation = value["generation"]?.int, let isTrial = value["trial"]?.bool,
      let hasLease = value["lease"]?.bool, let verdict = decodeVerdict(value),
      let policy = decodePolicy(value["policy"]), let draw = value["draw"]?.double
    else { return nil }
    let permit = Permit(
      token: token, breaker: value["breaker"]?.string.flatMap { UInt64($0, radix: 16) }, generation: generation,
      role: isTrial ? .trial : .ordinary, hasLease: hasLease)
    return .record(RunReport(permit: permit, verdict: verdict, policy: policy, draw: min(max(draw, 0), 1)))
  }

  private static func decodeUnasked(_ value: JSONValue) -> Event? {
    guard let verdict = decodeVerdict(value), let policy = decodePolicy(value["policy"]),
      let draw = value["draw"]?.double
    else { return nil }
    return .recordUnasked(UnaskedResult(verdict: verdict, policy: policy, draw: min(max(draw, 0), 1)))
  }

  private static func decodeVerdict(_ value: JSONValue) -> Verdict? {
    guard let outcome = value["outcome"]?.string.flatMap(Outcome.init(rawValue:)), let reason = value["reason"]?.string
    else { return nil }
    return Verdict(
      outcome, reason: reason, duration: span(value["duration"]), timedOut: value["timed_out"]?.bool ?? false)
  }

  private static func decodeOpening(_ value: JSONValue) -> Event? {
    guard let action = action(value) else { return nil }
    if let policy = value["policy"] { return decodePolicy(policy).map { .open(.usual($0), action) } }
    return .open(span(value["for"]).map { .lasting($0) } ?? .held, action)
  }

  private static func decodeConfiguration(_ value: JSONValue) -> Event? {
    guard let policy = decodePolicy(value["policy"]), let list = value["changes"]?.array else { return nil }
    var entries: [SettingsChange.Entry] = []
    for change in list {
      guard let texts = change.array?.compactMap(\.string), let key = texts.first else { continue }
      entries.append(SettingsChange.Entry(key: key, values: Array(texts.dropFirst())))
    }
    // What 0.1 wrote says of neither; it recomputed the opening for these keys.
    let opening: Set = ["reset-timeout", "reset-backoff", "reset-max", "jitter"]
    return .configure(
      SettingsChange(
        entries: entries, policy: policy,
        appliesToOpenCircuit: value["open_too"]?.bool ?? entries.contains { opening.contains($0.key) },
        action: action(value) ?? ManualAction(by: "unknown")))
  }

  static func decodePolicy(_ value: JSONValue?) -> Policy? {
    guard let value, value.object != nil else { return nil }
    var policy = Policy()
    func count(_ key: String, _ standard: Int) -> Int {
      value[key]?.int.flatMap { $0 >= 1 ? $0 : nil } ?? standard
    }
    policy.failMax = count("fail_max", policy.failMax)
    policy.successThreshold = count("success_threshold", policy.successThreshold)
    policy.halfOpenMax = count("half_open_max", policy.halfOpenMax)
    policy.minCalls = count("min_calls", policy.minCalls)
    policy.resetTimeout = span(value["reset_timeout"]) ?? policy.resetTimeout
    policy.resetMax = span(value["reset_max"]) ?? policy.resetMax
    policy.slowAfter = span(value["slow_after"])
    if let runs = value["window_runs"]?.int, (1...10000).contains(runs) { policy.window = .runs(runs) }
    if let time = span(value["window_time"]) { policy.window = .time(time) }
    policy.failureRate = value["failure_rate"]?.double ?? policy.failureRate
    policy.slowRate = value["slow_rate"]?.double ?? policy.slowRate
    policy.resetBackoff = value["reset_backoff"]?.double ?? policy.resetBackoff
    policy.jitter = value["jitter"]?.double ?? policy.jitter
    policy.maxConcurrent = value["max_concurrent"]?.int
    policy.isResetTimeoutCallersOwn = value["own"]?.bool ?? false
    return policy
  }

  private static func token(_ value: JSONValue) -> Token? {
    value["token"]?.string.map(Token.init(text:))
  }

  private static func action(_ value: JSONValue) -> ManualAction? {
    value["by"]?.string.map { ManualAction(by: $0, reason: value["reason"]?.string) }
  }

  private static func span(_ value: JSONValue?) -> Span? {
    guard let milliseconds = value?.int64, (0...900_000_000_000_000).contains(milliseconds) else { return nil }
    return Span(milliseconds: milliseconds)
  }
}
