import CircuitBreaker

/// The last runs as a strip of marks, oldest left, and a legend.
enum RunStrip {
  static func text(_ recent: [Outcome], _ style: OutputStyle, room: Int?) -> String {
    guard !recent.isEmpty else { return "none yet" }
    var strip = ""
    // A stretch of one outcome is painted once.
    var stretch = ""
    var outcome: Outcome?
    for run in recent.suffix(max(1, room ?? .max)) {
      if run != outcome {
        strip += style.paint(stretch, outcome?.ink ?? .plain)
        stretch = ""
        outcome = run
      }
      stretch += style.sign(run)
    }
    return strip + style.paint(stretch, outcome?.ink ?? .plain)
  }

  /// `7 ✓ success, 5 ✗ failure`: of those that are there.
  static func legend(_ recent: [Outcome], _ style: OutputStyle) -> String {
    Outcome.allCases.compactMap { outcome in
      let count = recent.count { $0 == outcome }
      return count == 0 ? nil : "\(count) \(style.paint(style.sign(outcome), outcome.ink)) \(outcome.rawValue)"
    }.joined(separator: ", ")
  }
}
