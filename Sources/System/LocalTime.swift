import Glibc

/// Times on the clock of this host, for people: `18:05:02`, with the date where it is another day than now.
package enum LocalTime {
  /// - Parameters: milliseconds since 1970.
  package static func text(_ milliseconds: Int64, now: Int64) -> String {
    let time = parts(milliseconds)
    let today = parts(now)
    let clock = "\(two(time.tm_hour)):\(two(time.tm_min)):\(two(time.tm_sec))"
    if time.tm_year == today.tm_year, time.tm_yday == today.tm_yday { return clock }
    return "\(time.tm_year + 1900)-\(two(time.tm_mon + 1))-\(two(time.tm_mday)) \(clock)"
  }

  private static func parts(_ milliseconds: Int64) -> tm {
    var seconds = time_t(milliseconds / 1000)
    var parts = tm()
    localtime_r(&seconds, &parts)
    return parts
  }

  private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
