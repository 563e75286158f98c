import CircuitBreaker

/// The table of `cb status`.
enum StatusTable {
  static func text(_ rows: [BreakerRow]) -> String {
    guard !rows.isEmpty else { return "no breakers yet; the first run makes one: cb run NAME -- CMD\n" }
    var table = [["NAME", "STATE", "FAILURES", "RETRY", "LAST FAILURE", "LAST SUCCESS"]]
    for row in rows { table.append(cells(row)) }
    var widths = [Int](repeating: 0, count: 6)
    for line in table {
      for (column, cell) in line.enumerated() { widths[column] = max(widths[column], cell.count) }
    }
    var text = ""
    for line in table {
      for (column, cell) in line.enumerated() {
        text += cell
        if column < 5 { text += String(repeating: " ", count: widths[column] - cell.count + 2) }
      }
      text += "\n"
    }
    return text
  }

  private static func cells(_ row: BreakerRow) -> [String] {
    let breaker = row.breaker
    var state = breaker.state.rawValue
    if breaker.hold != nil { state += " (held)" }
    var retry = "-"
    switch breaker.phase {
    case .closed: break
    case .open:
      retry =
        breaker.retryAfter(row.settings.policy, at: row.now).map { $0 == .zero ? "now" : DurationText.formatRetry($0) }
        ?? "-"
    case .halfOpen: retry = breaker.trials > 0 ? "trial running" : "now"
    }
    return [
      row.name.text.escapingControls(), state, "\(breaker.failCounter)/\(row.settings.settings.failMax)", retry,
      breaker.lastFailure.map { "\($0.reason.escapingControls()), \(age($0.at, row.now))" } ?? "-",
      breaker.lastSuccess.map { age($0, row.now) } ?? "-",
    ]
  }

  private static func age(_ time: Timestamp, _ now: Timestamp) -> String {
    let seconds = max(0, (now - time).milliseconds / 1000)
    return switch seconds {
    case ..<60: "\(seconds)s ago"
    case ..<3600: "\(seconds / 60)m ago"
    case ..<86400: "\(seconds / 3600)h ago"
    default: "\(seconds / 86400)d ago"
    }
  }
}
