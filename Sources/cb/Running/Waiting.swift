import BreakerStore
import CircuitBreaker
import System

/// Waiting for admission, for `cb run --wait` and `cb wait`: sleeps until a trial is due, and looks again meanwhile,
/// as a circuit can be closed by others.
struct Waiting {
  /// How long the sleep between two looks lasts at the most.
  private static let longestNap = Span(milliseconds: 250)
  private static let shortestNap = Span(milliseconds: 5)

  private let clock: StoreClock
  private let end: Int64?

  /// - Parameter limit: how long to wait; nil: for ever.
  init(limit: Span?, clock: StoreClock) {
    self.clock = clock
    end = limit.map { clock.reading().bootMilliseconds + $0.milliseconds }
  }

  /// How long to sleep before the next look; nil when the time ran out.
  func nap(until due: Span?) -> Span? {
    let nap = max(Self.shortestNap, min(Self.longestNap, due.flatMap { $0 > .zero ? $0 : nil } ?? Self.longestNap))
    guard let end else { return nap }
    let left = Span(milliseconds: end - clock.reading().bootMilliseconds)
    return left > .zero ? min(nap, left) : nil
  }
}
