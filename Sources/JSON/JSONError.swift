/// Why a text is not valid JSON (or JSON5), and where. Tests match `reason`, users read `description`.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong, without the place.
  package enum Reason: Equatable, Sendable {
    /// The text ends, and `expected` (a phrase such as `',' or ']'`) is missing.
    case unexpectedEnd(expected: String)
    /// `found` (one scalar or one word of the text, unescaped) in place of `expected` (a phrase).
    case unexpected(found: String, expected: String)
    case invalidUTF8
    /// The text begins with U+FEFF, which RFC 8259 forbids. JSON5 takes it for space.
    case byteOrderMark
    /// A control character in a string that has to be escaped there; its code.
    case controlCharacter(UInt8)
    case invalidEscape
    /// A `\u` escape of half a surrogate pair.
    case loneSurrogate
    case invalidNumber
    /// A number that is beyond the range of a Double.
    case numberOutOfRange
    /// A key, unescaped, that its object has twice.
    case duplicateKey(String)
    /// Arrays and objects nested deeper than `limit` levels.
    case tooDeep(limit: Int)
    /// More than `limit` bytes.
    case tooLarge(limit: Int)
    /// A `/*` without its `*/`.
    case unterminatedComment
  }

  package let reason: Reason
  /// The place of the first byte that does not fit, or of the start of the number, escape or key that is wrong.
  package let position: JSONPosition

  init(_ reason: Reason, at offset: Int, in text: UnsafeBufferPointer<UInt8>) {
    self.reason = reason
    position = JSONPosition(of: offset, in: text)
  }

  /// One line: place, what was expected, what was found. It holds no control character.
  package var description: String { "\(position): \(reason)" }
}

extension JSONError.Reason: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unexpectedEnd(let expected): "expected \(expected), found the end of the text"
    case .unexpected(let found, let expected): "expected \(expected), found \(quoted(found))"
    case .invalidUTF8: "invalid UTF-8"
    case .byteOrderMark: "a byte order mark is not allowed in JSON"
    case .controlCharacter(let code): "the control character \(code) must be escaped in a string"
    case .invalidEscape: "invalid escape sequence"
    case .loneSurrogate: "half a surrogate pair"
    case .invalidNumber: "invalid number"
    case .numberOutOfRange: "number out of range"
    case .duplicateKey(let key): "duplicate key \(quoted(key))"
    case .tooDeep(let limit): "nested deeper than \(limit) levels"
    case .tooLarge(let limit): "larger than \(limit) bytes"
    case .unterminatedComment: "unterminated comment"
    }
  }
}

/// Text of the input in single quotes (double ones if it holds a single one), at most 80 scalars of it. What could
/// drive a terminal is escaped, as everywhere in what is written.
private func quoted(_ text: String) -> String {
  let shown = String(text.unicodeScalars.prefix(80))
  var writer = JSONWriter(style: .compact)
  writer.write(.string(shown))
  let written = writer.bytes
  if shown.utf8.contains(UInt8(ascii: "'")) { return String(decoding: written, as: UTF8.self) }
  var inner: [UInt8] = [UInt8(ascii: "'")]
  for byte in written.dropFirst().dropLast() {
    // `\"`: within single quotes a double one needs no escape.
    if byte == UInt8(ascii: "\""), inner.last == UInt8(ascii: "\\") { inner.removeLast() }
    inner.append(byte)
  }
  inner.append(UInt8(ascii: "'"))
  return String(decoding: inner, as: UTF8.self)
}
