package import CircuitBreaker

/// The text forms of a time to come back (docs/CONTRACT.md, "Settings", `retry-hint`): seconds, a duration, an HTTP date
/// of any of its three forms (RFC 9110, 5.6.7), RFC 3339, and from 1000000000 on seconds since 1970.
package enum RetryHintText {
  /// From here on a bare number is a point in time: nobody asks to be left alone for 31 years.
  private static let firstEpochSecond = 1_000_000_000.0

  /// nil for a text that is none of these; spaces and a line end around it do not matter.
  package static func parse(_ text: String) -> RetryHint? {
    let text = trimmed(text)
    if let number = NumberText.decimal(text) {
      if number >= firstEpochSecond {
        return number < 1e12 ? .at(Timestamp(milliseconds: Int64((number * 1000).rounded()))) : nil
      }
      return .after(Span(milliseconds: Int64((number * 1000).rounded(.up))))
    }
    if let span = DurationText.parse(text) { return .after(span) }
    if let time = RFC3339Text.parse(text) { return .at(time) }
    return httpDate(text).map { .at($0) }
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
  ///
  /// By hand, as Glibc's module does not have strptime(3), and FoundationEssentials' parser of HTTP dates takes the first
  /// form only; the parts are put into RFC 3339, whose reader checks
  /// them. The day of the week is not held against the date.
  private static func httpDate(_ text: String) -> Timestamp? {
    let words = text.split { $0 == " " || $0 == "," || $0 == "-" }.map(String.init)
    let (day, month, year, clock): (String, String, String, String)
    switch words.count {
    case 6 where words[5] == "GMT": (day, month, year, clock) = (words[1], words[2], words[3], words[4])
    case 5: (month, day, clock, year) = (words[1], words[2], words[3], words[4])
    default: return nil
    }
    guard let index = months.firstIndex(of: month), let number = Int(year), (day + year).utf8.allSatisfy(isDigit) else {
      return nil
    }
    // Two digits: what would be more than 50 years ahead is of the century before (RFC 9110, 5.6.7).
    let full = year.utf8.count == 2 ? (number < 76 ? 2000 + number : 1900 + number) : number
    return RFC3339Text.parse("\(full)-\(two(index + 1))-\(two(Int(day) ?? 0))T\(clock)Z")
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private static func trimmed(_ text: String) -> String {
    var bytes = Array(text.utf8)[...]
    while let last = bytes.last, last <= 0x20 { bytes.removeLast() }
    while let first = bytes.first, first <= 0x20 { bytes.removeFirst() }
    return String(decoding: bytes, as: UTF8.self)
  }
}
