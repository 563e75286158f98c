import CircuitBreaker
import Glibc
import System

/// Waiting for admission, for `cb run --wait` and `cb wait`: sleeps until a trial is due, and looks again meanwhile,
/// as a circuit can be closed by others. On a terminal one line of standard error counts down.
final class Waiting {
  /// How long the sleep between two looks lasts at the most.
  private static let longestNap = Span(milliseconds: 250)
  private static let shortestNap = Span(milliseconds: 5)

  private let world: World
  /// On the boot clock, in milliseconds; nil: forever.
  private let limit: Int64?
  /// For whom the line counts down; nil: there is none.
  private let shown: BreakerName?
  private var isLineShown = false

  /// - Parameters:
  ///   - limit: how long to wait; nil: forever.
  ///   - name: the breaker, for the line on a terminal; nil: without a word.
  init(limit: Span?, world: World, name: BreakerName?) {
    self.world = world
    self.limit = limit.map { world.clock.reading().bootMilliseconds + $0.milliseconds }
    shown = isatty(STDERR_FILENO) == 1 ? name : nil
  }

  /// How long to sleep before the next look; nil when the time ran out.
  ///
  /// - Parameter due: how long until a trial is due; nil: nobody knows.
  func nap(until due: Span?) -> Span? {
    let nap = max(Self.shortestNap, min(Self.longestNap, due.flatMap { $0 > .zero ? $0 : nil } ?? Self.longestNap))
    let left = limit.map { Span(milliseconds: $0 - world.clock.reading().bootMilliseconds) }
    if let left, left <= .zero { return nil }
    show(due)
    return left.map { min(nap, $0) } ?? nap
  }

  /// Takes the line away.
  func end() {
    if isLineShown { writeWhole("\r\u{1B}[K", to: STDERR_FILENO) }
    isLineShown = false
  }

  private func show(_ due: Span?) {
    guard let shown else { return }
    let now = world.clock.reading().wallMilliseconds
    let words =
      due.map { due in
        "next trial in \(due.roundedUp), at \(LocalTime.text(now + due.milliseconds, now: now))"
      } ?? "waiting until it is closed"
    writeWhole("\r\u{1B}[Kcb: \(shown.text.escapingControls()): \(words)", to: STDERR_FILENO)
    isLineShown = true
  }
}

extension Span {
  /// In whole seconds, for people who wait: never too early.
  var roundedUp: Span { .seconds(milliseconds / 1000 + (milliseconds % 1000 > 0 ? 1 : 0)) }
}
