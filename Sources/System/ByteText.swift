import Glibc

/// Bytes from outside (arguments, environment, paths, shell text) as a `String` that gives the same bytes back.
///
/// A Swift String holds Unicode only, and decoding repairs what is not UTF-8: `caf\xe9` becomes `caf\u{FFFD}`, another
/// file and another word for a shell. So a byte that is not part of valid UTF-8 is written as the private character
/// U+F700 + byte, and such a character in the text itself as its three bytes, each in the same way: any text comes back
/// as it was. Python's surrogateescape (PEP 383) is the model; a String has no lone surrogates.
package enum ByteText {
  private static let base: UInt32 = 0xF700
  /// U+F780 to U+F7FF.
  private static let escapes: ClosedRange<UInt32> = (base + 0x80)...(base + 0xFF)

  /// The bytes as text; nothing is lost.
  ///
  /// Not generic over collections: the witnesses that the runtime would look up took a third of a rejected run.
  package static func decode(_ bytes: [UInt8]) -> String {
    // Nearly always valid, and without one of the private characters: they begin with 0xEF.
    var isASCII = true
    for byte in bytes where byte >= 0x80 { isASCII = false }
    return isASCII ? String(decoding: bytes, as: UTF8.self) : escaping(bytes)
  }

  private static func escaping(_ bytes: [UInt8]) -> String {
    var text = String.UnicodeScalarView()
    var position = 0
    while position < bytes.count {
      var decoder = UTF8()
      // One scalar at most, so that the work grows with the bytes, however many of them are invalid.
      var next = bytes[position..<min(position + 4, bytes.count)].makeIterator()
      switch decoder.decode(&next) {
      case .scalarValue(let scalar) where !escapes.contains(scalar.value):
        text.append(scalar)
        position += UTF8.width(scalar)
      case .emptyInput, .scalarValue, .error:
        // Go on by one byte: what follows may be valid by itself.
        let count = isEscape(bytes, at: position) ? 3 : 1
        for byte in bytes[position..<(position + count)] { text.append(escaped(byte)) }
        position += count
      }
    }
    return String(text)
  }

  /// The text of a C string.
  package static func decode(cString: UnsafePointer<CChar>) -> String {
    // Valid text as it stands, without an array between: this reads the environment of each run.
    var length = 0
    while cString[length] != 0 {
      if UInt8(bitPattern: cString[length]) >= 0x80 {
        return decode(Array(UnsafeRawBufferPointer(start: cString, count: strlen(cString))))
      }
      length += 1
    }
    return String(decoding: UnsafeRawBufferPointer(start: cString, count: length), as: UTF8.self)
  }

  /// The bytes of a text that `decode` made, or of any other.
  package static func encode(_ text: String) -> [UInt8] {
    guard text.unicodeScalars.contains(where: { escapes.contains($0.value) }) else { return Array(text.utf8) }
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      if escapes.contains(scalar.value) {
        bytes.append(UInt8(scalar.value - base))
      } else {
        bytes += Array(String(scalar).utf8)
      }
    }
    return bytes
  }

  /// The bytes of a path as a C string.
  package static func path(_ text: String) -> [CChar] {
    encode(text).map { CChar(bitPattern: $0) } + [0]
  }

  /// Whether the text holds bytes that are not UTF-8.
  package static func holdsOtherBytes(_ text: String) -> Bool {
    text.unicodeScalars.contains { escapes.contains($0.value) }
  }

  private static func escaped(_ byte: UInt8) -> Unicode.Scalar {
    // Bytes below 0x80 are valid UTF-8, and never come here but as themselves.
    byte < 0x80 ? Unicode.Scalar(byte) : Unicode.Scalar(base + UInt32(byte)) ?? "\u{FFFD}"
  }

  /// Whether the UTF-8 of one of the private characters is at `position`.
  private static func isEscape(_ bytes: [UInt8], at position: Int) -> Bool {
    guard position + 2 < bytes.count, bytes[position] == 0xEF else { return false }
    return (0x9E...0x9F).contains(bytes[position + 1]) && (0x80...0xBF).contains(bytes[position + 2])
  }
}
