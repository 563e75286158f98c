package import CircuitBreaker

/// The text forms of durations and rates (docs/CONTRACT.md, "Settings"): `250ms`, `90s`, `5m`, `1h30m`, `2d`, `1.5`; `50%`, `0.5`.
package enum DurationText {
  /// The longest duration that is taken: 100 years.
  static let longest: Double = 100 * 365.25 * 86400 * 1000

  /// Units from the longest to the shortest; within one duration each may stand once, in this order.
  private static let units: [(suffix: String, milliseconds: Double)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
  ]

  /// Reads a duration; nil if the text is none, is negative, or is longer than 100 years.
  ///
  /// A value that is not zero is at least one millisecond.
  package static func parse(_ text: some StringProtocol) -> Span? {
    let bytes = Array(text.utf8)
    guard !bytes.isEmpty else { return nil }
    if let (seconds, end) = number(bytes, from: 0), end == bytes.count {
      return span(milliseconds: seconds * 1000)
    }
    var total = 0.0
    var position = 0
    var nextUnit = 0
    while position < bytes.count {
      guard let (value, end) = number(bytes, from: position) else { return nil }
      var unitEnd = end
      while unitEnd < bytes.count, bytes[unitEnd] >= UInt8(ascii: "a") { unitEnd += 1 }
      let suffix = String(decoding: bytes[end..<unitEnd], as: UTF8.self)
      guard let index = units.indices.dropFirst(nextUnit).first(where: { units[$0].suffix == suffix }) else {
        return nil
      }
      total += value * units[index].milliseconds
      nextUnit = index + 1
      position = unitEnd
    }
    return span(milliseconds: total)
  }

  private static func span(milliseconds: Double) -> Span? {
    guard milliseconds <= longest else { return nil }
    let rounded = milliseconds.rounded()
    return Span(milliseconds: Int64(milliseconds > 0 ? max(1, rounded) : 0))
  }

  /// Digits with at most one point, at least one digit; as many as a program prints.
  private static func number(_ bytes: [UInt8], from start: Int) -> (Double, end: Int)? {
    var end = start
    while end < bytes.count, bytes[end] == UInt8(ascii: ".") || (0x30...0x39).contains(bytes[end]) { end += 1 }
    return NumberText.decimal(String(decoding: bytes[start..<end], as: UTF8.self)).map { ($0, end) }
  }

  /// The shortest text that reads back to the same span: `250ms`, `1.5s`, `60s`, `90s`, `5m`, `1h30m`, `2d`.
  ///
  /// Up to two minutes seconds are kept, as in `reset-timeout`'s own default of 60s.
  package static func format(_ span: Span) -> String {
    span.description
  }

  /// For people who wait: whole seconds, rounded up, so that the hint is never too early; `42s`, `5m10s`, `2h`.
  package static func formatRetry(_ span: Span) -> String {
    let seconds = max(0, span.milliseconds) / 1000 + (span.milliseconds % 1000 > 0 ? 1 : 0)
    return format(.seconds(seconds))
  }

  /// A count of thousandths as a decimal number without needless zeros: 1500 is `1.5`.
  package static func decimal(thousandths: Int64) -> String {
    let (whole, remainder) = thousandths.quotientAndRemainder(dividingBy: 1000)
    guard remainder != 0 else { return String(whole) }
    var fraction = String(abs(remainder) + 1000).dropFirst()
    while fraction.hasSuffix("0") { fraction = fraction.dropLast() }
    return (thousandths < 0 && whole == 0 ? "-" : "") + "\(whole).\(fraction)"
  }
}
