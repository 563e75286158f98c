extension String {
  /// The text with control characters (C0, DEL, C1, line separators) and bidirectional overrides shown as `\u{1B}`,
  /// so that no text of a user's, a command's or a store's can drive a terminal.
  package func escapingControls() -> String {
    guard unicodeScalars.contains(where: { $0.isUnsafeForTerminals }) else { return self }
    var safe = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "\n": safe += "\\n"
      case "\t": safe += "\\t"
      case _ where scalar.isUnsafeForTerminals: safe += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      default: safe.unicodeScalars.append(scalar)
      }
    }
    return safe
  }
}

extension Unicode.Scalar {
  fileprivate var isUnsafeForTerminals: Bool {
    switch value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069, 0x061C, 0x200E, 0x200F, 0xFEFF: true
    default: false
    }
  }
}
