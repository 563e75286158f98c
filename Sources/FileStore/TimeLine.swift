import BreakerStore
package import CircuitBreaker
package import System

/// What a document says of the clocks at its last change.
package struct ClockAnchor: Hashable, Sendable {
  package var bootID: String
  /// CLOCK_BOOTTIME.
  package var bootMilliseconds: Int64
  /// The time on the store's time line.
  package var time: Timestamp
  /// Members that this version does not know.
  package var kept = KeptMembers()

  /// `bootMilliseconds` since the start of that boot, suspended time included.
  package init(bootID: String, bootMilliseconds: Int64, time: Timestamp) {
    self.bootID = bootID
    self.bootMilliseconds = bootMilliseconds
    self.time = time
  }
}

/// The time line of a document in the file store (docs/CONTRACT.md, "The state machine").
///
/// Within one boot CLOCK_BOOTTIME tells how much time went by, suspended time included, whatever the wall clock was
/// set to. Across boots only the wall clock can; where it stands before the document's last change it was set back,
/// and the time since this boot is all that is certain to have gone by. So whatever the clocks do, elapsed time
/// grows, for readers that never write too, and no timeout lasts longer than itself from the moment of a step.
package enum TimeLine {
  /// Differences up to this stay: two clocks never agree to the millisecond, and times should not move for that.
  private static let tolerance: Int64 = 1000

  /// The time now, and by how much every time in the document has to move for it.
  package static func now(after anchor: ClockAnchor?, _ clock: ClockReading) -> (time: Timestamp, shift: Span) {
    let wall = Timestamp(milliseconds: clock.wallMilliseconds)
    guard let anchor else { return (wall, .zero) }
    let line = anchor.time + elapsed(since: anchor, clock)
    let shift = wall - line
    return abs(shift.milliseconds) <= tolerance ? (line, .zero) : (wall, shift)
  }

  private static func elapsed(since anchor: ClockAnchor, _ clock: ClockReading) -> Span {
    if anchor.bootID == clock.bootID, clock.bootMilliseconds >= anchor.bootMilliseconds {
      return Span(milliseconds: clock.bootMilliseconds - anchor.bootMilliseconds)
    }
    let wall = Timestamp(milliseconds: clock.wallMilliseconds) - anchor.time
    return wall >= .zero ? wall : Span(milliseconds: clock.bootMilliseconds)
  }
}
