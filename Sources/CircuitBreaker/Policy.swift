/// The settings on which the state machine decides.
package struct Policy: Hashable, Sendable {
  package var failMax = 5
  package var resetTimeout = Span.seconds(60)
  package var successThreshold = 1
  package var halfOpenMax = 1
  package var window: WindowSize?
  package var failureRate = 0.5
  package var minCalls = 10
  package var slowAfter: Span?
  package var slowRate = 1.0
  package var resetBackoff = 1.0
  package var resetMax = Span.seconds(3600)
  package var jitter = 0.0
  package var maxConcurrent: Int?
  /// The longest that a hint of the other side is believed.
  package var retryHintMax = Span.seconds(3600)
  /// From which trip in a row on the circuit is held open; nil: never.
  package var holdAfter: Int?
  /// How often a rejection by an open circuit is a reminder; nil: never.
  package var remind: Span?
  /// Which rules read the settings above, so that a later version can change one of them without changing what old
  /// events mean: how the streak of trips decays (`TripStreak`), how a window by time is cut into slices (`RunWindow`),
  /// and that the jitter is drawn once a trip.
  package var rules = Policy.currentRules
  /// Whether the asker gave `resetTimeout` for this very call (option or environment): it then decides when a trial
  /// is due; else what the trip stored does, on which all askers agree.
  package var isResetTimeoutCallersOwn = false

  package static let currentRules = 1

  /// Every setting at its default.
  package init() {}

  /// `min-calls`, but never more than a window by count can hold: `--window 5` would not open at all with the default
  /// of 10, and protection would silently be off.
  package var callsToJudge: Int {
    if case .runs(let count) = window { return min(minCalls, count) }
    return minCalls
  }

  /// How long a circuit stays open after the `trips`-th trip in a row: backoff first, capped by `reset-max` (which
  /// never makes it shorter than `reset-timeout`), then jitter, which only ever adds.
  ///
  /// `spread` was drawn once at the trip, from 0 up to but not including 1.
  func openSpan(trips: Int, spread: Double) -> Span {
    var span = resetTimeout
    if resetBackoff > 1, trips > 1 {
      // Past 1000 trips every factor above 1 that matters has met the cap.
      for _ in 1..<min(trips, 1000) where span < resetMax { span = span.stretched(by: resetBackoff) }
      span = min(span, max(resetMax, resetTimeout))
    }
    return jittered(span, spread: spread)
  }

  func jittered(_ span: Span, spread: Double) -> Span {
    jitter > 0 ? span.stretched(by: 1 + jitter * spread) : span
  }
}

/// What the window of `window` counts.
package enum WindowSize: Hashable, Sendable {
  case runs(Int)
  case time(Span)
}
