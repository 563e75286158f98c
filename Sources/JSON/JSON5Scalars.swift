/// Strings, keys and numbers of JSON5.
extension JSON5Parser {
  /// Letters and digits of ASCII, `$` and `_`.
  private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "$"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  /// The length in bytes of the scalar at `index`, if it could belong to a word or an identifier; else 0.
  private var wordScalarLength: Int {
    if current < 0x80 { return isWordByte(current) ? 1 : 0 }
    guard let scalar = JSON.scalar(at: index, in: text), isIdentifier(scalar, first: false) else { return 0 }
    return UTF8.width(scalar)
  }

  /// Reads the letters and digits at `index`; empty if there are none.
  mutating func parseWordText() -> String {
    let start = index
    while wordScalarLength > 0 { index += wordScalarLength }
    return String(decoding: text[start..<index], as: UTF8.self)
  }

  // MARK: Strings

  mutating func parseString() throws(JSONError) -> String {
    let quote = current
    var bytes: [UInt8] = []
    index += 1
    while index < text.count {
      let byte = text[index]
      if byte == quote {
        index += 1
        return String(decoding: bytes, as: UTF8.self)
      }
      switch byte {
      case UInt8(ascii: "\\"): try parseEscape(into: &bytes)
      // A string may contain U+2028 and U+2029 (JSON5, section 5.2), but not the line ends of ASCII.
      case 0x0A, 0x0D: throw fail(.controlCharacter(byte))
      default:
        bytes.append(byte)
        index += 1
      }
    }
    throw fail(.unexpectedEnd(expected: "the closing quote"))
  }

  private mutating func parseEscape(into bytes: inout [UInt8]) throws(JSONError) {
    let start = index
    index += 1
    guard index < text.count else { throw fail(.unexpectedEnd(expected: "an escape sequence")) }
    let continuation = lineTerminator(at: index)
    if continuation > 0 {
      index += continuation
      return
    }
    let escape = text[index]
    index += 1
    switch escape {
    case UInt8(ascii: "v"): bytes.append(0x0B)
    case UInt8(ascii: "0"):
      guard current &- UInt8(ascii: "0") > 9 else { throw fail(.invalidEscape, at: start) }
      bytes.append(0)
    case UInt8(ascii: "1")...UInt8(ascii: "9"): throw fail(.invalidEscape, at: start)
    case UInt8(ascii: "x"):
      guard let code = hexadecimal(2, in: text, at: &index), let scalar = Unicode.Scalar(code) else {
        throw fail(.invalidEscape, at: start)
      }
      append(scalar, to: &bytes)
    case UInt8(ascii: "u"):
      append(try parseUnicodeEscape(in: text, at: &index, from: start), to: &bytes)
    // Any other character means itself; of a longer scalar this is the first byte, and the others are copied as usual.
    default: bytes.append(controlCharacter(escapedBy: escape) ?? escape)
    }
  }

  private func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
    UTF8.encode(scalar, into: { bytes.append($0) })
  }

  // MARK: Keys

  /// A key: a string, or an ECMAScript 5.1 IdentifierName, reserved words included.
  mutating func parseKey() throws(JSONError) -> String {
    if current == UInt8(ascii: "\"") || current == UInt8(ascii: "'") { return try parseString() }
    let start = index
    var bytes: [UInt8] = []
    while index < text.count {
      let before = index
      var scalar: Unicode.Scalar
      if text[index] == UInt8(ascii: "\\") {
        index += 1
        guard current == UInt8(ascii: "u") else { throw fail(.invalidEscape, at: before) }
        index += 1
        scalar = try parseUnicodeEscape(in: text, at: &index, from: before)
        guard isIdentifier(scalar, first: before == start) else { throw fail(.invalidEscape, at: before) }
      } else {
        guard let plain = JSON.scalar(at: index, in: text) else { throw fail(.invalidUTF8) }
        guard isIdentifier(plain, first: before == start) else { break }
        scalar = plain
        index += UTF8.width(plain)
      }
      append(scalar, to: &bytes)
    }
    guard !bytes.isEmpty else { throw unexpected("a key or '}'") }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func isIdentifier(_ scalar: Unicode.Scalar, first: Bool) -> Bool {
    if scalar.isASCII {
      let byte = UInt8(scalar.value)
      return isWordByte(byte) && !(first && byte &- UInt8(ascii: "0") < 10)
    }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .letterNumber: return true
    case .nonspacingMark, .spacingMark, .decimalNumber, .connectorPunctuation: return !first
    default: return !first && (scalar == "\u{200C}" || scalar == "\u{200D}")
    }
  }

  // MARK: Numbers

  mutating func parseNumber() throws(JSONError) -> LocatedJSON.Content {
    let start = index
    let isNegative = current == UInt8(ascii: "-")
    if isNegative || current == UInt8(ascii: "+") { index += 1 }
    let content: LocatedJSON.Content
    if current == UInt8(ascii: "I") || current == UInt8(ascii: "N") {
      content = try parseNonFinite(isNegative: isNegative, from: start)
    } else if current == UInt8(ascii: "0"), index + 1 < text.count, text[index + 1] | 0x20 == UInt8(ascii: "x") {
      content = try parseHexadecimal(isNegative: isNegative, from: start)
    } else {
      switch try parseDecimal(.json5, isNegative: isNegative, in: text, at: &index, from: start) {
      case .integer(let value): content = .integer(value)
      case .number(let value): content = .number(value)
      }
    }
    guard wordScalarLength == 0, current != UInt8(ascii: ".") else { throw fail(.invalidNumber, at: start) }
    return content
  }

  private mutating func parseNonFinite(isNegative: Bool, from start: Int) throws(JSONError) -> LocatedJSON.Content {
    switch parseWordText() {
    case "Infinity": return .number(isNegative ? -.infinity : .infinity)
    case "NaN": return .number(.nan)
    default: throw fail(.invalidNumber, at: start)
    }
  }

  private mutating func parseHexadecimal(isNegative: Bool, from start: Int) throws(JSONError) -> LocatedJSON.Content {
    index += 2
    let digits = index
    var magnitude: UInt64 = 0
    var approximate = 0.0
    var isExact = true
    while let digit = hexadecimalDigit(current) {
      isExact = isExact && magnitude >> 60 == 0
      magnitude = magnitude << 4 | UInt64(digit)
      approximate = approximate * 16 + Double(digit)
      index += 1
    }
    guard index > digits else { throw unexpected("a hexadecimal digit") }
    guard approximate.isFinite else { throw fail(.numberOutOfRange, at: start) }
    if isExact, let integer = signed(magnitude, isNegative: isNegative) { return .integer(integer) }
    return .number(isNegative ? -approximate : approximate)
  }

  /// Nil for -0, which only a Double can hold, and for what does not fit.
  private func signed(_ magnitude: UInt64, isNegative: Bool) -> Int64? {
    if !isNegative { return Int64(exactly: magnitude) }
    guard magnitude > 0, magnitude <= UInt64(Int64.max) + 1 else { return nil }
    return Int64(truncatingIfNeeded: 0 &- magnitude)
  }
}
