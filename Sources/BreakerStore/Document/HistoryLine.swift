package import CircuitBreaker
package import JSON

extension BreakerDocument {
  /// An entry of the history as `[time, kind, from, to, reason, by]`, a line in the document, which people read; what
  /// not every entry has is in an object behind that, where unknown members are kept.
  static func encode(_ entry: HistoryEntry) -> [JSONValue] {
    var fields: [JSONValue] = [
      time(entry.at), .string(entry.kind.rawValue), text(entry.from?.rawValue), text(entry.to?.rawValue),
      text(entry.reason), text(entry.by),
    ]
    var more = JSONObject()
    more.append("hold", flag: entry.isHold)
    if let span = entry.lasting { more.append("for", span) }
    if !entry.keys.isEmpty { more.append("keys", .array(entry.keys.map { .string($0) })) }
    more.append(entry.caller)
    more.append(entry.kept)
    if !more.isEmpty { fields.append(.object(more)) }
    return fields
  }

  /// An entry as a line of its own: its number, then as in the document.
  package static func historyLine(_ entry: HistoryEntry) -> [UInt8] {
    var bytes = JSONValue.array([.integer(Int64(entry.sequence))] + encode(entry)).bytes(.compact)
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }

  /// Reads such a line.
  package static func historyEntry(line: ArraySlice<UInt8>) throws(FormatFault) -> HistoryEntry {
    guard let value = try? JSONValue.parse(Array(line)), let fields = value.array, let sequence = fields.first?.int,
      sequence >= 0
    else { throw .damaged("a line of the history is not readable") }
    return try decodeEntry(fields, from: 1, sequence: sequence)
  }

  /// - Parameter first: where the entry begins in `fields`.
  static func decodeEntry(
    _ fields: [JSONValue], from first: Int = 0, sequence: Int
  ) throws(FormatFault) -> HistoryEntry {
    guard (6...7).contains(fields.count - first), let at = fields[first].string.flatMap(RFC3339.parse),
      let kind = fields[first + 1].string,
      (2...5).allSatisfy({ fields[first + $0].isNull || fields[first + $0].string != nil })
    else { throw .damaged("an entry of the history is not readable") }
    let (from, to) = (try state(fields[first + 2]), try state(fields[first + 3]))
    let (reason, by) = (fields[first + 4].string, fields[first + 5].string)
    guard fields.count - first == 7 else {
      return HistoryEntry(
        sequence: sequence, at: at, kind: HistoryEntry.Kind(text: kind), from: from, to: to, reason: reason, by: by)
    }
    var more = try MemberReader(fields[first + 6], "what an entry of the history says beyond")
    let isHold = try more.flag("hold")
    let lasting = try more.optionalSpan("for")
    let keys = try more.texts("keys")
    var entry = HistoryEntry(
      sequence: sequence, at: at, kind: HistoryEntry.Kind(text: kind), from: from, to: to, reason: reason, by: by,
      isHold: isHold, lasting: lasting, keys: keys, caller: more.caller())
    entry.kept = more.kept
    return entry
  }

  private static func state(_ value: JSONValue) throws(FormatFault) -> CircuitState? {
    guard let text = value.string else { return nil }
    guard let state = CircuitState(text: text) else { throw .unknown("the state", text) }
    return state
  }

  private static func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }

  /// A time as the history writes it: RFC 3339 in UTC, to the millisecond.
  package static func time(_ time: Timestamp) -> JSONValue { .string(RFC3339.format(time)) }
}
