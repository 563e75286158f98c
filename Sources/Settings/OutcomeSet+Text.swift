package import CircuitBreaker

/// The text form of sets of endings: `3,64-78,SIGINT,timeout`.
extension OutcomeSet {
  /// Reads the text; nil if any part of it is not an exit code (0 to 255), range, signal name or `timeout`.
  package init?(_ text: some StringProtocol) {
    self.init()
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
    guard let low = NumberText.exitCode(ends[0]), let high = ends.count == 2 ? NumberText.exitCode(ends[1]) : low,
      low <= high
    else {
      return nil
    }
    return low...high
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
  fileprivate func trimmingSpaces() -> String {
    var view = Substring(self)
    while let first = view.utf8.first, first == 0x20 || first == 0x09 { view = view.dropFirst() }
    while let last = view.utf8.last, last == 0x20 || last == 0x09 { view = view.dropLast() }
    return String(view)
  }
}
