package import CircuitBreaker
package import TestSupport

/// Events that cover all of `Event` and `Policy`: every case, every member set and not set.
package struct RandomEvents {
  package var random: SeededRandom
  /// Those that were given and may be reported.
  package var permits: [Permit] = []
  /// A process that nobody can see: a lease of this host's dead would be taken away by whoever looks.
  package static let holder = Holder(realm: "elsewhere", pid: 4711, startTime: 1 << 63)

  package init(seed: UInt64) {
    random = SeededRandom(seed: seed)
  }

  package mutating func policy() -> Policy {
    var policy = Policy()
    policy.failMax = 1 + random.below(3)
    policy.resetTimeout = Span(milliseconds: Int64(random.below(3)))
    policy.successThreshold = 1 + random.below(2)
    policy.halfOpenMax = 1 + random.below(2)
    policy.window = random.pick([nil, .runs(4), .time(.seconds(60))])
    policy.failureRate = random.pick([0.5, 0.30000000000000004, 1])
    policy.minCalls = 1 + random.below(3)
    policy.slowAfter = random.pick([nil, .seconds(1)])
    policy.slowRate = random.pick([0.25, 1])
    policy.resetBackoff = random.pick([1, 2, 1.5])
    policy.resetMax = Span(milliseconds: random.pick([2, 3_600_000]))
    policy.jitter = random.pick([0, 0.5])
    policy.maxConcurrent = random.pick([nil, nil, nil, 3])
    policy.retryHintMax = random.pick([.seconds(1), .seconds(3600)])
    policy.holdAfter = random.pick([nil, nil, nil, 3])
    policy.remind = random.pick([nil, Span(milliseconds: 1)])
    policy.isResetTimeoutCallersOwn = random.chance(1, in: 2)
    return policy
  }

  private mutating func caller() -> Caller? {
    random.pick([nil, Caller(host: "web-\(random.below(3))", pid: 17, user: "ann \"é\"")])
  }

  private mutating func action() -> ManualAction {
    ManualAction(by: "me@here", reason: random.pick([nil, "\"why\"\n\u{1B}"]), caller: caller())
  }

  private mutating func mode() -> AdmissionMode {
    random.pick([.enforce, .enforce, .enforce, .observe, .force(by: "me")])
  }

  private mutating func hint() -> RetryHint? {
    random.pick([
      nil, nil, .after(Span(milliseconds: Int64(random.below(4)))), .at(Timestamp(milliseconds: 1_700_000_000_000)),
    ])
  }

  private mutating func verdict() -> Verdict {
    let outcome = random.pick(Outcome.allCases)
    var verdict = Verdict(
      outcome, reason: "exit 1", duration: random.pick([nil, Span(milliseconds: Int64(random.below(3000)))]),
      timedOut: random.chance(1, in: 5))
    if outcome == .failure {
      verdict.severity = random.pick([.counts, .counts, .trips(reason: "t"), .holds(reason: "h")])
    }
    return verdict
  }

  private mutating func draw() -> Double { Double(random.next() >> 11) / Double(1 << 53) }

  package mutating func next() -> Event {
    switch random.below(18) {
    case 0...4:
      return .admit(
        AdmissionRequest(
          token: Token(random.next(), random.next()), policy: policy(), kind: random.pick([.run, .run, .permit]),
          term: Span(milliseconds: Int64(1 + random.below(20_000))), holder: random.pick([nil, Self.holder]),
          announcesRejection: random.chance(1, in: 2), mode: mode(), caller: caller()))
    case 5...10:
      guard !permits.isEmpty else { return .reset(action()) }
      let permit = random.pick(permits)
      if random.chance(2, in: 3) { permits.removeAll { $0 == permit } }
      var work = RunReport.Work.command
      if permit.isTrial, random.chance(1, in: 2) {
        work = random.pick([.probe(nil), .probe(RunReport.WaitingRun(mode: mode(), announcesRejection: true))])
      }
      return .record(
        RunReport(
          permit: permit, verdict: verdict(), policy: policy(), draw: draw(), hint: hint(), work: work,
          caller: caller()))
    case 11:
      return .recordUnasked(
        UnaskedResult(verdict: verdict(), policy: policy(), draw: draw(), hint: hint(), caller: caller()))
    case 12: return .open(random.pick([.usual(policy()), .lasting(Span(milliseconds: 1)), .held]), action())
    case 13: return .close(random.pick([.usual, .lasting(Span(milliseconds: 2)), .held]), action())
    case 14: return .halfOpen(action())
    case 15:
      return .configure(
        SettingsChange(
          entries: [
            SettingsChange.Entry(key: "fail-max", values: ["3"]),
            SettingsChange.Entry(key: "exclude", values: random.pick([[], ["3", "SIGINT"]])),
            SettingsChange.Entry(key: "of-a-later-version", values: ["x"]),
          ], policy: policy(), appliesToOpenCircuit: random.chance(1, in: 2), action: action()))
    case 16:
      guard let permit = permits.last else { return .reset(action()) }
      return .renew(permit.token, term: Span(milliseconds: Int64(random.below(20_000))))
    default: return permits.last.map { .lose([$0.token, Token(text: "none")]) } ?? .reset(action())
    }
  }
}
