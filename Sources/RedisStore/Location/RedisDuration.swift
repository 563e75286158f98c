/// Durations in a store's URL: `250ms`, `90s`, `5m`, `1h30m`, `2d`, or a bare number of seconds (`1.5`).
///
/// A function of this module until settings and URLs share one: the rules are those of section 3 of the contract.
enum RedisDuration {
  /// - Returns: nil where the text is no duration or does not fit.
  static func parse(_ text: [UInt8]) -> Duration? {
    if let seconds = decimal(text[...]) { return .nanoseconds(seconds) }
    var rest = text[...]
    var total: Int64 = 0
    var lastUnit = Int64.max
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { isDigit($0) || $0 == UInt8(ascii: ".") }
      rest = rest.dropFirst(digits.count)
      let letters = rest.prefix { !isDigit($0) && $0 != UInt8(ascii: ".") }
      rest = rest.dropFirst(letters.count)
      guard let unit = unit(letters), unit < lastUnit, let amount = decimal(digits) else { return nil }
      lastUnit = unit
      // amount is in billionths of a unit; unit is in nanoseconds
      let (high, low) = amount.multipliedFullWidth(by: unit)
      guard high < 500_000_000 else { return nil }
      let (part, _) = Int64(1_000_000_000).dividingFullWidth((high, low))
      let (sum, overflow) = total.addingReportingOverflow(part)
      guard !overflow else { return nil }
      total = sum
    }
    return .nanoseconds(total)
  }

  private static func unit(_ letters: ArraySlice<UInt8>) -> Int64? {
    switch String(decoding: letters, as: UTF8.self) {
    case "ms": 1_000_000
    case "s": 1_000_000_000
    case "m": 60 * 1_000_000_000
    case "h": 3600 * 1_000_000_000
    case "d": 86400 * 1_000_000_000
    default: nil
    }
  }

  /// A decimal number in billionths, at most nine digits on each side of the point.
  private static func decimal(_ text: ArraySlice<UInt8>) -> Int64? {
    let parts = text.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first, !whole.isEmpty, whole.count <= 9, whole.allSatisfy(isDigit) else { return nil }
    var value = whole.reduce(Int64(0)) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    guard parts.count == 2 else { return value * 1_000_000_000 }
    let fraction = parts[1]
    guard !fraction.isEmpty, fraction.count <= 9, fraction.allSatisfy(isDigit) else { return nil }
    for digit in fraction { value = value * 10 + Int64(digit - UInt8(ascii: "0")) }
    for _ in fraction.count..<9 { value *= 10 }
    return value
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}
