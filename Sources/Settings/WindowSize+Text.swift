package import CircuitBreaker

extension WindowSize {
  /// `20` is a number of runs (1 to 10000), `1h` a time of 100 ms or more, which needs its unit; nil for anything else.
  package init?(_ text: String) {
    if let runs = NumberText.count(text) {
      guard runs <= 10_000 else { return nil }
      self = .runs(runs)
    } else {
      guard let last = text.utf8.last, last > 0x39, let span = DurationText.parse(text),
        span >= Span(milliseconds: 100)
      else { return nil }
      self = .time(span)
    }
  }
}
