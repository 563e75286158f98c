#if NextFormat
  import CircuitBreaker

  /// What a program of the test-only trait `NextFormat` writes beyond this version: one of each kind of news that a
  /// later version may bring. It plays that later version in the tests of mixed fleets.
  enum NextFormat {
    /// A policy with this `fail-max` has one member more.
    static let failMax = 77
    /// `cb half-open --reason next` is an event of another kind.
    static let kind = "next-half-open"
    static let reason = "next"
    /// A hold for this reason makes a document need more than this version knows.
    static let need = "next"
  }
#endif
