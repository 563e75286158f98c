import Glibc

/// The limits of a text, so that a hostile one exhausts neither stack nor memory.
package struct JSONLimits: Sendable {
  /// Levels of arrays and objects.
  package var depth = 64
  /// Bytes of the whole text; by default 16 MiB, the most that the file store allows a document.
  package var size = 16 << 20

  /// `depth` in levels, `size` in bytes.
  package init(depth: Int = 64, size: Int = 16 << 20) {
    self.depth = depth
    self.size = size
  }
}

extension JSONValue {
  /// Reads one strict RFC 8259 text: UTF-8, no byte order mark, no duplicate keys, no half surrogates. Throws at the
  /// first byte that breaks a rule or a limit.
  package static func parse(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSONValue {
    try bytes.withUnsafeBufferPointer { (text) throws(JSONError) in try parse(text, limits: limits) }
  }

  /// The same of bytes in place; nothing points to them once it returns.
  package static func parse(
    _ text: UnsafeBufferPointer<UInt8>, limits: JSONLimits = JSONLimits()
  ) throws(JSONError) -> JSONValue {
    var parser = JSONParser(text: text, limits: limits)
    return try parser.parseText()
  }
}

/// A recursive descent over bytes. Positions are worked out only when there is an error: the strict path runs in
/// every `cb run` and keeps only an offset.
struct JSONParser {
  private let text: UnsafeBufferPointer<UInt8>
  private let limits: JSONLimits
  private var index = 0
  private var depth = 0

  init(text: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
    self.text = text
    self.limits = limits
  }

  mutating func parseText() throws(JSONError) -> JSONValue {
    guard text.count <= limits.size else { throw JSONError(.tooLarge(limit: limits.size), at: limits.size, in: text) }
    if text.count >= 3, text[0] == 0xEF, text[1] == 0xBB, text[2] == 0xBF { throw fail(.byteOrderMark) }
    skipSpace()
    let value = try parseValue()
    skipSpace()
    guard index == text.count else { throw unexpected("the end of the text") }
    return value
  }

  // MARK: Bytes

  @inline(__always)
  private var current: UInt8 { index < text.count ? text[index] : 0 }  // 0 is valid nowhere outside of a string

  @inline(__always)
  private mutating func skipSpace() {
    while index < text.count {
      let byte = text[index]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
      index &+= 1
    }
  }

  private func fail(_ reason: JSONError.Reason) -> JSONError { JSONError(reason, at: index, in: text) }

  private func unexpected(_ expected: String) -> JSONError { JSON.unexpected(expected, in: text, at: index) }

  // MARK: Values

  private mutating func parseValue() throws(JSONError) -> JSONValue {
    switch current {
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "{"): return try parseObject()
    case UInt8(ascii: "["): return try parseArray()
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
    case UInt8(ascii: "t"):
      try expect("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try expect("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try expect("null")
      return .null
    default: throw unexpected("a value")
    }
  }

  @inline(__always)
  private mutating func expect(_ word: StaticString) throws(JSONError) {
    let count = word.utf8CodeUnitCount
    for offset in 0..<count {
      guard current == word.utf8Start[offset] else { throw unexpected("\(word)") }
      index &+= 1
    }
  }

  private mutating func enter() throws(JSONError) {
    guard depth < limits.depth else { throw fail(.tooDeep(limit: limits.depth)) }
    depth &+= 1
    index &+= 1
    skipSpace()
  }

  private mutating func parseArray() throws(JSONError) -> JSONValue {
    try enter()
    defer { depth &-= 1 }
    var elements: [JSONValue] = []
    if current == UInt8(ascii: "]") {
      index &+= 1
      return .array(elements)
    }
    elements.reserveCapacity(4)
    while true {
      elements.append(try parseValue())
      skipSpace()
      switch current {
      case UInt8(ascii: ","):
        index &+= 1
        skipSpace()
      case UInt8(ascii: "]"):
        index &+= 1
        return .array(elements)
      default: throw unexpected("',' or ']'")
      }
    }
  }

  private mutating func parseObject() throws(JSONError) -> JSONValue {
    try enter()
    defer { depth &-= 1 }
    if current == UInt8(ascii: "}") {
      index &+= 1
      return .object(JSONObject())
    }
    var object = JSONObject(reservingCapacity: 8)
    var seen = JSONKeySet()
    while true {
      guard current == UInt8(ascii: "\"") else { throw unexpected("a key in double quotes") }
      let start = index
      let key = try parseString()
      let quoted = UnsafeBufferPointer(rebasing: text[start..<index])
      guard seen.insert(key, quoted, after: object) else { throw JSONError(.duplicateKey(key), at: start, in: text) }
      skipSpace()
      guard current == UInt8(ascii: ":") else { throw unexpected("':'") }
      index &+= 1
      skipSpace()
      object.append(key, try parseValue())
      skipSpace()
      switch current {
      case UInt8(ascii: ","):
        index &+= 1
        skipSpace()
      case UInt8(ascii: "}"):
        index &+= 1
        return .object(object)
      default: throw unexpected("',' or '}'")
      }
    }
  }

  // MARK: Numbers

  private mutating func parseNumber() throws(JSONError) -> JSONValue {
    let start = index
    let isNegative = current == UInt8(ascii: "-")
    if isNegative { index &+= 1 }
    switch try parseDecimal(.strict, isNegative: isNegative, in: text, at: &index, from: start) {
    case .integer(let value): return .integer(value)
    case .number(let value): return .number(value)
    }
  }

  // MARK: Strings

  /// Reads the string whose opening quote is the current byte. Most have no escape and are made in one go.
  private mutating func parseString() throws(JSONError) -> String {
    index &+= 1
    let start = index
    guard let base = text.baseAddress else { throw fail(.unexpectedEnd(expected: "the closing quote")) }
    var isASCII = true
    while true {
      index = firstSpecialByte(base, from: index, to: text.count, readable: text.count)
      let byte = current
      if byte == UInt8(ascii: "\"") {
        let run = UnsafeBufferPointer(start: base + start, count: index &- start)
        if !isASCII { try validate(run, at: start) }
        index &+= 1
        return String(unsafeUninitializedCapacity: run.count) { memory in
          guard let target = memory.baseAddress else { return 0 }
          memcpy(target, base + start, run.count)
          return run.count
        }
      }
      if byte == UInt8(ascii: "\\") {
        if !isASCII { try validate(UnsafeBufferPointer(start: base + start, count: index &- start), at: start) }
        return try parseEscapedString(from: start)
      }
      guard index < text.count else { throw fail(.unexpectedEnd(expected: "the closing quote")) }
      guard byte >= 0x20 else { throw fail(.controlCharacter(byte)) }
      isASCII = isASCII && byte < 0x80
      index &+= 1
    }
  }

  private func validate(_ run: UnsafeBufferPointer<UInt8>, at start: Int) throws(JSONError) {
    guard let bad = firstInvalidUTF8(in: run) else { return }
    throw JSONError(.invalidUTF8, at: start + bad, in: text)
  }

  /// Reads a string on from its first escape; `start` is where it began.
  @inline(never)
  private mutating func parseEscapedString(from start: Int) throws(JSONError) -> String {
    var bytes = Array(text[start..<index])
    while index < text.count {
      let byte = text[index]
      switch byte {
      case UInt8(ascii: "\""):
        index &+= 1
        return String(decoding: bytes, as: UTF8.self)
      case UInt8(ascii: "\\"):
        try parseEscape(into: &bytes)
      default:
        let run = index
        while index < text.count, text[index] >= 0x20, text[index] != UInt8(ascii: "\""),
          text[index] != UInt8(ascii: "\\")
        {
          index &+= 1
        }
        guard index > run else { throw fail(.controlCharacter(byte)) }
        let plain = UnsafeBufferPointer(rebasing: text[run..<index])
        try validate(plain, at: run)
        bytes.append(contentsOf: plain)
      }
    }
    throw fail(.unexpectedEnd(expected: "the closing quote"))
  }

  private mutating func parseEscape(into bytes: inout [UInt8]) throws(JSONError) {
    let start = index
    index &+= 1
    let escape = current
    guard index < text.count else { throw fail(.unexpectedEnd(expected: "an escape sequence")) }
    index &+= 1
    switch escape {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(escape)
    case UInt8(ascii: "u"):
      let scalar = try parseUnicodeEscape(in: text, at: &index, from: start)
      UTF8.encode(scalar, into: { bytes.append($0) })
    default:
      guard let control = controlCharacter(escapedBy: escape) else {
        throw JSONError(.invalidEscape, at: start, in: text)
      }
      bytes.append(control)
    }
  }
}
