import CircuitBreaker
import Settings
import System

/// A breaker with all that any view of it needs.
struct BreakerRow {
  var name: BreakerName
  var breaker: Breaker
  var settings: ResolvedSettings
  var now: Timestamp
}

/// What a line of the table shows of a breaker: a few words of what may be kilobytes, as there may be ten thousand.
/// Times stay times, so that the line can be drawn again a second later without another look at the store.
struct StatusRow {
  enum Retry: Equatable {
    case none
    case due(Timestamp)
    case held
    case now
    case trialRunning
  }

  /// Safe to print.
  var name: String
  var breaker: BreakerName
  var state: CircuitState
  var isHeld: Bool
  var failures: String
  var retry: Retry
  var lastFailure: Breaker.LastFailure?
  var lastSuccess: Timestamp?
  var now: Timestamp

  init(_ row: BreakerRow) {
    self.init(row.name, row.breaker, row.settings, at: row.now)
  }

  init(_ name: BreakerName, _ breaker: Breaker, _ settings: ResolvedSettings, at now: Timestamp) {
    self.name = name.text.escapingControls()
    self.breaker = name
    self.now = now
    state = breaker.state
    isHeld = breaker.hold != nil
    failures = Self.failures(breaker, breaker.lastPolicy ?? settings.policy, at: now)
    retry = Self.retry(breaker, settings.policy, at: now)
    lastFailure = breaker.lastFailure.map {
      Breaker.LastFailure(at: $0.at, reason: $0.reason.escapingControls())
    }
    lastSuccess = breaker.lastSuccess
  }

  /// `3/5` in a row, or with a window the share of its runs that failed: `60% of 20`. By the settings of the last run,
  /// which may have had options that are not known here.
  static func failures(_ breaker: Breaker, _ policy: Policy, at now: Timestamp) -> String {
    guard let size = policy.window else { return "\(breaker.failCounter)/\(policy.failMax)" }
    let tally = breaker.window.tally(size: size, at: now)
    guard tally.calls > 0 else { return "0% of 0" }
    return "\((tally.failures * 100 + tally.calls / 2) / tally.calls)% of \(tally.calls)"
  }

  static func retry(_ breaker: Breaker, _ policy: Policy, at now: Timestamp) -> Retry {
    switch breaker.phase {
    case .closed: .none
    case .open: breaker.retryAfter(policy, at: now).map { .due(now + $0) } ?? .held
    case .halfOpen: breaker.trials >= policy.halfOpenMax ? .trialRunning : .now
    }
  }

  /// The words of the column, `elapsed` after the look at the store.
  func retryText(elapsed: Span = .zero) -> String {
    switch retry {
    case .none: return "-"
    case .held: return "held"
    case .now: return "now"
    case .trialRunning: return "trial running"
    case .due(let due):
      let left = due - (now + elapsed)
      return left <= .zero ? "now" : DurationText.formatRetry(left)
    }
  }

  var stateText: String { isHeld ? "\(state.rawValue) (held)" : state.rawValue }
}

/// How long ago something was, in its largest unit.
enum Age {
  static func text(_ time: Timestamp, at now: Timestamp) -> String {
    let seconds = max(0, (now - time).milliseconds / 1000)
    return switch seconds {
    case ..<60: "\(seconds)s ago"
    case ..<3600: "\(seconds / 60)m ago"
    case ..<86400: "\(seconds / 3600)h ago"
    default: "\(seconds / 86400)d ago"
    }
  }
}

/// A time for people: UTC, to the second, so that lines of all hosts compare.
enum ClockText {
  static func seconds(_ time: Timestamp) -> String {
    String(RFC3339.format(time).prefix(19)) + "Z"
  }
}
