import BreakerStore
import CircuitBreaker
import JSON
import System

/// Events of the history as people and programs read them.
enum EventText {
  /// `closed -> open (5 failures in a row (exit 1))`; for what changed no state, its reason.
  static func what(_ entry: HistoryEntry) -> String {
    var cause = entry.reason ?? ""
    if let by = entry.by { cause = "by \(by)" + (cause.isEmpty ? "" : ": \(cause)") }
    guard let from = entry.from, let to = entry.to else { return cause.escapingControls() }
    let change = "\(from.rawValue) -> \(to.rawValue)"
    return cause.isEmpty ? change : "\(change) (\(cause.escapingControls()))"
  }

  /// A line without its newline. `width`: that of the name's column; nil: no name.
  static func line(_ name: BreakerName?, width: Int = 0, _ entry: HistoryEntry, _ style: OutputStyle) -> String {
    var line = style.paint(ClockText.seconds(entry.at), .dim) + "  "
    if let name {
      let text = columnName(name, style)
      line += style.fence(text)
      line += String(repeating: " ", count: max(0, width - DisplayWidth.of(text)) + 2)
    }
    let kind = entry.kind.rawValue
    line += style.paint(kind, ink(entry)) + String(repeating: " ", count: max(0, 14 - kind.utf8.count))
    return line + what(entry)
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
    case .set, .reset, .other: .plain
    case .rejected: .dim
    }
  }

  /// As `cb history --json` shows it.
  static func json(_ name: BreakerName, _ entry: HistoryEntry) -> JSONValue {
    var object = JSONObject(reservingCapacity: 8)
    object.append("at", .string(RFC3339.format(entry.at)))
    object.append("breaker", .string(name.text))
    object.append("sequence", .integer(Int64(entry.sequence)))
    object.append("kind", .string(entry.kind.rawValue))
    object.append("from", text(entry.from?.rawValue))
    object.append("to", text(entry.to?.rawValue))
    object.append("reason", text(entry.reason))
    object.append("by", text(entry.by))
    return .object(object)
  }

  private static func text(_ value: String?) -> JSONValue {
    value.map { .string($0) } ?? .null
  }
}
