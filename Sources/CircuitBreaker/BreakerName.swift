/// The name of a breaker: 1 to 128 bytes of UTF-8, no control characters, none of `/ * ? [`, not `.` or `..`, no
/// leading `-` (docs/CONTRACT.md, "Commands").
package struct BreakerName: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let text: String

  /// Why a text is not a valid name.
  package enum Fault: Error, Equatable {
    case empty
    case tooLong(bytes: Int)
    case slash
    /// It holds `*`, `?` or `[`: it may be meant as a pattern, and would name a breaker that patterns cannot tell apart.
    case pattern(Unicode.Scalar)
    case control
    case dots
    case leadingDash
    case notUTF8

    /// The reason as the end of a sentence.
    package var reason: String {
      switch self {
      case .empty: "it is empty"
      case .tooLong(let bytes): "it has \(bytes) bytes, and 128 is the most"
      case .slash: "it holds a '/'"
      case .pattern(let scalar): "it holds a '\(scalar)'"
      case .control: "it holds a control character"
      case .dots: "'.' and '..' are not valid names"
      case .leadingDash: "it begins with '-'"
      case .notUTF8: "it is not valid UTF-8"
      }
    }
  }

  /// Throws the first rule that the text breaks.
  package init(_ text: String) throws(Fault) {
    let count = text.utf8.count
    if count == 0 { throw .empty }
    if count > 128 { throw .tooLong(bytes: count) }
    if text.utf8.first == UInt8(ascii: "-") { throw .leadingDash }
    if text == "." || text == ".." { throw .dots }
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x2F: throw .slash
      case 0x2A, 0x3F, 0x5B: throw .pattern(scalar)
      case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: throw .control
      // Bytes that are not UTF-8: repaired by String, or carried by the private characters of System's ByteText.
      case 0xFFFD, 0xF780...0xF7FF: throw .notUTF8
      default: break
      }
    }
    self.text = text
  }

  package var description: String { text }

  // By bytes and not as String compares: é as one scalar and as two are different names, and sort in one order anywhere.
  /// Equal bytes; canonically equivalent names are two.
  package static func == (left: BreakerName, right: BreakerName) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8)
  }

  /// Of the bytes, to agree with `==`.
  package func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
  }

  /// By bytes, the same in every locale.
  package static func < (left: BreakerName, right: BreakerName) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }
}
