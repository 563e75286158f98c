/// How long commands took, counted by buckets since the breaker was made or reset: for metrics, and for what `status`
/// says of a reset timeout that is shorter than the job. Nothing is decided by it.
package struct DurationHistogram: Hashable, Sendable {
  /// The upper ends of the buckets; a duration that is equal belongs in. What is longer than the last counts in one more.
  package static let bounds: [Span] = [
    Span(milliseconds: 100), Span(milliseconds: 500), .seconds(1), .seconds(5), .seconds(15), .seconds(60),
    .seconds(300), .seconds(900), .seconds(1800), .seconds(3600), .seconds(14400), .seconds(28800),
  ]

  /// A count a bucket, not added up, and one more at the end; empty if nothing was counted.
  package private(set) var counts: [Int] = []
  /// Of all durations, in milliseconds.
  package private(set) var sum = Span.zero
  /// Members that this version does not know.
  package var kept = KeptMembers()

  /// Nothing counted.
  package init() {}

  /// Takes over what was stored, in place of what was counted; false for what no version has written.
  package mutating func restore(counts: [Int], sum: Span) -> Bool {
    guard counts.count == Self.bounds.count + 1, counts.allSatisfy({ $0 >= 0 }), sum >= .zero else { return false }
    self.counts = counts
    self.sum = sum
    return true
  }

  package var isEmpty: Bool { counts.isEmpty }

  package var total: Int { counts.reduce(0, +) }

  /// Counts one run; a negative duration counts as 0.
  package mutating func add(_ duration: Span) {
    if counts.isEmpty { counts = Array(repeating: 0, count: Self.bounds.count + 1) }
    counts[Self.bounds.firstIndex { duration <= $0 } ?? Self.bounds.count] += 1
    sum = sum + max(.zero, duration)
  }
}
