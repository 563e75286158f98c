import Glibc
import System
import Testing

/// Times for people, on the clock of this host; date(1) is the other opinion.
@Suite("Local times")
struct LocalTimeTests {
  private func date(_ seconds: Int64, _ format: String) throws -> String {
    let output = try #require(popen("date -d @\(seconds) '+\(format)'", "re"))
    defer { pclose(output) }
    var line = [CChar](repeating: 0, count: 64)
    _ = fgets(&line, 64, output)
    return String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// In winter and in summer, on a leap day, at the ends of a day and of a year.
  private static let moments: [Int64] = [
    0, 1, 784_111_777, 951_782_400, 1_782_000_000, 1_795_447_046, 1_798_761_599, 1_798_761_600, 4_102_444_799,
  ]

  @Test("on the day of now it is the time of day alone", arguments: moments)
  func today(_ seconds: Int64) throws {
    let shown = try date(seconds, "%H:%M:%S")
    #expect(LocalTime.text(seconds * 1000, now: seconds * 1000) == shown)
    #expect(LocalTime.text(seconds * 1000 + 999, now: seconds * 1000) == shown)
  }

  @Test("on another day the date comes first, also on the same day of another year", arguments: moments)
  func otherDay(_ seconds: Int64) throws {
    let shown = try date(seconds, "%Y-%m-%d %H:%M:%S")
    for days: Int64 in [-366, -365, -2, 2, 365, 366] {
      #expect(LocalTime.text(seconds * 1000, now: (seconds + days * 86_400) * 1000) == shown)
    }
  }

  @Test("a minute to midnight, what is in two minutes is of another day")
  func midnight() throws {
    let now: Int64 = 1_795_447_046
    let past = try date(now, "%H %M %S").split(separator: " ").compactMap { Int64($0) }
    let lastMinute = now - past[0] * 3600 - past[1] * 60 - past[2] + 86_340
    try #require(date(lastMinute, "%H:%M") == "23:59")
    #expect(LocalTime.text((lastMinute + 30) * 1000, now: lastMinute * 1000) == "23:59:30")
    #expect(
      try LocalTime.text((lastMinute + 120) * 1000, now: lastMinute * 1000)
        == date(lastMinute + 120, "%Y-%m-%d 00:01:00"))
  }
}
