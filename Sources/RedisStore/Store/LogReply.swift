import BreakerStore
import CircuitBreaker
import JSON

/// What the scripts answer, every element checked.
struct LogReply {
  var now: Timestamp
  var base: Int
  var next: Int
  /// Empty if the client has what it holds, and where there is none yet.
  var snapshot: [UInt8]
  /// The id of the last event in the snapshot.
  var snapshotID: String
  /// After a change: whether the key goes away by itself.
  var isMortal: Bool
  /// Whether the script wrote what it was given: not where that was to happen only for a client that has seen all.
  var wasWritten: Bool
  /// The time and the JSON of each event.
  var events: [(time: Timestamp, event: JSONValue)]

  enum Fault: Error {
    /// Data under the key that are not cb's.
    case foreign
    case newer(String)
    case senseless(String)
  }

  init(_ reply: RedisReply) throws(Fault) {
    guard let parts = reply.array, let kind = parts.first?.string else { throw .senseless("it is not a list") }
    switch kind {
    case "foreign": throw .foreign
    case "version":
      guard parts.count > 1, let version = parts[1].string.flatMap({ Int($0) }) else { throw .foreign }
      throw .newer("the format \(version)")
    case "ok": break
    default: throw .senseless("it has no status")
    }
    guard parts.count >= 7, let now = parts[1].string.flatMap({ Int64($0) }), (0...9_000_000_000_000_000).contains(now),
      let base = parts[2].string.flatMap({ Int($0) }), let next = parts[3].string.flatMap({ Int($0) }),
      base >= 0, next >= base, let snapshot = parts[4].bytes, let snapshotID = parts[5].string,
      let mortal = parts[6].string
    else { throw .senseless("its head is not readable") }
    self.now = Timestamp(milliseconds: now)
    self.base = base
    self.next = next
    self.snapshot = snapshot
    self.snapshotID = snapshotID
    isMortal = mortal == "1"
    wasWritten = !mortal.isEmpty
    events = []
    for part in parts.dropFirst(7) {
      guard let bytes = part.bytes, let space = bytes.firstIndex(of: UInt8(ascii: " ")),
        let time = Int64(String(decoding: bytes[..<space], as: UTF8.self)),
        let event = try? JSONValue.parse(Array(bytes[(space + 1)...]))
      else { throw .senseless("an event is not readable") }
      events.append((Timestamp(milliseconds: time), event))
    }
    guard first >= base else { throw .senseless("it has more events than there are") }
  }

  /// Nothing but the head, for a client that can do without the events.
  var isBrief: Bool { events.isEmpty && snapshot.isEmpty }

  /// The number of the first event in the reply.
  var first: Int { next - events.count }
}
