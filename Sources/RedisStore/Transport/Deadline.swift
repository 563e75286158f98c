import Glibc
import System

/// The moment, on the clock that no step of the wall clock moves, by which a step must have ended.
///
/// One deadline covers look-up, connecting, TLS, AUTH, the command and the last byte of the reply. Time-outs per system
/// call (SO_RCVTIMEO) do not: a server that drips a byte a second stretched 0.8 s to 19.5 s when measured.
package struct Deadline: Sendable, Comparable {
  /// Nanoseconds of CLOCK_MONOTONIC.
  let nanoseconds: Int64

  init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// `duration` from now.
  package static func after(_ duration: Duration) -> Deadline {
    let (sum, overflow) = monotonicNanoseconds().addingReportingOverflow(duration.wholeNanoseconds)
    return Deadline(nanoseconds: overflow ? .max : sum)
  }

  /// Whether `a` comes first.
  package static func < (a: Deadline, b: Deadline) -> Bool { a.nanoseconds < b.nanoseconds }

  /// Nanoseconds left, 0 once it has passed.
  package var remainingNanoseconds: Int64 { max(0, nanoseconds - monotonicNanoseconds()) }

  package var hasPassed: Bool { remainingNanoseconds == 0 }

  /// The moment after which only `1/parts` of what is left has been used: a share for one of several tries.
  func share(of parts: Int) -> Deadline {
    let now = monotonicNanoseconds()
    return Deadline(nanoseconds: now + max(0, nanoseconds - now) / Int64(max(1, parts)))
  }

  /// Sleeps for that long, and not beyond the deadline; a signal may end the sleep early.
  func pause(_ length: Duration) {
    let nanoseconds = min(length.wholeNanoseconds, remainingNanoseconds)
    guard nanoseconds > 0 else { return }
    var wait = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    nanosleep(&wait, nil)
  }

  /// Waits until one of `entries` is ready or the deadline has passed; a signal does not end the wait.
  /// - Returns: the number of ready entries, 0 when the time is over.
  func poll(_ entries: inout [pollfd]) -> Int {
    while true {
      let left = remainingNanoseconds
      // Rounded up: rounded down, the last millisecond would be spent in a busy loop.
      let milliseconds = Int32(clamping: (min(left, .max - 999_999) + 999_999) / 1_000_000)
      let ready = Glibc.poll(&entries, nfds_t(entries.count), milliseconds)
      if ready > 0 { return Int(ready) }
      if left == 0 { return 0 }
      if ready < 0 && errno != EINTR && errno != EAGAIN { return 0 }
    }
  }
}

extension Duration {
  /// Whole nanoseconds, clamped to what fits.
  var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    let (sum, over) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
    return over ? (product < 0 ? .min : .max) : sum
  }
}
