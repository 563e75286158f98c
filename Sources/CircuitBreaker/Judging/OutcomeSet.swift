/// A set of endings, as `exclude`, `ignore` and `only` name them: `3,64-78,SIGINT,timeout`.
package struct OutcomeSet: Hashable, Sendable {
  /// One item of such a list.
  package enum Element: Hashable, Sendable {
    case codes(ClosedRange<Int32>)
    case signal(Int32)
    case timeout
  }

  package var elements: [Element] = []

  /// A set that contains no ending.
  package init() {}

  package var isEmpty: Bool { elements.isEmpty }

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
}
