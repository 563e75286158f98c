/// How many columns of a terminal a text takes.
///
/// A table of our own, as the static binary has no locale whose `wcwidth` would know more than ASCII. What combines
/// with the character before it takes none, what is wide or full-width (Unicode, EastAsianWidth.txt) or shown as a picture
/// takes two, all else one. Characters that some terminals draw as one (families, flags) are counted one by one,
/// as most terminals do: that is the most they can take, and `fence` keeps the columns where one draws them narrower.
enum DisplayWidth {
  static func of(_ text: String) -> Int {
    if isASCII(text) { return text.utf8.count }
    return text.unicodeScalars.reduce(0) { $0 + of($1) }
  }

  static func isASCII(_ text: String) -> Bool {
    text.utf8.allSatisfy { $0 < 0x80 }
  }

  static func of(_ scalar: Unicode.Scalar) -> Int {
    if scalar.value < 0x300 { return scalar.value == 0xAD ? 0 : 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    // The vowels and final consonants of Korean syllables join the consonant before them.
    if (0x1160...0x11FF).contains(scalar.value) { return 0 }
    return isWide(scalar) ? 2 : 1
  }

  private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18CFF, 0x1AFF0...0x1B2FF,
      0x1D300...0x1D376, 0x1F200...0x1F202, 0x1F210...0x1F23B, 0x1F240...0x1F248, 0x1F250...0x1F251,
      0x1F260...0x1F265, 0x20000...0x2FFFD, 0x30000...0x3FFFD:
      true
    default: scalar.properties.isEmojiPresentation
    }
  }

  /// Whether terminals disagree on the width of the text: what is not one of the plain widths for sure.
  static func isDisputed(_ text: String) -> Bool {
    text.unicodeScalars.contains { scalar in
      if scalar.value < 0x300 || scalar == "…" { return false }
      return !(0x3041...0x33FF).contains(scalar.value) && !(0x4E00...0x9FFF).contains(scalar.value)
        && !(0xAC00...0xD7A3).contains(scalar.value)
    }
  }

  /// Whether the text has characters that are written from right to left.
  static func isRightToLeft(_ text: String) -> Bool {
    text.unicodeScalars.contains { scalar in
      switch scalar.value {
      case 0x0590...0x08FF, 0xFB1D...0xFDFF, 0xFE70...0xFEFE, 0x10800...0x10FFF, 0x1E800...0x1EFFF: true
      default: false
      }
    }
  }
}

extension String {
  /// The text in at most `width` columns, cut in the middle: the beginning tells the family of a name and the end the
  /// member. Never in the middle of what is drawn as one.
  func cutInTheMiddle(to width: Int, _ ellipsis: String) -> String {
    if DisplayWidth.of(self) <= width { return self }
    let room = width - DisplayWidth.of(ellipsis)
    guard room > 1 else { return cutAtTheEnd(to: width, "") }
    let head = prefix(fitting: (room + 1) / 2)
    var tail = ""
    var left = room - DisplayWidth.of(head)
    for character in reversed() {
      let own = DisplayWidth.of(String(character))
      if own > left { break }
      left -= own
      tail = String(character) + tail
    }
    return head + ellipsis + tail
  }

  /// The text in at most `width` columns, cut at its end.
  func cutAtTheEnd(to width: Int, _ ellipsis: String) -> String {
    if DisplayWidth.of(self) <= width { return self }
    let mark = DisplayWidth.of(ellipsis) <= width ? ellipsis : ""
    return prefix(fitting: width - DisplayWidth.of(mark)) + mark
  }

  private func prefix(fitting width: Int) -> String {
    var result = ""
    var left = width
    for character in self {
      let own = DisplayWidth.of(String(character))
      if own > left { break }
      left -= own
      result.append(character)
    }
    return result
  }
}
