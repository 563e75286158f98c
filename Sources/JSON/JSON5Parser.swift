extension LocatedJSON {
  /// Reads one JSON5 text (spec.json5.org, version 1.0.0). Stricter than that in two points: a duplicate key and half a
  /// surrogate pair are errors.
  package static func parse(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) -> LocatedJSON {
    try bytes.withUnsafeBufferPointer { (text) throws(JSONError) in
      var parser = JSON5Parser(text: text, limits: limits)
      return try parser.parseText()
    }
  }
}

/// The structure of JSON5: values, arrays, objects, space and comments. Strings, keys and numbers are in
/// `JSON5Scalars.swift`.
struct JSON5Parser {
  let text: UnsafeBufferPointer<UInt8>
  private let limits: JSONLimits
  var index = 0
  private var depth = 0
  private var cursor = JSONPositionCursor()

  init(text: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
    self.text = text
    self.limits = limits
  }

  mutating func parseText() throws(JSONError) -> LocatedJSON {
    guard text.count <= limits.size else { throw JSONError(.tooLarge(limit: limits.size), at: limits.size, in: text) }
    // Checked first, so that what follows need not check each scalar.
    if let bad = firstInvalidUTF8(in: text) { throw JSONError(.invalidUTF8, at: bad, in: text) }
    try skipSpace()
    let value = try parseValue()
    try skipSpace()
    guard index == text.count else { throw unexpected("the end of the text") }
    return value
  }

  // MARK: Bytes

  var current: UInt8 { index < text.count ? text[index] : 0 }

  func fail(_ reason: JSONError.Reason) -> JSONError { JSONError(reason, at: index, in: text) }

  func fail(_ reason: JSONError.Reason, at offset: Int) -> JSONError { JSONError(reason, at: offset, in: text) }

  func unexpected(_ expected: String) -> JSONError { JSON.unexpected(expected, in: text, at: index) }

  private mutating func here() -> JSONPosition { cursor.advance(to: index, in: text) }

  /// Space and comments. Beside ASCII: U+00A0, U+FEFF, the line separators, and every scalar of category Zs.
  mutating func skipSpace() throws(JSONError) {
    while index < text.count {
      switch text[index] {
      case 0x09...0x0D, 0x20: index += 1
      case UInt8(ascii: "/"): try skipComment()
      case 0x80...:
        guard let scalar = scalar(at: index, in: text),
          scalar == "\u{FEFF}" || scalar == "\u{2028}" || scalar == "\u{2029}"
            || scalar.properties.generalCategory == .spaceSeparator
        else { return }
        index += UTF8.width(scalar)
      default: return
      }
    }
  }

  private mutating func skipComment() throws(JSONError) {
    let start = index
    index += 1
    switch current {
    case UInt8(ascii: "/"):
      while index < text.count, lineTerminator(at: index) == 0 { index += 1 }
    case UInt8(ascii: "*"):
      index += 1
      while index + 1 < text.count {
        if text[index] == UInt8(ascii: "*"), text[index + 1] == UInt8(ascii: "/") {
          index += 2
          return
        }
        index += 1
      }
      throw fail(.unterminatedComment, at: start)
    default: throw unexpected("a comment")
    }
  }

  /// The length in bytes of the line terminator at this offset (CRLF counts as one); 0 if there is none.
  func lineTerminator(at offset: Int) -> Int {
    switch text[offset] {
    case 0x0A: return 1
    case 0x0D: return offset + 1 < text.count && text[offset + 1] == 0x0A ? 2 : 1
    case 0xE2:
      guard offset + 2 < text.count, text[offset + 1] == 0x80 else { return 0 }
      return text[offset + 2] == 0xA8 || text[offset + 2] == 0xA9 ? 3 : 0
    default: return 0
    }
  }

  // MARK: Values

  private mutating func parseValue() throws(JSONError) -> LocatedJSON {
    let position = here()
    let content: LocatedJSON.Content
    switch current {
    case UInt8(ascii: "\""), UInt8(ascii: "'"): content = .string(try parseString())
    case UInt8(ascii: "{"): content = .object(try parseObject())
    case UInt8(ascii: "["): content = .array(try parseArray())
    case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "0")...UInt8(ascii: "9"):
      content = try parseNumber()
    default: content = try parseWord()
    }
    return LocatedJSON(content: content, position: position)
  }

  private mutating func parseWord() throws(JSONError) -> LocatedJSON.Content {
    let start = index
    let word = parseWordText()
    switch word {
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "null": return .null
    case "Infinity": return .number(.infinity)
    case "NaN": return .number(.nan)
    case "": throw unexpected("a value")
    default: throw fail(.unexpected(found: word, expected: "a value (text must be in quotes)"), at: start)
    }
  }

  private mutating func enter() throws(JSONError) {
    guard depth < limits.depth else { throw fail(.tooDeep(limit: limits.depth)) }
    depth += 1
    index += 1
    try skipSpace()
  }

  private mutating func parseArray() throws(JSONError) -> [LocatedJSON] {
    try enter()
    defer { depth -= 1 }
    var elements: [LocatedJSON] = []
    while current != UInt8(ascii: "]") {
      elements.append(try parseValue())
      try skipSpace()
      if current == UInt8(ascii: ",") {
        index += 1
        try skipSpace()
      } else if current != UInt8(ascii: "]") {
        throw unexpected("',' or ']'")
      }
    }
    index += 1
    return elements
  }

  private mutating func parseObject() throws(JSONError) -> [LocatedJSON.Member] {
    try enter()
    defer { depth -= 1 }
    var members: [LocatedJSON.Member] = []
    var seen = JSONKeySet()
    while current != UInt8(ascii: "}") {
      let start = index
      let keyPosition = here()
      let key = try parseKey()
      guard seen.insert(key, after: members) else { throw fail(.duplicateKey(key), at: start) }
      try skipSpace()
      guard current == UInt8(ascii: ":") else {
        // The most likely slip, since our own keys have hyphens.
        throw unexpected(current == UInt8(ascii: "-") ? "':' (a key with '-' must be in quotes)" : "':'")
      }
      index += 1
      try skipSpace()
      members.append(LocatedJSON.Member(key: key, keyPosition: keyPosition, value: try parseValue()))
      try skipSpace()
      if current == UInt8(ascii: ",") {
        index += 1
        try skipSpace()
      } else if current != UInt8(ascii: "}") {
        throw unexpected("',' or '}'")
      }
    }
    index += 1
    return members
  }
}
