import BreakerStore
import CircuitBreaker
import JSON
import Settings
import System

/// Events of the history as people and programs read them.
enum EventText {
  /// `closed -> open, held for 2h (5 failures in a row (exit 1))`; for what changed no state, its reason. Who acted by
  /// hand is part of it; who was behind anything else follows it.
  static func what(_ entry: HistoryEntry) -> String {
    var cause = [entry.keys.joined(separator: ", "), entry.reason ?? ""].filter { !$0.isEmpty }.joined(separator: "; ")
    if let by = entry.by {
      let pid = entry.caller.map { isActor($0, by) ? "[\($0.pid)]" : "" } ?? ""
      cause = "by \(by)\(pid)" + (cause.isEmpty ? "" : ": \(cause)")
    }
    cause = cause.escapingControls()
    guard let from = entry.from, let to = entry.to else { return cause }
    var change = from == to && entry.kind == .manual ? to.rawValue : "\(from.rawValue) -> \(to.rawValue)"
    if entry.isHold { change += ", held" }
    if let lasting = entry.lasting { change += ", held for \(DurationText.format(lasting))" }
    return cause.isEmpty ? change : "\(change) (\(cause))"
  }

  /// `ann@web-3[4711]`; empty if it is not known, or said already.
  private static func who(_ entry: HistoryEntry) -> String {
    guard let caller = entry.caller, entry.by.map({ !isActor(caller, $0) }) ?? true else { return "" }
    return WhoText.text(caller).escapingControls()
  }

  private static func isActor(_ caller: Caller, _ by: String) -> Bool { by == "\(caller.user)@\(caller.host)" }

  /// A line without its newline. `width`: that of the name's column; nil: no name.
  static func line(_ name: BreakerName?, width: Int = 0, _ entry: HistoryEntry, _ style: OutputStyle) -> String {
    var line = style.paint(ClockText.seconds(entry.at), .dim) + "  "
    if let name {
      let text = columnName(name, style)
      line += style.fence(text)
      line += String(repeating: " ", count: max(0, width - DisplayWidth.of(text)) + 2)
    }
    let kind = entry.kind.rawValue.escapingControls()
    line += style.paint(kind, ink(entry)) + String(repeating: " ", count: max(1, 14 - kind.utf8.count))
    line += what(entry)
    let who = who(entry)
    return who.isEmpty ? line : line + "  " + style.paint(who, .dim)
  }

  /// The name as its column shows it: on a terminal in at most a third of its width.
  static func columnName(_ name: BreakerName, _ style: OutputStyle) -> String {
    let text = name.text.escapingControls()
    return style.columns.map { text.cutInTheMiddle(to: max(12, $0 / 3), style.ellipsis) } ?? text
  }

  private static func ink(_ entry: HistoryEntry) -> Ink {
    switch entry.kind {
    case .stateChange, .manual: entry.to?.ink ?? .plain
    case .failure: .red
    case .lost: .yellow
    case .rejected: .dim
    case .set, .reset, .other: .plain
    }
  }

  /// As `cb history --json` shows it.
  static func json(_ name: BreakerName, _ entry: HistoryEntry) -> JSONValue {
    var object = JSONObject(reservingCapacity: 14)
    object.append("at", .string(RFC3339.format(entry.at)))
    object.append("breaker", .string(name.text))
    object.append("sequence", .integer(Int64(entry.sequence)))
    object.append("kind", .string(entry.kind.rawValue))
    object.append("from", text(entry.from?.rawValue))
    object.append("to", text(entry.to?.rawValue))
    object.append("reason", text(entry.reason))
    object.append("by", text(entry.by))
    object.append("hold", .bool(entry.isHold))
    object.append("for", entry.lasting.map { .number($0.seconds) } ?? .null)
    object.append("keys", .array(entry.keys.map { .string($0) }))
    object.append("host", text(entry.caller?.host))
    object.append("pid", entry.caller.map { .integer(Int64($0.pid)) } ?? .null)
    object.append("user", text(entry.caller?.user))
    return .object(object)
  }

  private static func text(_ value: String?) -> JSONValue {
    value.map { .string($0) } ?? .null
  }
}
