extension Breaker {
  /// Moves every time by `offset`: the wall clock was stepped, and what was stamped with the wrong time keeps its
  /// distance from now.
  package mutating func shift(by offset: Span) {
    if case .open(var open) = phase {
      open.since = open.since + offset
      open.retryAt = open.retryAt.map { $0 + offset }
      open.hintedUntil = open.hintedUntil.map { $0 + offset }
      phase = .open(open)
    }
    if let until = hold?.until { hold?.until = until + offset }
    if let since = hold?.since { hold?.since = since + offset }
    remindedAt = remindedAt.map { $0 + offset }
    if var hint = lastHint {
      hint.at = hint.at + offset
      hint.until = hint.until + offset
      lastHint = hint
    }
    streak.healthySince = streak.healthySince.map { $0 + offset }
    for index in window.slices.indices { window.slices[index].start = window.slices[index].start + offset }
    for index in leases.indices {
      leases[index].since = leases[index].since + offset
      leases[index].expires = leases[index].expires + offset
    }
    if let at = lastFailure?.at { lastFailure?.at = at + offset }
    lastSuccess = lastSuccess.map { $0 + offset }
    if let at = otherPolicy?.at { otherPolicy?.at = at + offset }
    for index in history.indices { history[index].at = history[index].at + offset }
  }
}
