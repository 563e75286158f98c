import CircuitBreaker

extension Span {
  static func ms(_ milliseconds: Int64) -> Span { Span(milliseconds: milliseconds) }
}
