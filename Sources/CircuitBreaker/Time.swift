/// A point on a store's time line, in whole milliseconds since 1970-01-01T00:00:00Z.
///
/// The core never reads a clock. The file store derives the value from CLOCK_BOOTTIME, the Redis store from the
/// server's TIME; both hand it in with each event. Arithmetic saturates, so that a hostile document cannot trap.
package struct Timestamp: Hashable, Comparable, Sendable {
  package var milliseconds: Int64

  /// Milliseconds since 1970-01-01T00:00:00Z.
  package init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  /// Whether `left` is the earlier one.
  package static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.milliseconds < right.milliseconds
  }

  /// Saturates at both ends of the range.
  package static func + (time: Timestamp, span: Span) -> Timestamp {
    Timestamp(milliseconds: saturatingAdd(time.milliseconds, span.milliseconds))
  }

  /// How long after `earlier` this is; negative where it is before.
  package static func - (later: Timestamp, earlier: Timestamp) -> Span {
    Span(milliseconds: saturatingAdd(later.milliseconds, 0 &- max(earlier.milliseconds, -.max)))
  }
}

/// A length of time in whole milliseconds.
package struct Span: Hashable, Comparable, Sendable {
  package var milliseconds: Int64

  /// May be negative: the difference of two times.
  package init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  package static let zero = Span(milliseconds: 0)

  /// A whole number of seconds; saturates.
  package static func seconds(_ seconds: Int64) -> Span {
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    return Span(milliseconds: overflow ? (seconds < 0 ? .min : .max) : product)
  }

  /// The length in seconds, as JSON and `cb get` show it.
  package var seconds: Double { Double(milliseconds) / 1000 }

  /// Whether `left` is the shorter one.
  package static func < (left: Span, right: Span) -> Bool {
    left.milliseconds < right.milliseconds
  }

  /// The span stretched by `factor`, at most about 29,000 years (so that adding it to a time stays exact).
  package func stretched(by factor: Double) -> Span {
    let product = (Double(milliseconds) * factor).rounded()
    return Span(milliseconds: product < 9e14 ? Int64(product) : 900_000_000_000_000)
  }
}

extension Span: CustomStringConvertible {
  /// The shortest text that is exact: `250ms`, `1.5s`, `60s`, `90s`, `5m`, `1h30m`, `2d`. Up to two minutes seconds are
  /// kept.
  package var description: String {
    let total = max(0, milliseconds)
    if total < 1000 { return total == 0 ? "0s" : "\(total)ms" }
    if total < 120_000 || total % 1000 != 0 {
      var fraction = String(total % 1000 + 1000).dropFirst()
      while fraction.hasSuffix("0") { fraction = fraction.dropLast() }
      return "\(total / 1000)" + (fraction.isEmpty ? "" : ".\(fraction)") + "s"
    }
    var seconds = total / 1000
    var text = ""
    for (suffix, length) in [("d", Int64(86400)), ("h", 3600), ("m", 60), ("s", 1)] where seconds >= length {
      text += "\(seconds / length)\(suffix)"
      seconds %= length
    }
    return text
  }
}

private func saturatingAdd(_ left: Int64, _ right: Int64) -> Int64 {
  let (sum, overflow) = left.addingReportingOverflow(right)
  return overflow ? (left < 0 ? .min : .max) : sum
}
