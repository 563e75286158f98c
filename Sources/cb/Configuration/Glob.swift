import Glibc

/// A shell pattern for names: `*`, `?`, `[...]`, as fnmatch(3) has them.
struct Glob {
  var pattern: String

  init(_ pattern: String) {
    self.pattern = pattern
  }

  /// Whether the text holds a sign that makes it a pattern.
  static func isPattern(_ text: String) -> Bool {
    text.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[") }
  }

  func matches(_ name: String) -> Bool {
    fnmatch(pattern, name, 0) == 0
  }
}
