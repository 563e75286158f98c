import Glibc

/// Milliseconds since the machine was started. Time spent suspended counts (CLOCK_BOOTTIME), as it does for a breaker.
func millisecondsNow() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_BOOTTIME, &time)
  return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}
