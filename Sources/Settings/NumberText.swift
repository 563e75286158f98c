/// The text forms of numbers and rates.
package enum NumberText {
  /// A whole number, 1 to 2147483647, in digits alone.
  static func count(_ text: String) -> Int? {
    guard isDigits(text), let value = Int32(text), value >= 1 else { return nil }
    return Int(value)
  }

  /// 0 to 255, in digits alone.
  package static func exitCode(_ text: some StringProtocol) -> Int32? {
    guard isDigits(text), let code = Int32(text), code <= 255 else { return nil }
    return code
  }

  /// Digits with at most one point, as many as a program prints: `1.5`, `0.30000000000000004`.
  package static func decimal(_ text: some StringProtocol) -> Double? {
    guard text.utf8.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: ".") }), text.utf8.contains(where: isDigit),
      text.utf8.count <= 400
    else { return nil }
    // Double takes "1." and ".5" and as many digits as there are.
    return Double(text)
  }

  /// A rate from `50%` or `0.5`, between 0 and 1; nil for anything else.
  package static func rate(_ text: some StringProtocol) -> Double? {
    let isPercent = text.hasSuffix("%")
    guard let number = decimal(isPercent ? String(text.dropLast()) : String(text)) else { return nil }
    let rate = isPercent ? number / 100 : number
    return rate <= 1 ? rate : nil
  }

  /// `2`, `1.5`.
  static func decimal(_ number: Double) -> String {
    Int64(exactly: number).map { String($0) } ?? "\(number)"
  }

  /// `50%`, `12.5%`.
  static func percent(_ rate: Double) -> String {
    "\(DurationText.decimal(thousandths: Int64((rate * 100_000).rounded())))%"
  }

  private static func isDigits(_ text: some StringProtocol) -> Bool { !text.isEmpty && text.utf8.allSatisfy(isDigit) }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
