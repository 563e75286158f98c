package import CircuitBreaker

/// RFC 3339 as other programs and people write it: with or without a fraction of a second, `T`, `t` or a space in the
/// middle, `Z` or a distance from UTC. The core's own form, which is the only one that it reads, has always milliseconds
/// and `Z`.
package enum RFC3339Text {
  /// nil for any other text, and for a day or a time of day that there is not. What is beyond milliseconds is cut off.
  package static func parse(_ text: String) -> Timestamp? {
    let bytes = Array(text.utf8)
    guard bytes.count >= 20, [0x54, 0x74, 0x20].contains(bytes[10]) else { return nil }
    let day = String(decoding: bytes[..<10], as: UTF8.self)
    let clock = String(decoding: bytes[11..<19], as: UTF8.self)
    var rest = bytes[19...]
    var fraction: ArraySlice<UInt8> = []
    if rest.first == UInt8(ascii: ".") {
      fraction = rest.dropFirst().prefix { (0x30...0x39).contains($0) }
      if fraction.isEmpty { return nil }
      rest = rest.dropFirst(1 + fraction.count)
    }
    let milliseconds = String(decoding: (fraction + [0x30, 0x30, 0x30]).prefix(3), as: UTF8.self)
    guard let offset = offset(rest), let local = RFC3339.parse("\(day)T\(clock).\(milliseconds)Z"),
      // The core takes the 31st of any month for so many days after its 1st.
      RFC3339.format(local).utf8.starts(with: day.utf8)
    else { return nil }
    return Timestamp(milliseconds: local.milliseconds - offset.milliseconds)
  }

  /// `Z`, `+01:00`, `-05:30`.
  private static func offset(_ text: ArraySlice<UInt8>) -> Span? {
    let bytes = Array(text)
    if bytes == [0x5A] || bytes == [0x7A] { return .zero }
    guard bytes.count == 6, bytes[0] == UInt8(ascii: "+") || bytes[0] == UInt8(ascii: "-"),
      bytes[3] == UInt8(ascii: ":"), let hours = number(bytes[1..<3]), let minutes = number(bytes[4..<6]), hours < 24,
      minutes < 60
    else { return nil }
    let seconds = hours * 3600 + minutes * 60
    return .seconds(bytes[0] == UInt8(ascii: "-") ? -seconds : seconds)
  }

  /// Of digits only: Int64 also accepts a sign.
  private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    digits.allSatisfy { (0x30...0x39).contains($0) } ? Int64(String(decoding: digits, as: UTF8.self)) : nil
  }
}
