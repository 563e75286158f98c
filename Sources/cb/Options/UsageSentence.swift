/// ArgumentParser's sentences in the style of all others: without a capital, and with the words that our help uses.
enum UsageSentence {
  static func text(_ sentence: String) -> String {
    var text = sentence
    if text.hasSuffix(".") { text.removeLast() }
    if let argument = text.behind("Missing expected argument '<") {
      return "\(argument.prefix { $0 != ">" }.uppercased()) is missing"
    }
    if let option = text.behind("Missing value for '") {
      return "\(option.prefix { $0 != " " && $0 != "'" }) needs a value"
    }
    if let rest = text.behind("The value '") {
      // `x' is invalid for '--color <when>'. Please provide one of 'auto', 'always' or 'never'`
      let parts = rest.cut(at: "' is invalid for '")
      guard let parts else { return text.lowercasedFirst }
      let option = parts.behind.prefix { $0 != " " && $0 != "'" }
      let choices = parts.behind.cut(at: "Please provide one of ")?.behind
      let range = choices.map { ": it must be one of " + $0.filter { $0 != "'" } } ?? ""
      return "\(option): '\(parts.before)' is not valid\(range)"
    }
    guard let hint = text.cut(at: ". Did you mean") else { return text.lowercasedFirst }
    return "\(hint.before.lowercasedFirst); did you mean\(hint.behind)"
  }
}

extension String {
  fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }

  /// What follows a text that it begins with.
  fileprivate func behind(_ head: String) -> String? { hasPrefix(head) ? String(dropFirst(head.count)) : nil }

  /// Before and behind the first place of a text.
  fileprivate func cut(at mark: String) -> (before: String, behind: String)? {
    var index = startIndex
    while index < endIndex {
      if self[index...].hasPrefix(mark) {
        return (String(self[..<index]), String(self[index...].dropFirst(mark.count)))
      }
      index = self.index(after: index)
    }
    return nil
  }
}
