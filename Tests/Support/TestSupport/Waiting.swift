import Glibc

/// Seconds of CLOCK_MONOTONIC.
package func clockSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Waits until something is so, as long as told, which is long enough for a busy machine; whether it came to be. A look
/// that takes its time itself, as at the connections of a thousand processes, is not worth taking every few milliseconds.
package func eventually(seconds: Double = 30, every milliseconds: UInt32 = 5, _ condition: () -> Bool) -> Bool {
  let end = clockSeconds() + seconds
  while !condition() {
    if clockSeconds() > end { return false }
    usleep(milliseconds * 1000)
  }
  return true
}
