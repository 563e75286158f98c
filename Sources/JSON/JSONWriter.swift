extension JSONValue {
  /// This value as JSON text. `pretty` ends with a newline, `compact` does not.
  package func bytes(_ style: JSONWriter.Style) -> [UInt8] {
    var writer = JSONWriter(style: style)
    writer.write(self)
    if style == .pretty { writer.endLine() }
    return writer.bytes
  }
}

/// Writes JSON that is safe to look at in a terminal: control characters (C0, DEL, C1), the line separators and the
/// scalars that turn the direction of text around are escaped, everything else is written as it is.
package struct JSONWriter: ~Copyable {
  /// How the text is laid out.
  package enum Style: Sendable {
    /// No space at all, one line.
    case compact
    /// Two spaces a level, a member a line; an array of scalars on one line, or filled up to 100 columns;
    /// one that begins with a scalar on one line.
    case pretty
  }

  private var output: JSONOutput
  private var isPretty: Bool
  private var level = 0
  private var lineStart = 0
  private static let width = 100

  /// `capacity` in bytes; the output grows beyond it as needed.
  package init(style: Style, reservingCapacity capacity: Int = 4096) {
    isPretty = style == .pretty
    output = JSONOutput(capacity: capacity)
  }

  /// What has been written so far.
  package var bytes: [UInt8] { output.bytes }

  /// Adds a newline, for a text or a line of a log that has to end with one.
  package mutating func endLine() {
    output.reserve(1)
    output.store(UInt8(ascii: "\n"))
    lineStart = output.count
  }

  /// Adds one value. Several in a row are the caller's to separate.
  package mutating func write(_ value: JSONValue) {
    switch value {
    case .null: emit("null")
    case .bool(true): emit("true")
    case .bool(false): emit("false")
    case .integer(let value): write(value)
    case .number(let value): write(value)
    case .string(let value): write(value)
    case .array(let elements): write(elements)
    case .object(let object): write(object)
    }
  }

  @inline(__always)
  private mutating func emit(_ text: StaticString) {
    output.reserve(text.utf8CodeUnitCount)
    output.store(text)
  }

  // MARK: Containers

  private mutating func write(_ elements: [JSONValue]) {
    emit("[")
    if isPretty, !elements.isEmpty {
      if elements.allSatisfy(\.isScalar) {
        writeFilled(elements)
      } else if elements[0].isScalar {
        writeRow(elements)
      } else {
        writeLines(elements)
      }
    } else {
      var isFirst = true
      for element in elements {
        if !isFirst { emit(",") }
        isFirst = false
        write(element)
      }
    }
    emit("]")
  }

  private mutating func writeLines(_ elements: [JSONValue]) {
    level += 1
    var isFirst = true
    for element in elements {
      if !isFirst { emit(",") }
      isFirst = false
      newline()
      write(element)
    }
    level -= 1
    newline()
  }

  /// What begins with a scalar is a row of a table, and stays on its line whatever else is in it.
  private mutating func writeRow(_ elements: [JSONValue]) {
    isPretty = false
    var isFirst = true
    for element in elements {
      if !isFirst { emit(", ") }
      isFirst = false
      write(element)
    }
    isPretty = true
  }

  /// Scalars on as few lines as possible: a window of a thousand runs must not take a thousand lines.
  private mutating func writeFilled(_ elements: [JSONValue]) {
    level += 1
    var isFirst = true
    var isWrapped = false
    for element in elements {
      if !isFirst { emit(", ") }
      let start = output.count
      write(element)
      if !isFirst, output.count - lineStart > Self.width {
        wrap(at: start)
        isWrapped = true
      }
      isFirst = false
    }
    level -= 1
    if isWrapped { newline() }
  }

  /// Moves what was written from `start` on, which is too long for the line, to a new one; the space before it goes.
  private mutating func wrap(at start: Int) {
    let length = output.count - start
    output.open(gap: level * 2, at: start)
    output.truncate(to: start - 1)
    newline()
    output.truncate(to: output.count + length)
  }

  private mutating func write(_ object: JSONObject) {
    if object.isEmpty { return emit("{}") }
    emit("{")
    level += 1
    var isFirst = true
    for member in object.members {
      if !isFirst { emit(",") }
      isFirst = false
      if isPretty { newline() }
      write(member.key)
      if isPretty { emit(": ") } else { emit(":") }
      write(member.value)
    }
    level -= 1
    if isPretty { newline() }
    emit("}")
  }

  private mutating func newline() {
    let indentation = level * 2
    output.reserve(1 + indentation)
    output.store(UInt8(ascii: "\n"))
    lineStart = output.count
    output.store(UInt8(ascii: " "), times: indentation)
  }

  // MARK: Scalars

  private mutating func write(_ value: Int64) {
    output.reserve(20)
    if value < 0 { output.store(UInt8(ascii: "-")) }
    let magnitude = value.magnitude
    var length = 1
    var bound: UInt64 = 10
    while length < 19, magnitude >= bound {
      length &+= 1
      bound &*= 10
    }
    let end = output.count &+ length
    var index = end
    var rest = magnitude
    repeat {
      index &-= 1
      output.base[index] = UInt8(truncatingIfNeeded: rest % 10) &+ UInt8(ascii: "0")
      rest /= 10
    } while rest > 0
    output.truncate(to: end)
  }

  /// The shortest digits that read back as the same Double, which is what `description` gives; its forms (`1e-07`,
  /// `1e+20`, `0.1`, `5.0`) are all JSON. JSON has no infinity and no not-a-number.
  private mutating func write(_ value: Double) {
    guard value.isFinite else { return emit("null") }
    var text = value.description
    text.withUTF8 { text in
      output.reserve(text.count)
      output.store(text)
    }
  }

  private mutating func write(_ value: String) {
    var copy = value
    copy.withUTF8 { text in
      output.reserve(text.count &+ 2)
      output.store(UInt8(ascii: "\""))
      let start = output.count
      output.store(text)
      // Looked through in its place in the output, where words may be loaded beyond its end.
      let plain = firstSpecialByte(output.base, from: start, to: output.count, readable: output.count &+ 8)
      if plain < output.count {
        output.truncate(to: plain)
        writeSpecial(UnsafeBufferPointer(rebasing: text[(plain &- start)...]))
      }
      output.store(UInt8(ascii: "\""))
    }
  }

  /// The rest of a string, from its first byte that may have to be escaped. Leaves room for the closing quote.
  @inline(never)
  private mutating func writeSpecial(_ text: UnsafeBufferPointer<UInt8>) {
    output.reserve(text.count * 6 + 1)  // `\u0000` for every byte
    var index = 0
    while index < text.count {
      let length = escapeLength(text, at: index)
      if length == 0 {
        output.store(text[index])
        index &+= 1
      } else {
        writeEscaped(UnsafeBufferPointer(rebasing: text[index..<index &+ length]))
        index &+= length
      }
    }
  }

  /// How many bytes from here on are one scalar that must be escaped; 0 if it need not.
  private func escapeLength(_ text: UnsafeBufferPointer<UInt8>, at index: Int) -> Int {
    let byte = text[index]
    if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte < 0x7F { return 0 }
    if byte <= 0x7F { return 1 }
    if byte == 0xC2 { return text[index + 1] < 0xA0 ? 2 : 0 }  // U+0080...U+009F
    guard byte == 0xE2 else { return 0 }
    switch (text[index + 1], text[index + 2]) {
    case (0x80, 0xA8...0xAE): return 3  // U+2028, U+2029, U+202A...U+202E
    case (0x81, 0xA6...0xA9): return 3  // U+2066...U+2069
    default: return 0
    }
  }

  private mutating func writeEscaped(_ scalar: UnsafeBufferPointer<UInt8>) {
    let code: UInt16
    switch scalar.count {
    case 1: code = UInt16(scalar[0])
    case 2: code = UInt16(scalar[0] & 0x1F) << 6 | UInt16(scalar[1] & 0x3F)
    default: code = UInt16(scalar[0] & 0x0F) << 12 | UInt16(scalar[1] & 0x3F) << 6 | UInt16(scalar[2] & 0x3F)
    }
    switch code {
    case 0x22: output.store("\\\"")
    case 0x5C: output.store("\\\\")
    case 0x08: output.store("\\b")
    case 0x09: output.store("\\t")
    case 0x0A: output.store("\\n")
    case 0x0C: output.store("\\f")
    case 0x0D: output.store("\\r")
    default:
      output.store("\\u")
      for shift in [12, 8, 4, 0] as [UInt16] {
        let digit = UInt8(truncatingIfNeeded: code >> shift & 0xF)
        output.store(digit < 10 ? digit &+ UInt8(ascii: "0") : digit &- 10 &+ UInt8(ascii: "a"))
      }
    }
  }
}

extension JSONValue {
  fileprivate var isScalar: Bool {
    switch self {
    case .array, .object: false
    default: true
    }
  }
}
