import BreakerStore
import CircuitBreaker
import Settings
import System

/// The one-line messages of `run` (docs/CONTRACT.md, "cb run as a process"), without the `cb: NAME: ` before them.
struct Messages {
  let world: World

  init(_ world: World) {
    self.world = world
  }

  func rejection(_ rejected: Admitter.Rejected) -> Line {
    var line = sentence(rejected.rejection, rejected.circuit.breaker, rejected.settings, probe: rejected.probe)
    if let error = rejected.uncounted { line.append("; not counted: \(error.description)") }
    return line
  }

  /// - Parameter probe: why the probe that was the trial failed.
  func sentence(
    _ rejection: Rejection, _ breaker: Breaker?, _ settings: ResolvedSettings, probe: String? = nil
  ) -> Line {
    switch rejection.cause {
    case .open(let retryAfter):
      let reminder = rejection.isReminder ? "still " : ""
      if let hold = breaker?.hold, hold.state == .open {
        var line: Line = "circuit \(reminder)held open by \(hold.by)\(retry(retryAfter))"
        if let reason = hold.reason { line.append(" (\(reason))") }
        if hold.until == nil { line.append(Self.release) }
        return line
      }
      let why = probe.map { " (\($0))" } ?? reasons(breaker)
      return "circuit \(reminder)open\(retry(retryAfter))\(why)"
    case .noTrialFree(let live):
      return "circuit half-open, \(live == 1 ? "a trial is" : "\(live) trials are") running\(reasons(breaker))"
    case .tooManyRunning(let most):
      return "\(most == 1 ? "1 run is" : "\(most) runs are") going on, and max-concurrent is \(most)"
    }
  }

  private static let release = "; 'cb close' or 'cb half-open' releases it"

  /// `, retry in 42s, at 18:05:02`
  private func retry(_ span: Span?) -> String {
    guard let span else { return "" }
    let now = world.clock.reading().wallMilliseconds
    return ", retry in \(span.roundedUp), at \(LocalTime.text(now + span.milliseconds, now: now))"
  }

  /// ` (5 failures in a row, last: exit 1)`; of a circuit that opened for another reason, that reason; and what the
  /// other side asked for.
  private func reasons(_ breaker: Breaker?) -> String {
    guard let breaker else { return "" }
    if case .open(let open) = breaker.phase {
      if let hint = breaker.lastHint, open.hintedUntil != nil {
        return
          " (the other side asked for \(hint.askedText)\(hint.isCapped ? "; \(SettingKey.retryHintMax.name)" : ""))"
      }
      if open.isByHand { return open.reason.map { " (\($0))" } ?? "" }
      // Judged by rate: what came in a row says nothing.
      if breaker.lastPolicy?.window != nil { return open.reason.map { " (\($0))" } ?? "" }
    }
    guard breaker.failCounter > 0, let last = breaker.lastFailure else { return "" }
    let count = breaker.failCounter
    return " (\(countedInARow(count, "failure")), last: \(last.reason))"
  }

  func transition(_ transition: Transition, _ applied: Applied) -> String {
    switch transition.to {
    case .open:
      let isAgain = transition.from == .halfOpen
      if let hold = applied.step.newHold {
        // A hold by code is the reason itself; one by `hold-after` is not.
        let cause = transition.reason
        let why = hold.reason.flatMap { cause.hasSuffix($0) || cause.hasSuffix("\($0))") ? nil : ", \($0)" } ?? ""
        return "circuit opened \(isAgain ? "again " : "")and held: \(transition.reason)\(why)" + Self.release
      }
      let verb = isAgain ? "opened again: " : "opened after "
      let span = applied.breaker?.retryAfter(nil, at: applied.now)
      return "circuit \(verb)\(transition.reason)" + (span.map { "; retry in \($0.roundedUp)" } ?? "") + capped(applied)
    case .closed: return "circuit closed: \(transition.reason)"
    case .halfOpen: return "circuit half-open: \(transition.reason)"
    }
  }

  private func capped(_ applied: Applied) -> String {
    guard let hint = applied.breaker?.lastHint, hint.isCapped, hint.at == applied.now else { return "" }
    return " (\(SettingKey.retryHintMax.name))"
  }
}
