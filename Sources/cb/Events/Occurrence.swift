import BreakerStore
import CircuitBreaker
import JSON
import Settings
import System

/// One event as listeners get it (CONTRACT section 7): in the environment, and as a JSON object.
struct Occurrence {
  var event: ListenedEvent
  var breaker: BreakerName
  var oldState: CircuitState
  var newState: CircuitState
  var reason = ""
  var exitStatus: Int32?
  var signal = ""
  var duration: Span?
  var failCounter = 0
  /// nil unless open, or while held open without an end.
  var retryAfter: Span?
  var at: Timestamp

  /// Whether a listener for `wanted` hears of it.
  func isFor(_ wanted: ListenedEvent) -> Bool {
    if wanted == event || wanted == .any { return true }
    guard event == .stateChange else { return false }
    switch newState {
    case .open: return wanted == .open
    case .halfOpen: return wanted == .halfOpen
    case .closed: return wanted == .close
    }
  }

  var environment: [(name: String, value: String)] {
    [
      (name: "CB_EVENT", value: event.rawValue), (name: "CB_BREAKER", value: breaker.text),
      (name: "CB_OLD_STATE", value: oldState.rawValue), (name: "CB_NEW_STATE", value: newState.rawValue),
      (name: "CB_REASON", value: reason), (name: "CB_EXIT_STATUS", value: exitStatus.map { String($0) } ?? ""),
      (name: "CB_SIGNAL", value: signal),
      (name: "CB_DURATION", value: duration.map { DurationText.decimal(thousandths: $0.milliseconds) } ?? ""),
      (name: "CB_FAIL_COUNTER", value: String(failCounter)),
      (name: "CB_RETRY_AFTER", value: retryAfter.map { DurationText.decimal(thousandths: $0.milliseconds) } ?? ""),
    ]
  }

  /// One line of JSON, ended by a newline.
  var line: [UInt8] {
    var object = JSONObject(reservingCapacity: 11)
    object.append("at", .string(RFC3339.format(at)))
    object.append("event", .string(event.rawValue))
    object.append("breaker", .string(breaker.text))
    object.append("old_state", .string(oldState.rawValue))
    object.append("new_state", .string(newState.rawValue))
    object.append("reason", .string(reason))
    object.append("exit_status", exitStatus.map { .integer(Int64($0)) } ?? .null)
    object.append("signal", signal.isEmpty ? .null : .string(signal))
    object.append("duration", duration.map { .number($0.seconds) } ?? .null)
    object.append("fail_counter", .integer(Int64(failCounter)))
    object.append("retry_after", retryAfter.map { .number($0.seconds) } ?? .null)
    var line = JSONValue.object(object).bytes(.compact)
    line.append(UInt8(ascii: "\n"))
    return line
  }

  /// One line for people and logs.
  var sentence: String {
    let change = event == .stateChange ? " \(oldState.rawValue) -> \(newState.rawValue)" : ""
    return "\(breaker): \(event.rawValue)\(change)\(reason.isEmpty ? "" : " (\(reason))")".escapingControls()
  }
}
