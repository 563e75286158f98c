import CircuitBreaker
import Settings

/// The one-line messages of `run` (CONTRACT section 5), without the `cb: NAME: ` before them.
enum Messages {
  static func rejection(_ rejection: Rejection, _ breaker: Breaker?, at now: Timestamp) -> String {
    switch rejection.cause {
    case .open(let retryAfter):
      if let hold = breaker?.hold, hold.state == .open {
        return "circuit held open by \(hold.by)"
          + (retryAfter.map { ", retry in \(DurationText.formatRetry($0))" } ?? "")
          + (hold.reason.map { " (\($0))" } ?? "")
      }
      let retry = retryAfter.map { ", retry in \(DurationText.formatRetry($0))" } ?? ""
      return "circuit open\(retry)" + failures(breaker)
    case .noTrialFree(let live):
      return "circuit half-open, \(live == 1 ? "a trial is" : "\(live) trials are") running" + failures(breaker)
    case .tooManyRunning(let most):
      return "\(most == 1 ? "1 run is" : "\(most) runs are") going on, and max-concurrent is \(most)"
    }
  }

  /// ` (5 failures in a row, last: exit 1)`
  private static func failures(_ breaker: Breaker?) -> String {
    guard let breaker, breaker.failCounter > 0, let last = breaker.lastFailure else { return "" }
    let count = breaker.failCounter
    return " (\(count == 1 ? "1 failure" : "\(count) failures in a row"), last: \(last.reason))"
  }

  static func transition(_ transition: Transition, _ breaker: Breaker?, at now: Timestamp) -> String {
    switch transition.to {
    case .open:
      let retry = breaker?.retryAfter(nil, at: now).map { "; retry in \(DurationText.formatRetry($0))" } ?? ""
      return transition.from == .halfOpen
        ? "circuit opened again: \(transition.reason)\(retry)"
        : "circuit opened after \(transition.reason)\(retry)"
    case .closed: return "circuit closed: \(transition.reason)"
    case .halfOpen: return "circuit half-open: \(transition.reason)"
    }
  }
}
