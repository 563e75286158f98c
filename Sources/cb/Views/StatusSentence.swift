import CircuitBreaker
import Settings
import System

/// What `cb status NAME` says first, in plain words: what happens to the next run, why, since when, by whose failures,
/// and what to do.
struct StatusSentence {
  let row: BreakerRow

  var text: String {
    let sentence = observed ?? rule
    return sentence.escapingControls()
  }

  private var breaker: Breaker { row.breaker }
  private var policy: Policy { row.settings.policy }
  private var settings: Settings { row.settings.settings }

  /// The name as a shell takes it.
  private var name: String {
    let text = row.name.text
    let isPlain = text.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
      default: false
      }
    }
    return isPlain
      ? text : "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  /// A command to type: not broken over lines.
  private func command(_ verb: String) -> String {
    "cb \(verb) \(name)".map { $0 == " " ? "\u{A0}" : String($0) }.joined()
  }

  private var observed: String? {
    switch settings.mode {
    case .enforce: return nil
    case .bypass: return "The next run starts: mode is bypass, and the breaker is not asked."
    case .observe:
      guard !breaker.isOpenedByHand, !breaker.wouldAdmit(policy, at: row.now) else { return nil }
      return "The next run starts, as mode is observe. Otherwise: \(rule)"
    }
  }

  private var rule: String {
    switch breaker.phase {
    case .closed: closed
    case .open(let open): self.open(open)
    case .halfOpen(let successes): halfOpen(successes)
    }
  }

  // MARK: Closed

  private var closed: String {
    if let full { return full }
    if let hold = breaker.hold {
      return "The next run starts, whatever fails: held closed\(since(hold.since)), by \(hold.by)\(why(hold)), "
        + "\(until(hold)). To end it: \(command("close"))"
    }
    let last = breaker.lastPolicy ?? policy
    if let size = last.window {
      let tally = breaker.window.tally(size: size, at: row.now)
      guard tally.failures > 0 else { return "The next run starts." }
      return "The next run starts: \(tally.failures) of \(counted(tally.calls, "run")) failed\(lastFailure), and "
        + "\(percent(last.failureRate)) of at least \(last.callsToJudge) open the circuit."
    }
    guard breaker.failCounter > 0 else { return "The next run starts." }
    let left = max(1, last.failMax - breaker.failCounter)
    let failures = countedInARow(breaker.failCounter, "failure")
    return "The next run starts, after \(failures)\(lastFailure); \(left) more "
      + "\(left == 1 ? "opens" : "in a row open") the circuit."
  }

  private var full: String? {
    guard let most = policy.maxConcurrent, breaker.running >= most, breaker.state != .open else { return nil }
    let runs = breaker.running == 1 ? "1 run is" : "\(breaker.running) runs are"
    return "The next run is rejected: \(runs) going on, and max-concurrent is \(most)."
  }

  // MARK: Open

  private func open(_ open: Breaker.OpenPhase) -> String {
    if let hold = breaker.hold, hold.state == .open { return held(hold) }
    guard let wait = breaker.retryAfter(policy, at: row.now) else { return "The next run is rejected: held open." }
    let cause = cause(open)
    if wait == .zero {
      if let full = policy.maxConcurrent, breaker.running >= full {
        return "The next run is rejected: a trial is due, but max-concurrent is \(full), and as many run."
      }
      return "The next run is a trial: the circuit opened \(ago(open.since)) \(cause), and its time is over."
    }
    return "The next run is rejected: the circuit opened \(ago(open.since)) \(cause); \(retry(wait, open)). "
      + "To try earlier: \(command("half-open"))"
  }

  /// `held: exit 12 is in hold-on, since ..., by cb on web-3`
  private func held(_ hold: Breaker.Hold) -> String {
    let reason = hold.reason.map { ": \($0)" } ?? " open"
    var text = "The next run is rejected: held\(reason)\(since(hold.since)), by \(hold.by)"
    if hold.until != nil { text += ", \(until(hold))" }
    return text + ". To release it: \(command("half-open")) (a trial) or \(command("close"))"
  }

  private func cause(_ open: Breaker.OpenPhase) -> String {
    guard let reason = open.reason else {
      return breaker.failCounter > 0
        ? "after \(countedInARow(breaker.failCounter, "failure"))\(lastFailure)" : "by hand"
    }
    if open.isByHand { return reason.hasPrefix("by ") ? reason : "by hand (\(reason))" }
    let host = breaker.lastFailure?.caller.map { " on \($0.host)" } ?? ""
    // What the other side asked for is said with the time.
    if open.hintedUntil != nil, let failure = breaker.lastFailure { return "after \(failure.reason)\(host)" }
    return "after \(reason)\(host)"
  }

  /// `retry in 1h (the other side asked for 156h; retry-hint-max)`
  private func retry(_ wait: Span, _ open: Breaker.OpenPhase) -> String {
    let at = ClockText.local(row.now + wait, now: row.now)
    let text = "retry in \(DurationText.formatRetry(wait)), at \(at)"
    guard open.hintedUntil != nil, let hint = breaker.lastHint else { return text }
    return "\(text) \(Self.hint(hint))"
  }

  /// `(the other side asked for 156h; retry-hint-max)`
  static func hint(_ hint: Breaker.LastHint) -> String {
    "(the other side asked for \(hours(hint.asked))\(hint.isCapped ? "; \(SettingKey.retryHintMax.name)" : ""))"
  }

  /// Whole hours stay hours, as the other side says them.
  private static func hours(_ span: Span) -> String {
    let seconds = span.milliseconds / 1000
    return seconds >= 86400 && seconds % 3600 == 0 ? "\(seconds / 3600)h" : DurationText.formatRetry(span)
  }

  // MARK: Half-open

  private func halfOpen(_ successes: Int) -> String {
    if let full { return full }
    let needed = policy.successThreshold
    let so = needed > 1 ? " (\(successes) of \(needed) successes so far)" : ""
    guard breaker.trials >= policy.halfOpenMax else {
      return
        "The next run is a trial\(so): if it succeeds the circuit \(successes + 1 >= needed ? "closes" : "may close"), "
        + "if it fails it opens again."
    }
    let who =
      breaker.leases.first { breaker.heldPlace(of: $0) == .trial }?.caller.map { ", by \(WhoText.text($0))" } ?? ""
    return
      "The next run is rejected: \(breaker.trials == 1 ? "a trial is" : "\(breaker.trials) trials are") running\(who)\(so)."
  }

  // MARK: Words

  private var lastFailure: String {
    guard let failure = breaker.lastFailure else { return "" }
    let host = failure.caller.map { " on \($0.host)" } ?? ""
    return " (last: \(failure.reason)\(host), \(ago(failure.at)))"
  }

  private func ago(_ time: Timestamp) -> String { Age.text(time, at: row.now) }

  private func since(_ time: Timestamp?) -> String {
    time.map { ", since \(ClockText.moment($0, at: row.now))" } ?? ""
  }

  private func until(_ hold: Breaker.Hold) -> String {
    hold.until.map { "until \(ClockText.ahead($0, at: row.now))" } ?? "until somebody changes it"
  }

  private func why(_ hold: Breaker.Hold) -> String { hold.reason.map { ": \($0)" } ?? "" }

  private func percent(_ rate: Double) -> String { SettingValue.rate(rate).people }
}
