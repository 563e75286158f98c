/// A shell pattern for names: `*`, `?`, `[...]` with ranges and `!`, matched by Unicode scalars.
///
/// Not fnmatch(3): in a static binary, which has the C locale, it counts bytes, and `caf?` does not match `café`.
struct Glob {
  private enum Part {
    case scalar(Unicode.Scalar)
    case any
    case star
    case set([ClosedRange<Unicode.Scalar>], isNegated: Bool)
  }

  private let parts: [Part]

  init(_ pattern: String) {
    parts = Self.parse(Array(pattern.unicodeScalars))
  }

  /// Whether the text holds a character that makes it a pattern.
  static func isPattern(_ text: String) -> Bool {
    text.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[") }
  }

  func matches(_ name: String) -> Bool {
    let name = Array(name.unicodeScalars)
    var part = 0
    var position = 0
    // Where to go on after a mismatch: the last star takes one more.
    var star: (part: Int, position: Int)?
    while position < name.count {
      if part < parts.count, case .star = parts[part] {
        star = (part, position)
        part += 1
      } else if part < parts.count, Self.matches(parts[part], name[position]) {
        part += 1
        position += 1
      } else if let last = star {
        star = (last.part, last.position + 1)
        part = last.part + 1
        position = last.position + 1
      } else {
        return false
      }
    }
    return parts[part...].allSatisfy { if case .star = $0 { true } else { false } }
  }

  private static func matches(_ part: Part, _ scalar: Unicode.Scalar) -> Bool {
    switch part {
    case .scalar(let own): own == scalar
    case .any: true
    case .star: false
    case .set(let ranges, let isNegated): ranges.contains { $0.contains(scalar) } != isNegated
    }
  }

  /// A `[` without its `]` is a character like any other; `\` takes the next one as it is.
  private static func parse(_ text: [Unicode.Scalar]) -> [Part] {
    var parts: [Part] = []
    var index = 0
    while index < text.count {
      let scalar = text[index]
      index += 1
      switch scalar {
      case "*": parts.append(.star)
      case "?": parts.append(.any)
      case "\\" where index < text.count:
        parts.append(.scalar(text[index]))
        index += 1
      case "[":
        guard let (set, end) = set(text, from: index) else {
          parts.append(.scalar(scalar))
          continue
        }
        parts.append(set)
        index = end
      default: parts.append(.scalar(scalar))
      }
    }
    return parts
  }

  private static func set(_ text: [Unicode.Scalar], from start: Int) -> (Part, end: Int)? {
    var index = start
    let isNegated = index < text.count && (text[index] == "!" || text[index] == "^")
    if isNegated { index += 1 }
    let first = index
    var ranges: [ClosedRange<Unicode.Scalar>] = []
    while index < text.count {
      // A `]` that comes first is a member.
      if text[index] == "]", index > first { return (.set(ranges, isNegated: isNegated), index + 1) }
      let low = text[index]
      if index + 2 < text.count, text[index + 1] == "-", text[index + 2] != "]" {
        if low <= text[index + 2] { ranges.append(low...text[index + 2]) }
        index += 3
      } else {
        ranges.append(low...low)
        index += 1
      }
    }
    return nil
  }
}
