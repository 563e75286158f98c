/// A set of endings, as `exclude`, `ignore` and `only` name them: `3,64-78,SIGINT,timeout`.
package struct OutcomeSet: Hashable, Sendable {
  package enum Element: Hashable, Sendable {
    case codes(ClosedRange<Int32>)
    case signal(Int32)
    case timeout
  }

  package var elements: [Element] = []

  package init() {}

  package var isEmpty: Bool { elements.isEmpty }

  /// Reads the text; nil where any part of it is no exit code (0 to 255), range, signal name or `timeout`.
  package init?(_ text: some StringProtocol) {
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let part = part.trimmingSpaces()
      if part == "timeout" {
        elements.append(.timeout)
      } else if let signal = SignalName.number(of: part) {
        elements.append(.signal(signal))
      } else if let range = Self.range(part) {
        elements.append(.codes(range))
      } else {
        return nil
      }
    }
  }

  private static func range(_ text: some StringProtocol) -> ClosedRange<Int32>? {
    let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard let low = exitCode(ends[0]), let high = ends.count == 2 ? exitCode(ends[1]) : low, low <= high else {
      return nil
    }
    return low...high
  }

  private static func exitCode(_ text: some StringProtocol) -> Int32? {
    guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let code = Int32(text), code <= 255 else { return nil }
    return code
  }

  /// Whether the ending is in the set. A run that `timeout` ended is in it as `timeout` and as exit code 124.
  package func contains(_ ending: RunEnding) -> Bool {
    elements.contains { element in
      switch (element, ending.how) {
      case (.codes(let range), .exited(let code)): range.contains(code)
      case (.codes(let range), .timedOut): range.contains(ExitCode.timedOut)
      case (.codes(let range), .notStarted(let code)): range.contains(code)
      case (.signal(let number), .signaled(let other)): number == other
      case (.timeout, .timedOut): true
      default: false
      }
    }
  }

  /// The elements as they are written: `["3", "64-78", "SIGINT", "timeout"]`.
  package var texts: [String] {
    elements.map { element in
      switch element {
      case .codes(let range): range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
      case .signal(let number): SignalName.name(of: number)
      case .timeout: "timeout"
      }
    }
  }
}

extension StringProtocol {
  /// The text without spaces and tabs at either end.
  func trimmingSpaces() -> String {
    var view = Substring(self)
    while let first = view.utf8.first, first == 0x20 || first == 0x09 { view = view.dropFirst() }
    while let last = view.utf8.last, last == 0x20 || last == 0x09 { view = view.dropLast() }
    return String(view)
  }
}
