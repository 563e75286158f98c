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
  /// Open, and what would be rejected still runs.
  var isObserved: Bool
  var failures: String
  var failCounter: Int
  var retry: Retry
  var lastFailure: Breaker.LastFailure?
  var lastSuccess: Timestamp?
  var changedAt: Timestamp?
  var rejected: Int
  /// Who holds trials and places: `ann@web-3[4711]`, the first of them.
  var holders: String
  /// Why it is held, or why it opened.
  var note: String
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
    isObserved = settings.settings.mode == .observe && !breaker.isOpenedByHand
    failures = Self.failures(breaker, breaker.lastPolicy ?? settings.policy, at: now)
    failCounter = breaker.failCounter
    retry = Self.retry(breaker, settings.policy, at: now)
    lastFailure = breaker.lastFailure.map {
      Breaker.LastFailure(at: $0.at, reason: $0.reason.escapingControls())
    }
    lastSuccess = breaker.lastSuccess
    changedAt = breaker.changedAt
    rejected = breaker.totals.rejected + breaker.totals.wouldReject
    holders = Self.holders(breaker)
    note = Self.note(breaker)
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

  private static func holders(_ breaker: Breaker) -> String {
    let texts = breaker.leases.filter { $0.role != .observed }.map { lease in
      lease.caller.map { WhoText.text($0) } ?? lease.holder.map { "pid \($0.pid)" } ?? "?"
    }
    guard let first = texts.first else { return "-" }
    return (texts.count == 1 ? first : "\(first) and \(texts.count - 1) more").escapingControls()
  }

  private static func note(_ breaker: Breaker) -> String {
    if let hold = breaker.hold {
      return ("by \(hold.by)" + (hold.reason.map { ": \($0)" } ?? "")).escapingControls()
    }
    if case .open(let open) = breaker.phase { return (open.reason ?? "-").escapingControls() }
    return "-"
  }

  /// Whether it is open, and the next run is a trial, `elapsed` after the look at the store.
  func isDue(elapsed: Span = .zero) -> Bool {
    if case .due(let due) = retry { due <= now + elapsed } else { false }
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

  func stateText(elapsed: Span = .zero) -> String {
    if isHeld { return "\(state.rawValue) (held)" }
    guard state == .open else { return state.rawValue }
    if isDue(elapsed: elapsed) { return "open, due" }
    return isObserved ? "open (observed)" : "open"
  }

  /// A longest form of `stateText`, so that a column does not jump when a countdown ends.
  var widestState: String { isHeld || state != .open || isObserved ? stateText() : "open, due" }
}

extension Breaker {
  /// Whether a person opened it, or holds it open: then it rejects also where the mode is to observe.
  var isOpenedByHand: Bool {
    if case .open(let open) = phase { open.isByHand } else { false }
  }
}

/// The process behind an act, for people: `ann@web-3[4711]`.
enum WhoText {
  static func text(_ caller: Caller) -> String { "\(caller.user)@\(caller.host)[\(caller.pid)]" }
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

/// A time for people: UTC, to the second, so that lines of all hosts compare; and on the clock of this host.
enum ClockText {
  static func seconds(_ time: Timestamp) -> String {
    String(RFC3339.format(time).prefix(19)) + "Z"
  }

  /// `18:05:02` on this host's clock, with the date where it is another day than now.
  static func local(_ time: Timestamp, now: Timestamp) -> String {
    LocalTime.text(time.milliseconds, now: now.milliseconds)
  }

  /// `2026-11-23T15:17:08Z (16:17:08 here, 18s ago)`; the clock of this host only where it is not UTC's.
  static func moment(_ time: Timestamp, at now: Timestamp) -> String {
    "\(seconds(time)) (\(here(time, now: now))\(Age.text(time, at: now)))"
  }

  /// `2026-11-23T15:17:08Z (16:17:08 here)`
  static func ahead(_ time: Timestamp, at now: Timestamp) -> String {
    let here = here(time, now: now)
    return here.isEmpty ? seconds(time) : "\(seconds(time)) (\(here.dropLast(2)))"
  }

  private static func here(_ time: Timestamp, now: Timestamp) -> String {
    let local = LocalTime.text(time.milliseconds, now: time.milliseconds)
    return seconds(time).hasSuffix("T\(local)Z") ? "" : "\(self.local(time, now: now)) here, "
  }
}
