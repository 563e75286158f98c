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
  /// What was left out of the configuration, a line each.
  var warnings: [String] = []

  private static let indent = 18
  /// How many events are looked through for the last change of state, and how many of them are shown.
  static let eventsRead = 100
  private static let eventsShown = 10

  var text: String {
    var text = style.paint(style.fence(row.name.text.escapingControls()), .bold) + "\n"
    for line in wrap(StatusSentence(row: row).text, room: style.columns.map { max(8, $0 - 2) }) {
      text += "  \(line)\n"
    }
    for note in StatusAdvice.lines(row, events) + warnings {
      let lines = wrap(note.escapingControls(), room: style.columns.map { max(8, $0 - 8) })
      for (index, line) in lines.enumerated() {
        text += (index == 0 ? "  " + style.paint("Note", .yellow) + ": " : "        ") + line + "\n"
      }
    }
    text += "\n"
    for (label, value) in fields {
      let lines = wrap(value)
      for (index, line) in lines.enumerated() {
        let head = index == 0 ? "  \(label)" : ""
        let gap = String(repeating: " ", count: Self.indent - head.utf8.count)
        text += head + gap + line + "\n"
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
    let summary = StatusRow(row)
    var fields: [(label: String, value: String)] = [("State", state(summary))]
    if breaker.state != .closed { fields.append(("Retry", retry(summary))) }
    fields.append(("Failures", failures(summary)))
    if let hosts { fields.append(("By host", hosts)) }
    if let failure = breaker.lastFailure {
      let who = failure.caller.map { ", \(WhoText.text($0))" } ?? ""
      fields.append(("Last failure", "\(failure.reason)\(who), \(moment(failure.at))".escapingControls()))
    } else {
      fields.append(("Last failure", "never"))
    }
    fields.append(("Last success", breaker.lastSuccess.map(moment) ?? "never"))
    if let hold = breaker.hold { fields.append(("Held", held(hold))) }
    if breaker.state == .halfOpen { fields.append(("Trials", trials)) }
    if let most = row.settings.settings.maxConcurrent { fields.append(("Running", "\(breaker.running) of \(most)")) }
    fields += holders
    if let hint = breaker.lastHint {
      let until = "\(moment(hint.at)), until \(ClockText.ahead(hint.until, at: row.now))"
      fields.append(("Last hint", "\(until) \(StatusSentence.hint(hint))"))
    }
    let inARow = breaker.streak.current(at: row.now)
    if inARow > 0 { fields.append(("Trips in a row", "\(inARow)")) }
    fields += runSettings
    fields.append(("Generation", "\(breaker.generation)"))
    fields.append(("Totals", totals))
    fields.append(("Last runs", RunStrip.text(breaker.recent, style, room: room)))
    if !breaker.recent.isEmpty { fields.append(("", RunStrip.legend(breaker.recent, style))) }
    return fields
  }

  private var room: Int? { style.columns.map { max(8, $0 - Self.indent) } }

  private func state(_ summary: StatusRow) -> String {
    let sign = style.isForEyes ? style.sign(breaker.state) + " " : ""
    let state = style.paint(sign + summary.stateText(), breaker.state.ink)
    // Opening is known to the millisecond. An older version did not keep the others: then the history tells, if it
    // reaches back so far.
    if case .open(let open) = breaker.phase {
      return "\(state) since \(moment(open.since))" + (open.reason.map { ": \($0.escapingControls())" } ?? "")
    }
    let change = breaker.changedAt ?? events.last { $0.to == breaker.state && $0.from != breaker.state }?.at
    return change.map { "\(state) since \(moment($0))" } ?? state
  }

  /// `web-3 4, web-1 1`: whose failures they were, where more than one host failed in what the history still has.
  private var hosts: String? {
    var counts: [String: Int] = [:]
    for event in events where event.kind == .failure {
      if let host = event.caller?.host { counts[host, default: 0] += 1 }
    }
    guard counts.count > 1 else { return nil }
    let sorted = counts.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }
    return sorted.map { "\($0.key)\u{A0}\($0.value)" }.joined(separator: ", ").escapingControls()
  }

  /// Who holds trials and places, since when: a line each.
  private var holders: [(label: String, value: String)] {
    breaker.leases.filter { $0.role != .observed }.enumerated().map { index, lease in
      let who = lease.caller.map { WhoText.text($0) } ?? lease.holder.map { "pid \($0.pid)" } ?? "unknown"
      let what = breaker.heldPlace(of: lease).rawValue
      return (index == 0 ? "Holders" : "", "\(what): \(who), since \(moment(lease.since))".escapingControls())
    }
  }

  private func retry(_ summary: StatusRow) -> String {
    switch summary.retry {
    case .due(let due):
      due <= row.now
        ? "now: the next run is a trial" : "in \(summary.retryText()), at \(ClockText.ahead(due, at: row.now))"
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
    guard let size = settings.window else { return "\(summary.failures) in a row" }
    let runs = breaker.window.tally(size: size, at: row.now).calls == 1 ? "run" : "runs"
    let rate = SettingValue.rate(settings.failureRate).people
    return "\(summary.failures) \(runs) (opens at \(rate), from \(counted(settings.callsToJudge, "run")) on)"
  }

  private func held(_ hold: Breaker.Hold) -> String {
    let until = hold.until.map { "until \(ClockText.ahead($0, at: row.now))" } ?? "until somebody changes it"
    let since = hold.since.map { ", since \(moment($0))" } ?? ""
    let why = hold.reason.map { ": \($0)" } ?? ""
    let pid = hold.caller.map { " (pid \($0.pid))" } ?? ""
    return "\(hold.state.rawValue) \(until)\(since), by \(hold.by)\(pid)\(why)".escapingControls()
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
    let counted = breaker.totals.fields.filter { $0.count > 0 }
    return counted.isEmpty ? "none yet" : counted.map { "\($0.key)\u{A0}\($0.count)" }.joined(separator: ", ")
  }

  private func moment(_ time: Timestamp) -> String { ClockText.moment(time, at: row.now) }

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
  private func wrap(_ value: String) -> [String] { wrap(value, room: room) }

  private func wrap(_ value: String, room: Int?) -> [String] {
    broken(value, room).map { String($0.map { $0 == "\u{A0}" ? " " : $0 }) }
  }

  private func broken(_ value: String, _ room: Int?) -> [String] {
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
