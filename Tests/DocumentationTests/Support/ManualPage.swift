import Foundation

/// What the tests need to know of a page in mdoc(7).
struct ManualPage {
  var source: String
  private var lines: [Substring] { source.split(separator: "\n", omittingEmptySubsequences: false) }

  /// The options that a list describes: the flags of its `.It Fl` lines.
  var options: Set<String> {
    var options: Set<String> = []
    for line in lines where line.hasPrefix(".It Fl ") {
      let words = line.split(separator: " ")
      for (index, word) in words.enumerated() where word == "Fl" && index + 1 < words.count {
        options.insert("-" + words[index + 1])
      }
    }
    return options
  }

  /// The words that a list describes as `.It Cm WORD`.
  var items: Set<String> {
    var items: Set<String> = []
    for line in lines where line.hasPrefix(".It Cm ") {
      items.formUnion(line.dropFirst(7).split(separator: " ").prefix { $0 != "No" && $0 != "Pq" }.map(String.init))
    }
    return items
  }

  /// The words that the lists of a section describe as `.It Va WORD , Ev WORD`.
  func variables(in section: String) -> Set<String> {
    var variables: Set<String> = []
    var isThere = false
    for line in lines {
      if line.hasPrefix(".Sh ") { isThere = line == ".Sh " + section }
      guard isThere, line.hasPrefix(".It Va ") else { continue }
      variables.formUnion(
        line.split(separator: " ").dropFirst().map(String.init).filter { !["Va", "Ev", ","].contains($0) })
    }
    return variables
  }

  /// What it says of an option, as one line without macros for words; nil where no list has it.
  func text(ofOption option: String) -> String? {
    let item = ".It Fl " + option.dropFirst()
    guard let start = lines.firstIndex(where: { $0 == item || $0.hasPrefix(item + " ") }) else { return nil }
    let body = lines[(start + 1)...].prefix { !$0.hasPrefix(".It ") && !$0.hasPrefix(".El") }
    return body.joined(separator: " ").replacingOccurrences(of: ".Cm ", with: "").replacingOccurrences(
      of: " .", with: ".")
  }

  /// The pages that it refers to, as `cb-run.1`.
  var references: Set<String> {
    var references: Set<String> = []
    for line in lines where line.hasPrefix(".Xr ") {
      let words = line.split(separator: " ")
      if words.count >= 3 { references.insert("\(words[1]).\(words[2])") }
    }
    return references
  }

  /// The text of the displays under EXAMPLES: `.Bd -literal` can be run, `.Bd -unfilled` is of another kind.
  func examples(_ kind: String = "-literal") -> [String] {
    var examples: [String] = []
    var isExamples = false
    var open: String?
    for line in lines {
      if line.hasPrefix(".Sh ") {
        isExamples = line == ".Sh EXAMPLES"
      } else if line.hasPrefix(".Bd " + kind), isExamples {
        open = ""
      } else if line == ".Ed", let text = open {
        examples.append(text)
        open = nil
      } else if open != nil {
        open? += Self.plain(line) + "\n"
      }
    }
    return examples
  }

  private static func plain(_ line: Substring) -> String {
    var text = ""
    var rest = line
    while let backslash = rest.firstIndex(of: "\\") {
      text += rest[..<backslash]
      rest = rest[backslash...]
      let known = escapes.first { rest.hasPrefix($0.escape) }
      text += known?.text ?? "\\"
      rest = rest.dropFirst(known?.escape.count ?? 1)
    }
    return text + rest
  }

  private static let escapes = [
    (escape: "\\-", text: "-"), (escape: "\\e", text: "\\"), (escape: "\\&", text: ""), (escape: "\\(aq", text: "'"),
    (escape: "\\(dq", text: "\""), (escape: "\\(ga", text: "`"), (escape: "\\(ha", text: "^"),
    (escape: "\\(ti", text: "~"),
  ]
}
