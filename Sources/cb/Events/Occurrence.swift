import BreakerStore
import CircuitBreaker
import JSON
import Settings
import System

/// One event as listeners get it (docs/CONTRACT.md, "Events"): in the environment, and as a JSON object.
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
  /// The process that announces it.
  var caller: Caller
  /// Who acted by hand, or what holds the circuit; empty for anything else.
  var by = ""
  /// What was asked for by hand.
  var act: ManualAct?
  /// Whether `mode observe` rejects nothing.
  var isObserved = false
  /// The trace of the caller, by the W3C's Trace Context.
  var traceParent: String?

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

  /// Names as listeners have them in the environment, and as the journal has them for fields.
  var fields: [(name: String, value: String)] {
    [
      (name: "CB_EVENT", value: event.rawValue), (name: "CB_BREAKER", value: breaker.text),
      (name: "CB_OLD_STATE", value: oldState.rawValue), (name: "CB_NEW_STATE", value: newState.rawValue),
      (name: "CB_REASON", value: reason), (name: "CB_EXIT_STATUS", value: exitStatus.map { String($0) } ?? ""),
      (name: "CB_SIGNAL", value: signal),
      (name: "CB_DURATION", value: duration.map { DurationText.decimal(thousandths: $0.milliseconds) } ?? ""),
      (name: "CB_FAIL_COUNTER", value: String(failCounter)),
      (name: "CB_RETRY_AFTER", value: retryAfter.map { DurationText.decimal(thousandths: $0.milliseconds) } ?? ""),
      (name: "CB_HOST", value: caller.host), (name: "CB_PID", value: String(caller.pid)),
      (name: "CB_USER", value: caller.user), (name: "CB_BY", value: by),
    ]
  }

  var environment: [String] { fields.map { $0.name + "=" + $0.value } }

  /// One line of JSON, ended by a newline.
  var line: [UInt8] {
    var object = JSONObject(reservingCapacity: 20)
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
    object.append("host", .string(caller.host))
    object.append("pid", .integer(Int64(caller.pid)))
    object.append("user", .string(caller.user))
    object.append("by", by.isEmpty ? .null : .string(by))
    if let act { act.append(to: &object) }
    if isObserved { object.append("observed", .bool(true)) }
    if let traceParent { object.append("trace_parent", .string(traceParent)) }
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

/// What an act by hand asked for (docs/CONTRACT.md, "Events", `manual`).
struct ManualAct {
  /// The command: `open`, `set`, `reset` and so on.
  var command: String
  /// Whether it holds the state until somebody ends that.
  var isHold = false
  /// How long it holds the state.
  var lasting: Span?
  /// The settings that it changed.
  var keys: [String] = []

  init(_ command: String, isHold: Bool = false, lasting: Span? = nil, keys: [String] = []) {
    self.command = command
    self.isHold = isHold
    self.lasting = lasting
    self.keys = keys
  }

  fileprivate func append(to object: inout JSONObject) {
    object.append("act", .string(command))
    object.append("hold", .bool(isHold))
    object.append("for", lasting.map { .number($0.seconds) } ?? .null)
    object.append("keys", .array(keys.map { .string($0) }))
  }
}
