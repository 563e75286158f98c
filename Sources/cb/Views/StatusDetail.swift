import BreakerStore
import CircuitBreaker
import Settings
import System

/// One breaker in full, for `cb status NAME`.
struct StatusDetail {
  let row: BreakerRow
  /// The last events, oldest first.
  let events: [HistoryEntry]
  let style: OutputStyle
  /// Every setting, not only those that differ from their defaults.
  let showsAllSettings: Bool

  private static let indent = 18
  /// How many events are looked through for the last change of state, and how many of them are shown.
  static let eventsRead = 100
  private static let eventsShown = 10

  var text: String {
    var text = style.paint(style.fence(row.name.text.escapingControls()), .bold) + "\n"
    for (label, value) in fields {
      let lines = wrap(value)
      for (index, line) in lines.enumerated() {
        let head = index == 0 ? "  \(label)" : ""
        let gap = String(repeating: " ", count: Self.indent - head.utf8.count)
        text += head + gap + String(line.map { $0 == "\u{A0}" ? " " : $0 }) + "\n"
      }
    }
    text += settings
    text += "  \(style.paint("Last events", .bold))\n"
    if events.isEmpty { text += "    none yet\n" }
    for event in events.suffix(Self.eventsShown) { text += "    \(EventText.line(nil, event, style))\n" }
    return text
  }

  private var breaker: Breaker { row.breaker }

  private var fields: [(label: String, value: String)] {
    var fields: [(label: String, value: String)] = [("State", state)]
    let summary = StatusRow(row)
    if breaker.state != .closed { fields.append(("Retry", retry(summary))) }
    fields.append(("Failures", failures(summary)))
    if let failure = breaker.lastFailure {
      fields.append(("Last failure", "\(failure.reason.escapingControls()), \(moment(failure.at))"))
    } else {
      fields.append(("Last failure", "never"))
    }
    fields.append(("Last success", breaker.lastSuccess.map(moment) ?? "never"))
    if let hold = breaker.hold { fields.append(("Held", held(hold))) }
    if breaker.state == .halfOpen { fields.append(("Trials", trials)) }
    if let most = row.settings.settings.maxConcurrent { fields.append(("Running", "\(breaker.running) of \(most)")) }
    let inARow = breaker.streak.current(at: row.now)
    fields.append(("Trips in a row", "\(inARow)"))
    fields += runSettings
    fields.append(("Generation", "\(breaker.generation)"))
    fields.append(("Totals", totals))
    fields.append(("Last runs", RunStrip.text(breaker.recent, style, room: room)))
    if !breaker.recent.isEmpty { fields.append(("", RunStrip.legend(breaker.recent, style))) }
    return fields
  }

  private var room: Int? { style.columns.map { max(8, $0 - Self.indent) } }

  private var state: String {
    let sign = style.isForEyes ? style.sign(breaker.state) + " " : ""
    let state = style.paint(sign + breaker.state.rawValue, breaker.state.ink)
    // Opening is known to the millisecond; for the other states the history tells, if it reaches back so far.
    if case .open(let open) = breaker.phase { return "\(state) since \(moment(open.since))" }
    let change = events.last { $0.to == breaker.state && $0.from != breaker.state }
    return change.map { "\(state) since \(moment($0.at))" } ?? state
  }

  private func retry(_ summary: StatusRow) -> String {
    switch summary.retry {
    case .due(let due):
      due <= row.now
        ? "now: the next run is a trial" : "in \(summary.retryText()) (\(ClockText.seconds(due)))"
    case .held: "never: held open until somebody changes it"
    case .now: "now: the next run is a trial"
    case .trialRunning: "trial running"
    case .none: "-"
    }
  }

  /// What the last run had otherwise than is worked out here, and for a day what a run before it had otherwise still:
  /// two hosts, or two lines of a crontab, that do not agree.
  private var runSettings: [(label: String, value: String)] {
    guard let last = breaker.lastPolicy else { return [] }
    var fields: [(label: String, value: String)] = []
    let own = PolicyText.text(last, from: row.settings.settings)
    if !own.isEmpty { fields.append(("Last run used", own)) }
    if let other = breaker.otherPolicy, row.now - other.at < .seconds(86400) {
      let others = PolicyText.text(other.policy, from: row.settings.settings.with(last))
      if !others.isEmpty { fields.append(("Others used", "\(others), until \(moment(other.at))")) }
    }
    return fields
  }

  private func failures(_ summary: StatusRow) -> String {
    let settings = breaker.lastPolicy ?? row.settings.policy
    guard settings.window != nil else { return "\(summary.failures) in a row" }
    let rate = DurationText.decimal(thousandths: Int64((settings.failureRate * 100_000).rounded()))
    return "\(summary.failures) runs (opens at \(rate)%, from \(settings.minCalls) runs on)"
  }

  private func held(_ hold: Breaker.Hold) -> String {
    let until = hold.until.map { "until \(ClockText.seconds($0))" } ?? "until somebody changes it"
    let why = hold.reason.map { ": \($0)" } ?? ""
    return "\(hold.state.rawValue) \(until), by \(hold.by)\(why)".escapingControls()
  }

  private var trials: String {
    let settings = row.settings.settings
    var successes = 0
    if case .halfOpen(let count) = breaker.phase { successes = count }
    return
      "\(breaker.trials) of \(settings.halfOpenMax) running, \(successes) of \(settings.successThreshold) succeeded"
  }

  private var totals: String {
    // A no-break space keeps a count with its name over a line's end.
    breaker.totals.fields.map { "\($0.key)\u{A0}\($0.count)" }.joined(separator: ", ")
  }

  private func moment(_ time: Timestamp) -> String {
    "\(ClockText.seconds(time)) (\(Age.text(time, at: row.now)))"
  }

  private var settings: String {
    let lines = SettingsTable.lines(row.settings, all: showsAllSettings)
    if lines.isEmpty {
      let gap = String(repeating: " ", count: Self.indent - 10)
      return "  \(style.paint("Settings", .bold))\(gap)all at their defaults (cb status -v shows them)\n"
    }
    return "  \(style.paint("Settings", .bold))\n" + lines.map { "    \($0)\n" }.joined()
  }

  /// Lines of at most the terminal's width, broken between words. What holds escape sequences is not broken: the strip
  /// of runs was cut to fit, the rest is short.
  private func wrap(_ value: String) -> [String] {
    guard let room, !value.utf8.contains(0x1B), DisplayWidth.of(value) > room else { return [value] }
    var lines = [""]
    for word in value.split(separator: " ", omittingEmptySubsequences: false) {
      let line = lines[lines.count - 1]
      if line.isEmpty {
        lines[lines.count - 1] = String(word)
      } else if DisplayWidth.of(line) + 1 + DisplayWidth.of(String(word)) <= room {
        lines[lines.count - 1] = "\(line) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}
