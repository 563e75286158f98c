/// Why a text is no JSON (or JSON5) that we take, and where. Tests match `reason`, users read `description`.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Reason: Equatable, Sendable {
    /// The text ended where `expected` (a phrase) should have stood.
    case unexpectedEnd(expected: String)
    /// `found` (a scalar or a word, as it stands in the text) where `expected` should have stood.
    case unexpected(found: String, expected: String)
    /// Something after the one value of the text.
    case trailingContent
    case invalidUTF8
    case byteOrderMark
    /// A control character, which a string must escape, by its code.
    case controlCharacter(UInt8)
    case invalidEscape
    /// A `\u` escape of half a surrogate pair.
    case loneSurrogate
    case invalidNumber
    /// A number beyond what a Double holds.
    case numberOutOfRange
    case duplicateKey(String)
    /// Arrays and objects nested deeper than `limit`.
    case tooDeep(limit: Int)
    /// More than `limit` bytes.
    case tooLarge(limit: Int)
    case unterminatedComment
  }

  package let reason: Reason
  package let position: JSONPosition

  init(_ reason: Reason, at offset: Int, in text: UnsafeBufferPointer<UInt8>) {
    self.reason = reason
    position = JSONPosition(of: offset, in: text)
  }

  package var description: String { "\(position): \(reason)" }
}

extension JSONError.Reason: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unexpectedEnd(let expected): "the text ends where \(expected) should stand"
    case .unexpected(let found, let expected): "\(quoted(found)) where \(expected) should stand"
    case .trailingContent: "something follows the end of the value"
    case .invalidUTF8: "these bytes are not UTF-8"
    case .byteOrderMark: "a byte order mark, which does not belong into JSON"
    case .controlCharacter(let code): "the control character \(code) in a string must be escaped"
    case .invalidEscape: "no valid escape sequence"
    case .loneSurrogate: "half a surrogate pair"
    case .invalidNumber: "no valid number"
    case .numberOutOfRange: "the number is too large"
    case .duplicateKey(let key): "the key \(quoted(key)) is there twice"
    case .tooDeep(let limit): "nested deeper than \(limit) levels"
    case .tooLarge(let limit): "larger than \(limit) bytes"
    case .unterminatedComment: "the comment has no end"
    }
  }
}

/// What stood in the text, quoted and with control characters escaped: it may go to a terminal.
private func quoted(_ text: String) -> String {
  var writer = JSONWriter(style: .compact)
  writer.write(.string(String(text.unicodeScalars.prefix(80))))
  return String(decoding: writer.bytes, as: UTF8.self)
}
