import CircuitBreaker
import Settings

/// What an operator should know of a breaker whose settings do not do what they seem to: settings without effect, and a
/// reset timeout that is over before the job comes again.
enum StatusAdvice {
  /// A line each.
  static func lines(_ row: BreakerRow, _ events: [HistoryEntry]) -> [String] {
    settings(row) + [neverRejects(row, events)].compactMap { $0 }
  }

  private static func settings(_ row: BreakerRow) -> [String] {
    var lines = row.settings.idle.map { key in
      "\(key.name) has no effect without \(key.row.needs?.name ?? "another setting")"
    }
    let settings = row.settings.settings
    guard let window = settings.window else { return lines }
    if row.settings.sources[.failMax] != nil { lines.append("fail-max has no effect with window: the rate decides") }
    if case .runs(let count) = window, settings.minCalls > count {
      lines.append("min-calls \(settings.minCalls) counts as \(count): the window holds no more runs")
    }
    return lines
  }

  /// A job that runs less often than the reset timeout finds it due each time: every run is a trial, none is
  /// rejected, and the breaker protects nothing.
  private static func neverRejects(_ row: BreakerRow, _ events: [HistoryEntry]) -> String? {
    let totals = row.breaker.totals
    guard totals.trips >= 2, totals.rejected + totals.wouldReject == 0, let gap = gap(events) else { return nil }
    let policy = row.breaker.lastPolicy ?? row.settings.policy
    guard gap > policy.resetTimeout else { return nil }
    return
      "\(counted(totals.failures, "failure")), \(counted(totals.trips, "trip")) and no rejection: runs come about every "
      + "\(DurationText.formatRetry(rounded(gap))), and reset-timeout is \(DurationText.format(policy.resetTimeout)), "
      + "so that each run finds a trial due; only a reset-timeout above \(DurationText.formatRetry(rounded(gap))) rejects any"
  }

  /// The usual time between two failures, each of which is a run: the median of those that are known.
  private static func gap(_ events: [HistoryEntry]) -> Span? {
    let times = events.filter { $0.kind == .failure }.map(\.at)
    let gaps = zip(times.dropFirst(), times).map { $0 - $1 }.sorted()
    return gaps.isEmpty ? nil : gaps[gaps.count / 2]
  }

  /// To a figure that people say: minutes from a quarter of an hour on, hours from half a day on.
  private static func rounded(_ span: Span) -> Span {
    let seconds = span.milliseconds / 1000
    let unit: Int64 = seconds >= 43_200 ? 3600 : seconds >= 900 ? 60 : 1
    return .seconds(max(1, (seconds + unit / 2) / unit * unit))
  }
}
