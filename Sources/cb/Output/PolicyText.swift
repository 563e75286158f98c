import CircuitBreaker

/// The settings that runs really had, where they are not those that `status` works out: options on a command line, or
/// the environment of another host.
enum PolicyText {
  /// What `policy` has otherwise than `other`: `fail-max 3, reset-timeout 5s`; empty where they agree.
  static func differences(_ policy: Policy, from other: Policy) -> String {
    var parts: [String] = []
    func compare<Value: Equatable>(_ key: SettingKey, _ mine: Value, _ theirs: Value, _ text: (Value) -> String) {
      if mine != theirs { parts.append("\(key.name)\u{A0}\(text(mine))") }
    }
    let span: (Span) -> String = { DurationText.format($0) }
    let rate: (Double) -> String = { "\(DurationText.decimal(thousandths: Int64(($0 * 100_000).rounded())))%" }
    compare(.failMax, policy.failMax, other.failMax) { "\($0)" }
    compare(.resetTimeout, policy.resetTimeout, other.resetTimeout, span)
    compare(.successThreshold, policy.successThreshold, other.successThreshold) { "\($0)" }
    compare(.halfOpenMax, policy.halfOpenMax, other.halfOpenMax) { "\($0)" }
    compare(.window, policy.window, other.window) { window in
      switch window {
      case nil: "none"
      case .runs(let count): "\(count)"
      case .time(let time): span(time)
      }
    }
    compare(.failureRate, policy.failureRate, other.failureRate, rate)
    compare(.minCalls, policy.minCalls, other.minCalls) { "\($0)" }
    compare(.slowAfter, policy.slowAfter, other.slowAfter) { $0.map(span) ?? "none" }
    compare(.slowRate, policy.slowRate, other.slowRate, rate)
    compare(.resetBackoff, policy.resetBackoff, other.resetBackoff) { "\($0)" }
    compare(.resetMax, policy.resetMax, other.resetMax, span)
    compare(.jitter, policy.jitter, other.jitter, rate)
    compare(.maxConcurrent, policy.maxConcurrent, other.maxConcurrent) { $0.map { "\($0)" } ?? "none" }
    return parts.joined(separator: ", ")
  }
}
