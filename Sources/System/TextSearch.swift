extension StringProtocol {
  /// Whether the text has `part` in it, byte for byte. Swift's own is in a library for regular expressions that would be
  /// a tenth of the static program (1.3 MB); Package.swift keeps it out.
  package func contains(_ part: String) -> Bool {
    let part = Array(part.utf8)
    var rest = Substring(self).utf8
    while rest.count >= part.count {
      if rest.starts(with: part) { return true }
      rest.removeFirst()
    }
    return false
  }
}
