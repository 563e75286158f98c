package import Glibc

/// What a clock of the kernel shows, in whole nanoseconds: since the start of the machine (CLOCK_MONOTONIC,
/// CLOCK_BOOTTIME) or since 1970 (CLOCK_REALTIME).
///
/// The one place where a clock is read.
package func clockNanoseconds(_ clock: clockid_t) -> Int64 {
  var time = timespec()
  clock_gettime(clock, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// The same in whole milliseconds.
package func clockMilliseconds(_ clock: clockid_t) -> Int64 {
  clockNanoseconds(clock) / 1_000_000
}

/// Nanoseconds of the clock that no one sets and that stops while the machine sleeps; for deadlines within a process.
package func monotonicNanoseconds() -> Int64 { clockNanoseconds(CLOCK_MONOTONIC) }

/// Milliseconds of that clock.
package func monotonicMilliseconds() -> Int64 { clockMilliseconds(CLOCK_MONOTONIC) }
