import BreakerStore
import CircuitBreaker
import JSON
import Settings

/// Breakers in the text format of Prometheus (version 0.0.4), names as CONTRACT section 8 has them. No timestamps: the
/// textfile collector refuses them, and the time of the scrape is the time.
///
/// The label `breaker` is the name to the byte and not as a terminal may show it: two names must never be one series.
/// A name holds no control characters.
struct MetricsText {
  /// What is kept of a breaker until all have been read, as a family of metrics has to stand together.
  private struct Sample {
    var label: String
    var state: CircuitState
    var failCounter: Int
    var retryAfter: String
    var totals: Totals
    var lastSuccess: Timestamp?
    var lastFailure: Timestamp?
    var settings: [(key: String, value: String)]
  }

  private var samples: [Sample] = []
  private var text = ""

  /// The exposition where the store cannot be read.
  static var storeDown: String {
    var metrics = MetricsText()
    metrics.writeStoreUp(false)
    return metrics.text
  }

  mutating func add(_ row: BreakerRow) {
    let breaker = row.breaker
    samples.append(
      Sample(
        label: "{breaker=\"\(Self.escape(row.name.text))\"", state: breaker.state, failCounter: breaker.failCounter,
        retryAfter: Self.retryAfter(row), totals: breaker.totals, lastSuccess: breaker.lastSuccess,
        lastFailure: breaker.lastFailure?.at, settings: Self.settings(row.settings.settings)))
  }

  /// The whole exposition, families in the order of CONTRACT section 8.
  mutating func finish() -> String {
    text.reserveCapacity(samples.count * 2048)
    family("cb_state", "gauge", "Whether the breaker is in this state (1) or not (0).")
    for sample in samples {
      for state in CircuitState.allCases {
        line("cb_state", sample, labels: ",state=\"\(state.rawValue)\"", sample.state == state ? "1" : "0")
      }
    }
    family("cb_fail_counter", "gauge", "Failures in a row.")
    for sample in samples { line("cb_fail_counter", sample, String(sample.failCounter)) }
    family(
      "cb_retry_after_seconds", "gauge",
      "Seconds until a trial run is due: 0 unless open, +Inf while held open without an end.")
    for sample in samples { line("cb_retry_after_seconds", sample, sample.retryAfter) }
    family("cb_calls_total", "counter", "Runs by what became of them; the rejected were not started.")
    for sample in samples {
      for (outcome, count) in Self.outcomes(sample.totals) {
        line("cb_calls_total", sample, labels: ",outcome=\"\(outcome)\"", String(count))
      }
    }
    family("cb_trips_total", "counter", "How often the circuit opened by itself.")
    for sample in samples { line("cb_trips_total", sample, String(sample.totals.trips)) }
    family("cb_last_success_timestamp_seconds", "gauge", "When a run last succeeded; absent before the first.")
    for sample in samples {
      if let time = sample.lastSuccess { line("cb_last_success_timestamp_seconds", sample, Self.seconds(time)) }
    }
    family("cb_last_failure_timestamp_seconds", "gauge", "When a run last failed; absent before the first.")
    for sample in samples {
      if let time = sample.lastFailure { line("cb_last_failure_timestamp_seconds", sample, Self.seconds(time)) }
    }
    family("cb_settings", "gauge", "Effective settings that are numbers: durations in seconds, rates from 0 to 1.")
    for sample in samples {
      for (key, value) in sample.settings { line("cb_settings", sample, labels: ",key=\"\(key)\"", value) }
    }
    writeStoreUp(true)
    return text
  }

  private mutating func writeStoreUp(_ isUp: Bool) {
    family("cb_store_up", "gauge", "Whether the store could be read (1) or not (0).")
    text += "cb_store_up \(isUp ? 1 : 0)\n"
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
      ("ignored", totals.ignored), ("rejected", totals.rejected), ("stale", totals.stale), ("lost", totals.lost),
    ]
  }

  private static func retryAfter(_ row: BreakerRow) -> String {
    guard row.breaker.state == .open else { return "0" }
    return row.breaker.retryAfter(row.settings.policy, at: row.now)
      .map { DurationText.decimal(thousandths: $0.milliseconds) } ?? "+Inf"
  }

  private static func seconds(_ time: Timestamp) -> String {
    DurationText.decimal(thousandths: time.milliseconds)
  }

  /// A setting that is a number as it stands in `status --json`; a window of time as seconds would be taken for one of
  /// runs, so it is left out like all that is no number.
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
