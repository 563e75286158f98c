import BreakerStore
import CircuitBreaker
import JSON
import Settings

/// Breakers in the text format of Prometheus (version 0.0.4), names and labels as docs/CONTRACT.md, "JSON and metrics",
/// has them. No timestamps: the textfile collector refuses them, and the time of the scrape is the time.
///
/// The label `breaker` is the name to the byte and not as a terminal may show it: two names must never be one series.
/// A name holds no control characters.
struct MetricsText {
  /// What is kept of a breaker until all have been read, as a family of metrics has to stand together.
  private struct Sample {
    var label: String
    var state: CircuitState
    var held: CircuitState?
    var isRejecting: Bool
    var failCounter: Int
    var retryAfter: String
    /// nil if no number of runs is set.
    var running: Int?
    /// nil without a window.
    var failureRatio: Double?
    var totals: Totals
    var durations: DurationHistogram
    var lastSuccess: Timestamp?
    var lastFailure: Timestamp?
    var settings: [(key: String, value: String)]
  }

  private let store: String
  private let showsSettings: Bool
  private var samples: [Sample] = []
  private var text = ""

  /// - Parameter store: the store's URL without secrets.
  init(store: String, showsSettings: Bool = false) {
    self.store = Self.escape(store)
    self.showsSettings = showsSettings
  }

  /// The exposition where the store cannot be read.
  static func storeDown(_ store: String) -> String {
    var metrics = MetricsText(store: store)
    metrics.writeStore(isUp: false)
    return metrics.text
  }

  mutating func add(_ row: BreakerRow) {
    let breaker = row.breaker
    let mode = row.settings.settings.mode
    let policy = breaker.lastPolicy ?? row.settings.policy
    let wouldAdmit =
      mode == .bypass
      || breaker.wouldAdmit(row.settings.policy, mode: mode == .observe ? .observe : .enforce, at: row.now)
    samples.append(
      Sample(
        label: "{store=\"\(store)\",breaker=\"\(Self.escape(row.name.text))\"", state: breaker.state,
        held: breaker.hold?.state, isRejecting: !wouldAdmit, failCounter: breaker.failCounter,
        retryAfter: Self.retryAfter(row),
        running: (policy.maxConcurrent ?? row.settings.settings.maxConcurrent) == nil ? nil : breaker.running,
        failureRatio: Self.failureRatio(breaker, policy, at: row.now), totals: breaker.totals,
        durations: breaker.durations, lastSuccess: breaker.lastSuccess, lastFailure: breaker.lastFailure?.at,
        settings: showsSettings ? Self.settings(row.settings.settings) : []))
  }

  /// The whole exposition.
  mutating func finish() -> String {
    text.reserveCapacity(samples.count * 2048)
    writeStates()
    writeCounts()
    writeDurations()
    family("cb_last_success_timestamp_seconds", "gauge", "When a run last succeeded; absent before the first.")
    for sample in samples {
      if let time = sample.lastSuccess { line("cb_last_success_timestamp_seconds", sample, Self.seconds(time)) }
    }
    family("cb_last_failure_timestamp_seconds", "gauge", "When a run last failed; absent before the first.")
    for sample in samples {
      if let time = sample.lastFailure { line("cb_last_failure_timestamp_seconds", sample, Self.seconds(time)) }
    }
    if showsSettings {
      family("cb_settings", "gauge", "Effective settings that are numbers: durations in seconds, rates from 0 to 1.")
      for sample in samples {
        for (key, value) in sample.settings { line("cb_settings", sample, labels: ",key=\"\(key)\"", value) }
      }
    }
    writeStore(isUp: true)
    return text
  }

  private mutating func writeStates() {
    family(
      "cb_state", "gauge", "Whether the breaker is in this state (1) or not (0); open with its timeout over is open.")
    for sample in samples {
      for state in CircuitState.allCases {
        line("cb_state", sample, labels: ",state=\"\(state.rawValue)\"", sample.state == state ? "1" : "0")
      }
    }
    family("cb_rejecting", "gauge", "Whether a run now would be rejected (1) or not (0).")
    for sample in samples { line("cb_rejecting", sample, sample.isRejecting ? "1" : "0") }
    family(
      "cb_held", "gauge", "Whether the breaker is held in this state (1) or not (0); held closed protects nothing.")
    for sample in samples {
      for state in [CircuitState.closed, .open] {
        line("cb_held", sample, labels: ",state=\"\(state.rawValue)\"", sample.held == state ? "1" : "0")
      }
    }
    family("cb_consecutive_failures", "gauge", "Failures in a row.")
    for sample in samples { line("cb_consecutive_failures", sample, String(sample.failCounter)) }
    family(
      "cb_retry_after_seconds", "gauge",
      "Seconds until a trial run is due: 0 unless open, +Inf while held open without an end.")
    for sample in samples { line("cb_retry_after_seconds", sample, sample.retryAfter) }
    family("cb_running", "gauge", "Live runs, where max-concurrent limits them.")
    for sample in samples {
      if let running = sample.running { line("cb_running", sample, String(running)) }
    }
    family("cb_window_failure_ratio", "gauge", "Share of the runs in the window that failed, where there is a window.")
    for sample in samples {
      if let ratio = sample.failureRatio { line("cb_window_failure_ratio", sample, "\(ratio)") }
    }
  }

  private mutating func writeCounts() {
    family("cb_calls_total", "counter", "Runs by what became of them; the rejected were not started.")
    for sample in samples {
      for (outcome, count) in Self.outcomes(sample.totals) {
        line("cb_calls_total", sample, labels: ",outcome=\"\(outcome)\"", String(count))
      }
    }
    family("cb_trips_total", "counter", "How often the circuit opened by itself.")
    for sample in samples { line("cb_trips_total", sample, String(sample.totals.trips)) }
  }

  private mutating func writeDurations() {
    family("cb_run_duration_seconds", "histogram", "How long runs took; absent before the first.")
    for sample in samples where !sample.durations.isEmpty {
      var total = 0
      for (bound, count) in zip(DurationHistogram.bounds, sample.durations.counts) {
        total += count
        let end = DurationText.decimal(thousandths: bound.milliseconds)
        line("cb_run_duration_seconds_bucket", sample, labels: ",le=\"\(end)\"", String(total))
      }
      let all = String(sample.durations.total)
      line("cb_run_duration_seconds_bucket", sample, labels: ",le=\"+Inf\"", all)
      line(
        "cb_run_duration_seconds_sum", sample, DurationText.decimal(thousandths: sample.durations.sum.milliseconds))
      line("cb_run_duration_seconds_count", sample, all)
    }
  }

  private mutating func writeStore(isUp: Bool) {
    family("cb_build_info", "gauge", "The version of cb that wrote this.")
    text += "cb_build_info{store=\"\(store)\",version=\"\(Self.escape(BuildVersion.number))\"} 1\n"
    family("cb_store_up", "gauge", "Whether the store could be read (1) or not (0).")
    text += "cb_store_up{store=\"\(store)\"} \(isUp ? 1 : 0)\n"
  }

  private mutating func family(_ name: String, _ type: String, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  private mutating func line(_ metric: String, _ sample: Sample, labels: String = "", _ value: String) {
    text += metric
    text += sample.label
    text += labels
    text += "} "
    text += value
    text += "\n"
  }

  // MARK: Values

  private static func outcomes(_ totals: Totals) -> [(outcome: String, count: Int)] {
    [
      ("success", totals.successes), ("failure", totals.failures), ("excluded", totals.excluded),
      ("ignored", totals.ignored), ("rejected", totals.rejected), ("would_reject", totals.wouldReject),
      ("stale", totals.stale), ("lost", totals.lost),
    ]
  }

  private static func failureRatio(_ breaker: Breaker, _ policy: Policy, at now: Timestamp) -> Double? {
    guard let size = policy.window else { return nil }
    let tally = breaker.window.tally(size: size, at: now)
    return tally.calls == 0 ? 0 : Double(tally.failures) / Double(tally.calls)
  }

  private static func retryAfter(_ row: BreakerRow) -> String {
    guard row.breaker.state == .open else { return "0" }
    return row.breaker.retryAfter(row.settings.policy, at: row.now)
      .map { DurationText.decimal(thousandths: $0.milliseconds) } ?? "+Inf"
  }

  private static func seconds(_ time: Timestamp) -> String {
    DurationText.decimal(thousandths: time.milliseconds)
  }

  /// A setting that is a number as it is in `status --json`; a window of time as seconds would be taken for one of
  /// runs, so it is left out, as everything that is not a number.
  private static func settings(_ settings: Settings) -> [(key: String, value: String)] {
    SettingKey.allCases.compactMap { key in
      switch settings.value(key).json {
      case .integer(let value): (key.name, String(value))
      case .number(let value): (key.name, "\(value)")
      default: nil
      }
    }
  }

  /// A label's value: backslash, quote and newline are escaped.
  static func escape(_ value: String) -> String {
    guard value.utf8.contains(where: { $0 == 0x5C || $0 == 0x22 || $0 == 0x0A }) else { return value }
    var escaped = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
