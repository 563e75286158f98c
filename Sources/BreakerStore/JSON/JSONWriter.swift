extension JSONValue {
  /// This value as JSON text. `pretty` ends with a newline, `compact` does not.
  package func bytes(_ style: JSONWriter.Style) -> [UInt8] {
    var writer = JSONWriter(style: style)
    writer.write(self)
    if style == .pretty { writer.bytes.append(0x0A) }
    return writer.bytes
  }
}

/// Writes JSON that is safe to look at in a terminal: control characters (C0, DEL, C1), the line separators and the
/// scalars that turn the direction of text around are escaped, all else stands as it is.
package struct JSONWriter {
  package enum Style: Sendable {
    /// No space at all.
    case compact
    /// Two spaces a level, a member a line; an array of scalars on one line, or filled up to 100 columns.
    case pretty
  }

  package var bytes: [UInt8] = []
  private let style: Style
  private var level = 0
  private var lineStart = 0
  private static let width = 100

  package init(style: Style, reservingCapacity capacity: Int = 4096) {
    self.style = style
    bytes.reserveCapacity(capacity)
  }

  package mutating func write(_ value: JSONValue) {
    switch value {
    case .null: emit("null")
    case .bool(let value): emit(value ? "true" : "false")
    case .integer(let value): write(value)
    case .number(let value): write(value)
    case .string(let value): write(value)
    case .array(let elements): write(elements)
    case .object(let object): write(object)
    }
  }

  // MARK: Containers

  private mutating func write(_ elements: [JSONValue]) {
    bytes.append(UInt8(ascii: "["))
    if style == .pretty, !elements.isEmpty {
      if elements.allSatisfy(\.isScalar) { writeFilled(elements) } else { writeLines(elements) }
    } else {
      var isFirst = true
      for element in elements {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        write(element)
      }
    }
    bytes.append(UInt8(ascii: "]"))
  }

  private mutating func writeLines(_ elements: [JSONValue]) {
    level += 1
    var isFirst = true
    for element in elements {
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      newline()
      write(element)
    }
    level -= 1
    newline()
  }

  /// Scalars one behind the other, wrapped: a window of a thousand runs is not to be a thousand lines.
  private mutating func writeFilled(_ elements: [JSONValue]) {
    level += 1
    var isFirst = true
    var isWrapped = false
    for element in elements {
      if !isFirst { emit(", ") }
      let start = bytes.count
      write(element)
      if !isFirst, bytes.count - lineStart > Self.width {
        // Over the edge: onto a new line with it, in place of the space.
        let moved = Array(bytes[start...])
        bytes.removeLast(bytes.count - start + 1)
        newline()
        bytes.append(contentsOf: moved)
        isWrapped = true
      }
      isFirst = false
    }
    level -= 1
    if isWrapped { newline() }
  }

  private mutating func write(_ object: JSONObject) {
    guard !object.isEmpty else { return emit("{}") }
    bytes.append(UInt8(ascii: "{"))
    level += 1
    var isFirst = true
    for member in object.members {
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      if style == .pretty { newline() }
      write(member.key)
      if style == .pretty { emit(": ") } else { bytes.append(UInt8(ascii: ":")) }
      write(member.value)
    }
    level -= 1
    if style == .pretty { newline() }
    bytes.append(UInt8(ascii: "}"))
  }

  private mutating func newline() {
    bytes.append(0x0A)
    lineStart = bytes.count
    // One append for all levels that occur; "more" is a loop.
    let spaces: StaticString = "                                "
    var count = level * 2
    while count > 0 {
      let run = min(count, spaces.utf8CodeUnitCount)
      bytes.append(contentsOf: UnsafeBufferPointer(start: spaces.utf8Start, count: run))
      count -= run
    }
  }

  // MARK: Scalars

  private mutating func emit(_ text: StaticString) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  private mutating func write(_ value: Int64) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var index = digits.count
      var rest = value.magnitude
      repeat {
        index &-= 1
        digits[index] = UInt8(truncatingIfNeeded: rest % 10) &+ UInt8(ascii: "0")
        rest /= 10
      } while rest > 0
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: digits[index...]))
    }
  }

  /// The shortest digits that read back as the same Double, which is what `description` gives; its forms (`1e-07`,
  /// `1e+20`, `0.1`, `5.0`) are all JSON. JSON has no infinity and no not-a-number.
  private mutating func write(_ value: Double) {
    guard value.isFinite else { return emit("null") }
    bytes.append(contentsOf: value.description.utf8)
  }

  private mutating func write(_ value: String) {
    bytes.append(UInt8(ascii: "\""))
    var copy = value
    copy.withUTF8 { text in
      var start = 0
      var index = 0
      while index < text.count {
        let escaped = escapeLength(text, at: index)
        guard escaped > 0 else {
          index &+= 1
          continue
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<index]))
        writeEscaped(UnsafeBufferPointer(rebasing: text[index..<index &+ escaped]))
        index &+= escaped
        start = index
      }
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start...]))
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// How many bytes from here on are one scalar that must be escaped; 0 if it need not.
  @inline(__always)
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
    case 0x22: emit("\\\"")
    case 0x5C: emit("\\\\")
    case 0x08: emit("\\b")
    case 0x09: emit("\\t")
    case 0x0A: emit("\\n")
    case 0x0C: emit("\\f")
    case 0x0D: emit("\\r")
    default:
      emit("\\u")
      for shift in [12, 8, 4, 0] as [UInt16] {
        let digit = UInt8(truncatingIfNeeded: code >> shift & 0xF)
        bytes.append(digit < 10 ? digit &+ UInt8(ascii: "0") : digit &- 10 &+ UInt8(ascii: "a"))
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
