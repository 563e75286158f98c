package import CircuitBreaker
package import JSON

/// The JSON form of a policy. It is whole: what another version's defaults are does not matter to it. A member that
/// stands for something switched off is not there, and means that forever; any other has to be there, and one that is
/// not known may decide.
package enum PolicyDocument {
  /// Documents, which people read, have the names of the settings; events, of which a log has many, short ones.
  package enum Names {
    case long
    case short
  }

  /// Every member: its name in a document, and in an event.
  package enum Member: String, CaseIterable {
    case rules
    case failMax = "fail_max"
    case resetTimeout = "reset_timeout"
    case successThreshold = "success_threshold"
    case halfOpenMax = "half_open_max"
    case windowRuns = "window_runs"
    case windowTime = "window_time"
    case failureRate = "failure_rate"
    case minCalls = "min_calls"
    case slowAfter = "slow_after"
    case slowRate = "slow_rate"
    case resetBackoff = "reset_backoff"
    case resetMax = "reset_max"
    case jitter
    case maxConcurrent = "max_concurrent"
    case retryHintMax = "retry_hint_max"
    case holdAfter = "hold_after"
    case remind
    case callersOwn = "own"
    #if NextFormat
      case next
    #endif

    package var short: String {
      switch self {
      case .rules: "v"
      case .failMax: "f"
      case .resetTimeout: "r"
      case .successThreshold: "s"
      case .halfOpenMax: "h"
      case .windowRuns: "wr"
      case .windowTime: "wt"
      case .failureRate: "fr"
      case .minCalls: "mc"
      case .slowAfter: "sa"
      case .slowRate: "sr"
      case .resetBackoff: "b"
      case .resetMax: "rm"
      case .jitter: "j"
      case .maxConcurrent: "c"
      case .retryHintMax: "hm"
      case .holdAfter: "ha"
      case .remind: "rd"
      case .callersOwn: "o"
      #if NextFormat
        case .next: "next"
      #endif
      }
    }

    func name(_ names: Names) -> String { names == .long ? rawValue : short }
  }

  /// A whole policy, defaults included, so that a later version with other defaults reads the same. Spans in
  /// milliseconds.
  package static func encode(_ policy: Policy, _ names: Names) -> JSONValue {
    var object = JSONObject(reservingCapacity: 14)
    func add(_ member: Member, _ value: JSONValue) { object.append(member.name(names), value) }
    func add(_ member: Member, _ count: Int?) { if let count { add(member, .integer(Int64(count))) } }
    func add(_ member: Member, _ span: Span?) { if let span { add(member, .integer(span.milliseconds)) } }
    add(.rules, policy.rules)
    add(.failMax, policy.failMax)
    add(.resetTimeout, policy.resetTimeout)
    add(.successThreshold, policy.successThreshold)
    add(.halfOpenMax, policy.halfOpenMax)
    switch policy.window {
    case nil: break
    case .runs(let runs): add(.windowRuns, runs)
    case .time(let time): add(.windowTime, time)
    }
    add(.failureRate, number(policy.failureRate))
    add(.minCalls, policy.minCalls)
    add(.slowAfter, policy.slowAfter)
    add(.slowRate, number(policy.slowRate))
    add(.resetBackoff, number(policy.resetBackoff))
    add(.resetMax, policy.resetMax)
    add(.jitter, number(policy.jitter))
    add(.maxConcurrent, policy.maxConcurrent)
    add(.retryHintMax, policy.retryHintMax)
    add(.holdAfter, policy.holdAfter)
    add(.remind, policy.remind)
    if policy.isResetTimeoutCallersOwn { add(.callersOwn, .bool(true)) }
    #if NextFormat
      if policy.failMax == NextFormat.failMax { add(.next, .bool(true)) }
    #endif
    return .object(object)
  }

  /// A whole number without a fraction: `1` rather than `1.0`.
  private static func number(_ value: Double) -> JSONValue {
    Int64(exactly: value).map { .integer($0) } ?? .number(value)
  }

  /// Throws if a member is damaged or out of range, or if this version does not know it: a policy decides.
  package static func decode(_ value: JSONValue, _ names: Names) throws(FormatFault) -> Policy {
    var reader = try MemberReader(value, "a policy")
    var policy = Policy()
    policy.rules = try reader.positive(Member.rules.name(names))
    guard policy.rules <= Policy.currentRules else { throw .newer("the rules \(policy.rules) of a policy") }
    policy.failMax = try reader.positive(Member.failMax.name(names))
    policy.resetTimeout = try reader.span(Member.resetTimeout.name(names))
    policy.successThreshold = try reader.positive(Member.successThreshold.name(names))
    policy.halfOpenMax = try reader.positive(Member.halfOpenMax.name(names))
    if let runs = try reader.optionalCount(Member.windowRuns.name(names)) {
      guard (1...10000).contains(runs) else { throw .damaged("a window of \(runs) runs") }
      policy.window = .runs(runs)
    }
    if let time = try reader.optionalSpan(Member.windowTime.name(names)) { policy.window = .time(time) }
    policy.failureRate = try reader.number(Member.failureRate.name(names))
    policy.minCalls = try reader.positive(Member.minCalls.name(names))
    policy.slowAfter = try reader.optionalSpan(Member.slowAfter.name(names))
    policy.slowRate = try reader.number(Member.slowRate.name(names))
    policy.resetBackoff = try reader.number(Member.resetBackoff.name(names))
    policy.resetMax = try reader.span(Member.resetMax.name(names))
    policy.jitter = try reader.number(Member.jitter.name(names))
    policy.maxConcurrent = try reader.optionalCount(Member.maxConcurrent.name(names))
    policy.retryHintMax = try reader.span(Member.retryHintMax.name(names))
    policy.holdAfter = try reader.optionalCount(Member.holdAfter.name(names))
    policy.remind = try reader.optionalSpan(Member.remind.name(names))
    policy.isResetTimeoutCallersOwn = try reader.flag(Member.callersOwn.name(names))
    #if NextFormat
      _ = try reader.flag(Member.next.name(names))
    #endif
    try reader.refuseUnknown("a policy")
    return policy
  }
}
