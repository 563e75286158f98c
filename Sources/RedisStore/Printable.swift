/// Text from outside (URLs, servers) made fit for one line of a terminal.
enum Printable {
  /// Longer texts are cut: an error message of a hostile server may be 64 MiB.
  static let longest = 240

  /// UTF-8 as it is, control characters (C0, DEL, C1, and line separators) as `\xNN`, the rest cut off.
  static func text(_ bytes: some Sequence<UInt8>) -> String {
    text(String(decoding: Array(bytes.prefix(4 * longest)), as: UTF8.self))
  }

  static func text(_ string: String) -> String {
    var result = ""
    var count = 0
    for scalar in string.unicodeScalars {
      guard count < longest else { return result + "..." }
      count += 1
      switch scalar.value {
      case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069:
        result += "\\x" + String(scalar.value, radix: 16, uppercase: false)
      default:
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
