import CircuitBreaker
import Testing

extension Timestamp {
  /// Where the tests' clocks begin: some time in 2001, so that nothing depends on an origin of zero.
  static let start = Timestamp(milliseconds: 1_000_000_000_000)
}

extension Span {
  static func ms(_ milliseconds: Int64) -> Span { Span(milliseconds: milliseconds) }
}

/// A breaker on a test bench: a clock that is turned by hand, one policy, and what the last event did, in words.
struct Bench {
  struct NotAdmitted: Error, CustomStringConvertible {
    var effect: Effect
    var description: String { "the run was not admitted: \(effect)" }
  }

  var breaker = Breaker(id: 7)
  var now = Timestamp.start
  var policy: Policy
  /// What the jitter draws.
  var draw = 0.0
  private(set) var last = Step(.done)
  private var news: ArraySlice<HistoryEntry> = []
  private var tokens = 0

  init(_ change: (inout Policy) -> Void = { _ in }) {
    var policy = Policy()
    change(&policy)
    self.policy = policy
  }

  @discardableResult
  mutating func apply(_ event: Event) -> Step {
    // As a store does, so that a long life stays as quick as a short one.
    if breaker.history.count > 100 { breaker.history.removeAll() }
    let known = breaker.history.count
    last = breaker.apply(event, at: now)
    let isReset = if case .reset = event { true } else { false }
    news = breaker.history.dropFirst(isReset ? 0 : known)
    return last
  }

  /// The history that the last event wrote, each entry as a line.
  var wrote: [String] { news.map(\.line) }

  mutating func wait(_ span: Span) { now = now + span }

  @discardableResult
  mutating func ask(
    _ kind: Lease.Kind = .run, term: Span = Lease.term, holder: Holder? = nil, mode: AdmissionMode = .enforce,
    caller: Caller? = nil
  ) -> Step {
    tokens += 1
    return apply(
      .admit(
        AdmissionRequest(
          token: Token(text: "t\(tokens)"), policy: policy, kind: kind, term: term, holder: holder, mode: mode,
          caller: caller)))
  }

  mutating func start(
    _ kind: Lease.Kind = .run, term: Span = Lease.term, mode: AdmissionMode = .enforce
  ) throws -> Permit {
    let step = ask(kind, term: term, mode: mode)
    guard case .admitted(let permit) = step.effect else { throw NotAdmitted(effect: step.effect) }
    return permit
  }

  @discardableResult
  mutating func end(
    _ permit: Permit, _ outcome: Outcome, duration: Span? = nil, timedOut: Bool = false,
    severity: Verdict.Severity = .counts, hint: RetryHint? = nil, work: RunReport.Work = .command,
    caller: Caller? = nil
  ) -> Step {
    let verdict = verdict(outcome, duration: duration, timedOut: timedOut, severity: severity, work: work)
    return apply(
      .record(
        RunReport(
          permit: permit, verdict: verdict, policy: policy, draw: draw, hint: hint, work: work, caller: caller)))
  }

  /// A result for which nobody asked.
  @discardableResult
  mutating func record(
    _ outcome: Outcome, duration: Span? = nil, severity: Verdict.Severity = .counts, hint: RetryHint? = nil,
    caller: Caller? = nil
  ) -> Step {
    let verdict = verdict(outcome, duration: duration, severity: severity)
    return apply(
      .recordUnasked(UnaskedResult(verdict: verdict, policy: policy, draw: draw, hint: hint, caller: caller)))
  }

  private func verdict(
    _ outcome: Outcome, duration: Span?, timedOut: Bool = false, severity: Verdict.Severity,
    work: RunReport.Work = .command
  ) -> Verdict {
    let reason = outcome == .success ? "exit 0" : timedOut ? "timeout" : "exit 1"
    return Verdict(
      outcome, reason: (work == .command ? "" : "probe: ") + reason, duration: duration, timedOut: timedOut,
      severity: severity)
  }

  /// Runs one after the other, each from admission to result.
  mutating func run(_ outcomes: Outcome..., duration: Span? = nil) throws {
    for outcome in outcomes { end(try start(), outcome, duration: duration) }
  }

  /// Fails until the circuit opens.
  mutating func trip() throws {
    while breaker.state != .open { try run(.failure) }
  }

  /// Opens the circuit, lets its timeout pass, and starts one trial.
  mutating func startTrial() throws -> Permit {
    try trip()
    wait(policy.resetTimeout)
    return try start()
  }

  mutating func open(_ opening: Opening? = nil, reason: String? = nil) {
    apply(.open(opening ?? .usual(policy), ManualAction(by: "ann", reason: reason)))
  }

  mutating func close(_ closing: Closing = .usual, reason: String? = nil) {
    apply(.close(closing, ManualAction(by: "ann", reason: reason)))
  }

  mutating func halfOpen(reason: String? = nil) { apply(.halfOpen(ManualAction(by: "ann", reason: reason))) }

  mutating func reset() { apply(.reset(ManualAction(by: "ann"))) }

  mutating func configure(_ changes: [String: [String]], appliesToOpenCircuit: Bool = false) {
    let entries = changes.keys.sorted().map { SettingsChange.Entry(key: $0, values: changes[$0] ?? []) }
    apply(
      .configure(
        SettingsChange(
          entries: entries, policy: policy, appliesToOpenCircuit: appliesToOpenCircuit, action: ManualAction(by: "ann"))
      ))
  }

  var open: Breaker.OpenPhase? {
    if case .open(let open) = breaker.phase { open } else { nil }
  }

  var successes: Int {
    if case .halfOpen(let successes) = breaker.phase { successes } else { 0 }
  }

  var rejection: Rejection? {
    if case .rejected(let rejection) = last.effect { rejection } else { nil }
  }

  var wouldAdmit: Bool { breaker.wouldAdmit(policy, at: now) }

  var retryAfter: Span? { breaker.retryAfter(policy, at: now) }

  /// The right-hand side of a row of the table: where the last event left the breaker, and what it told.
  func shows(
    _ state: CircuitState, counter: Int, changes: [String] = [], writes: [String] = [],
    _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(breaker.state == state, sourceLocation: location)
    #expect(breaker.failCounter == counter, sourceLocation: location)
    #expect(last.transitions.map(\.line) == changes, sourceLocation: location)
    #expect(wrote == writes, sourceLocation: location)
    if !changes.isEmpty { #expect(last.isStateChange, sourceLocation: location) }
  }
}

extension Transition {
  var line: String { "\(from.rawValue) -> \(to.rawValue): \(reason)" }
}

extension HistoryEntry {
  /// `state-change closed -> open: 5 failures in a row (exit 1)`, `manual open -> closed: mended by ann`.
  var line: String {
    var line = kind.rawValue
    if !keys.isEmpty { line += " " + keys.joined(separator: ", ") }
    if let from, let to { line += " \(from.rawValue) -> \(to.rawValue)" }
    if let reason { line += ": \(reason)" }
    if let by { line += " by \(by)" }
    if isHold { line += ", held" }
    if let lasting { line += ", for \(lasting)" }
    return line
  }
}
