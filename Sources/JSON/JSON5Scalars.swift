/// Strings, keys and numbers of JSON5.
extension JSON5Parser {
  /// Letters, digits, `$` and `_` of ASCII, and any byte of a longer scalar.
  func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "$"), UInt8(ascii: "_"), 0x80...:
      true
    default: false
    }
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
      // U+2028 and U+2029 may stand in a string as they are (JSON5, section 5.2), the ASCII line ends may not.
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
    guard index < text.count else { throw fail(.unexpectedEnd(expected: "the rest of the escape sequence")) }
    let continuation = lineTerminator(at: index)
    if continuation > 0 {
      index += continuation
      return
    }
    let escape = text[index]
    index += 1
    switch escape {
    case UInt8(ascii: "b"): bytes.append(0x08)
    case UInt8(ascii: "f"): bytes.append(0x0C)
    case UInt8(ascii: "n"): bytes.append(0x0A)
    case UInt8(ascii: "r"): bytes.append(0x0D)
    case UInt8(ascii: "t"): bytes.append(0x09)
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
    default: bytes.append(escape)  // any other stands for itself; what follows of a longer scalar is copied as usual
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
      content = try parseDecimal(isNegative: isNegative, from: start)
    }
    guard !isWordByte(current), current != UInt8(ascii: ".") else { throw fail(.invalidNumber, at: start) }
    return content
  }

  private mutating func parseNonFinite(isNegative: Bool, from start: Int) throws(JSONError) -> LocatedJSON.Content {
    let word = index
    while isWordByte(current) { index += 1 }
    switch String(decoding: text[word..<index], as: UTF8.self) {
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
    guard index > digits else { throw fail(.invalidNumber, at: start) }
    guard approximate.isFinite else { throw fail(.numberOutOfRange, at: start) }
    if isExact, let integer = signed(magnitude, isNegative: isNegative) { return .integer(integer) }
    return .number(isNegative ? -approximate : approximate)
  }

  private mutating func parseDecimal(isNegative: Bool, from start: Int) throws(JSONError) -> LocatedJSON.Content {
    let first = index
    let whole = skipDigits()
    guard whole < 2 || text[first] != UInt8(ascii: "0") else { throw fail(.invalidNumber, at: start) }
    var fraction = 0
    var isWhole = true
    if current == UInt8(ascii: ".") {
      isWhole = false
      index += 1
      fraction = skipDigits()
    }
    guard whole + fraction > 0 else { throw fail(.invalidNumber, at: start) }
    if current | 0x20 == UInt8(ascii: "e") {
      isWhole = false
      index += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { index += 1 }
      guard skipDigits() > 0 else { throw fail(.invalidNumber, at: start) }
    }
    let literal = String(decoding: text[first..<index], as: UTF8.self)
    if isWhole, let magnitude = UInt64(literal), let integer = signed(magnitude, isNegative: isNegative) {
      return .integer(integer)
    }
    // The literal may begin or end with its point, which Double's parser takes only with a digit beside it.
    guard let value = Double("0" + withDigitAfterPoint(literal)) else { throw fail(.invalidNumber, at: start) }
    guard value.isFinite else { throw fail(.numberOutOfRange, at: start) }
    return .number(isNegative ? -value : value)
  }

  private func withDigitAfterPoint(_ literal: String) -> String {
    var result: [UInt8] = []
    for byte in literal.utf8 {
      if result.last == UInt8(ascii: "."), byte &- UInt8(ascii: "0") > 9 { result.append(UInt8(ascii: "0")) }
      result.append(byte)
    }
    if result.last == UInt8(ascii: ".") { result.append(UInt8(ascii: "0")) }
    return String(decoding: result, as: UTF8.self)
  }

  private mutating func skipDigits() -> Int {
    let start = index
    while current &- UInt8(ascii: "0") < 10 { index += 1 }
    return index - start
  }

  /// Nil for -0, which only a Double can hold, and for what does not fit.
  private func signed(_ magnitude: UInt64, isNegative: Bool) -> Int64? {
    if !isNegative { return Int64(exactly: magnitude) }
    guard magnitude > 0, magnitude <= UInt64(Int64.max) + 1 else { return nil }
    return Int64(truncatingIfNeeded: 0 &- magnitude)
  }
}
