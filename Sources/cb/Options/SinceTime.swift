import CircuitBreaker
import Settings

/// The TIME of `history --since`: RFC 3339 (also a day alone), seconds since 1970, or a duration ago.
enum SinceTime {
  /// nil for a text that is none of these.
  ///
  /// - Parameter now: the store's time.
  static func parse(_ text: String, now: Timestamp) -> Timestamp? {
    if let seconds = Double(text), seconds >= firstEpochSecond, seconds < 1e12 {
      return Timestamp(milliseconds: Int64((seconds * 1000).rounded()))
    }
    if let span = DurationText.parse(text) { return Timestamp(milliseconds: now.milliseconds - span.milliseconds) }
    return rfc3339(text)
  }

  static let range =
    "it must be a time such as 2026-11-23T15:00:00Z, seconds since 1970, or a duration ago such as 90m or 2d"

  /// From here on a bare number is a point in time: 31 years ago there was no history.
  private static let firstEpochSecond = 1_000_000_000.0

  /// `2026-11-23`, `2026-11-23T15:17:26Z`, `2026-11-23 16:17:26.5+01:00`: brought into the form that the core reads.
  private static func rfc3339(_ text: String) -> Timestamp? {
    let bytes = Array(text.utf8)
    if bytes.count == 10 { return RFC3339.parse(text + "T00:00:00.000Z") }
    guard bytes.count >= 20, [0x54, 0x74, 0x20].contains(bytes[10]) else { return nil }
    let clock = String(decoding: bytes[11..<19], as: UTF8.self)
    var rest = bytes[19...]
    var fraction: [UInt8] = []
    if rest.first == UInt8(ascii: ".") {
      fraction = Array(rest.dropFirst().prefix { (0x30...0x39).contains($0) })
      if fraction.isEmpty { return nil }
      rest = rest.dropFirst(1 + fraction.count)
    }
    let milliseconds = String(decoding: (fraction + [0x30, 0x30]).prefix(3), as: UTF8.self)
    let day = String(decoding: bytes[..<10], as: UTF8.self)
    let padded = fraction.isEmpty ? "000" : milliseconds
    guard let offset = offset(String(decoding: rest, as: UTF8.self)),
      let local = RFC3339.parse("\(day)T\(clock).\(padded)Z")
    else { return nil }
    return Timestamp(milliseconds: local.milliseconds - offset.milliseconds)
  }

  /// `Z`, `+01:00`, `-05:30`.
  private static func offset(_ text: String) -> Span? {
    if text == "Z" || text == "z" { return .zero }
    let bytes = Array(text.utf8)
    guard bytes.count == 6, bytes[0] == UInt8(ascii: "+") || bytes[0] == UInt8(ascii: "-"),
      bytes[3] == UInt8(ascii: ":"), let hours = Int64(String(decoding: bytes[1..<3], as: UTF8.self)),
      let minutes = Int64(String(decoding: bytes[4..<6], as: UTF8.self)), (0..<24).contains(hours),
      (0..<60).contains(minutes)
    else { return nil }
    let seconds = hours * 3600 + minutes * 60
    return .seconds(bytes[0] == UInt8(ascii: "-") ? -seconds : seconds)
  }
}
