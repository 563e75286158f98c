/// The last runs, for `window`: by count exactly, by time in at most 62 slices (120 where the window is under 4 s, as
/// a slice lasts whole milliseconds), so that memory stays bounded however many runs there are. A run leaves a time
/// window at most one slice (a sixtieth of the window) late, and never early.
package struct RunWindow: Hashable, Sendable {
  /// What is remembered of a run in a window by count.
  package struct Mark: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    /// Bit 0: it failed; bit 1: it was slow. The documents store this number as a digit.
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let failed = Mark(rawValue: 1)
    package static let slow = Mark(rawValue: 2)
  }

  /// The runs that ended in one slice of a window by time.
  package struct Slice: Hashable, Sendable {
    package var start: Timestamp
    package var tally: Tally

    /// `start` is the end of the slice's first run.
    package init(start: Timestamp, tally: Tally) {
      self.start = start
      self.tally = tally
    }
  }

  /// Counts of runs; a run that failed and was slow is in all three.
  package struct Tally: Hashable, Sendable {
    package var calls = 0
    package var failures = 0
    package var slow = 0

    /// No runs, unless told.
    package init(calls: Int = 0, failures: Int = 0, slow: Int = 0) {
      self.calls = calls
      self.failures = failures
      self.slow = slow
    }

    mutating func add(_ run: Mark) {
      calls += 1
      if run.contains(.failed) { failures += 1 }
      if run.contains(.slow) { slow += 1 }
    }
  }

  /// Oldest first; used by a window by count.
  package var runs: [Mark] = []
  /// Oldest first; used by a window by time.
  package var slices: [Slice] = []
  /// Members that this version does not know.
  package var kept = KeptMembers()

  /// A window without runs.
  package init() {}

  package var isEmpty: Bool { runs.isEmpty && slices.isEmpty && kept.isEmpty }

  static let slicesPerWindow: Int64 = 60

  /// Adds a run that ended at `now`, lets go what no longer counts, and says what the window then holds.
  package mutating func add(_ run: Mark, size: WindowSize, at now: Timestamp) -> Tally {
    switch size {
    case .runs(let count):
      slices = []
      runs.append(run)
      if runs.count > count { runs.removeFirst(runs.count - count) }
    case .time(let span):
      runs = []
      let width = Span(milliseconds: max(1, span.milliseconds / Self.slicesPerWindow))
      if slices.last.map({ now >= $0.start + width }) ?? true {
        slices.append(Slice(start: now, tally: Tally()))
      }
      slices[slices.count - 1].tally.add(run)
    }
    prune(size: size, at: now)
    return tally(size: size, at: now)
  }

  /// What the window holds at `now`.
  package func tally(size: WindowSize, at now: Timestamp) -> Tally {
    var total = Tally()
    switch size {
    case .runs(let count):
      for run in runs.suffix(count) { total.add(run) }
    case .time(let span):
      for slice in slices where now - slice.start < span + sliceWidth(span) {
        total.calls += slice.tally.calls
        total.failures += slice.tally.failures
        total.slow += slice.tally.slow
      }
    }
    return total
  }

  private mutating func prune(size: WindowSize, at now: Timestamp) {
    guard case .time(let span) = size else { return }
    let keep = span + sliceWidth(span)
    slices.removeAll { now - $0.start >= keep }
  }

  private func sliceWidth(_ span: Span) -> Span {
    Span(milliseconds: max(1, span.milliseconds / Self.slicesPerWindow))
  }
}

extension Span {
  static func + (left: Span, right: Span) -> Span {
    let (sum, overflow) = left.milliseconds.addingReportingOverflow(right.milliseconds)
    return Span(milliseconds: overflow ? .max : sum)
  }
}
