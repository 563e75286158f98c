import CircuitBreaker
import Settings
import TestSupport
import Testing

/// The times that `retry-hint` and `--retry-after` take (docs/CONTRACT.md, "Settings").
struct RetryHintTextTests {
  /// 1994-11-06T08:49:37Z, the moment of RFC 9110's examples.
  private static let moment: Int64 = 784_111_777_000

  @Test(
    "seconds and durations count from now",
    arguments: [
      ("0", 0), ("1", 1000), ("120", 120_000), ("1.5", 1500), ("0.0001", 1), ("90s", 90_000), ("5m", 300_000),
      ("1h30m", 5_400_000), ("156h", 561_600_000), (" 120\r\n", 120_000), ("\t7 ", 7000), ("007", 7000),
      ("999999999", 999_999_999_000), ("0.30000000000000004", 301),
    ] as [(String, Int64)])
  func spans(text: String, milliseconds: Int64) {
    #expect(RetryHintText.parse(text) == .after(Span(milliseconds: milliseconds)))
  }

  @Test("from 1000000000 on a bare number is a point in time")
  func epoch() {
    #expect(RetryHintText.parse("999999999") == .after(.seconds(999_999_999)))
    #expect(RetryHintText.parse("1000000000") == .at(Timestamp(milliseconds: 1_000_000_000_000)))
    #expect(RetryHintText.parse("1795447046.5") == .at(Timestamp(milliseconds: 1_795_447_046_500)))
    #expect(RetryHintText.parse("999999999999") == .at(Timestamp(milliseconds: 999_999_999_999_000)))
    // Milliseconds since 1970 are not seconds: year 58000 is nobody's.
    #expect(RetryHintText.parse("1795447046000") == nil)
    #expect(RetryHintText.parse(String(repeating: "9", count: 399)) == nil)
  }

  @Test(
    "an HTTP date of each of its three forms",
    arguments: [
      "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
      "Sun Nov 06 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 GMT\r\n", "  Sunday, 06-Nov-94 08:49:37 GMT  ",
    ])
  func httpDates(text: String) {
    #expect(RetryHintText.parse(text) == .at(Timestamp(milliseconds: Self.moment)))
  }

  @Test("every month of an HTTP date, and years of two digits on both sides of the century")
  func months() throws {
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    for (index, name) in names.enumerated() {
      let number = index < 9 ? "0\(index + 1)" : "\(index + 1)"
      let time = try #require(RFC3339.parse("2031-\(number)-01T23:59:59.000Z"))
      #expect(RetryHintText.parse("Mon, 01 \(name) 2031 23:59:59 GMT") == .at(time))
      #expect(RetryHintText.parse("Monday, 01-\(name)-31 23:59:59 GMT") == .at(time))
      #expect(RetryHintText.parse("Mon \(name)  1 23:59:59 2031") == .at(time))
    }
  }

  @Test(
    "RFC 3339, as other programs print it",
    arguments: [
      "1994-11-06T08:49:37Z", "1994-11-06T08:49:37.000Z", "1994-11-06t08:49:37z", "1994-11-06 08:49:37Z",
      "1994-11-06T10:49:37+02:00", "1994-11-06T03:19:37-05:30", "1994-11-06T08:49:37+00:00",
      "1994-11-06T08:49:37.000999999Z", "1994-11-07T00:49:37+16:00",
    ])
  func rfc3339(text: String) {
    #expect(RetryHintText.parse(text) == .at(Timestamp(milliseconds: Self.moment)))
  }

  @Test("a fraction of a second is kept to the millisecond", arguments: [("5", 500), ("25", 250), ("1239", 123)])
  func fractions(digits: String, milliseconds: Int64) {
    #expect(
      RetryHintText.parse("1994-11-06T08:49:37.\(digits)Z")
        == .at(Timestamp(milliseconds: Self.moment + milliseconds)))
  }

  @Test(
    "what is none of these is not a time",
    arguments: [
      "", " ", "soon", "-5", "+5", "1e3", "5 minutes", "5y", "Retry-After: 5", "0x10", "٣",
      // Neighbours of the HTTP dates: another zone, a wrong order, a month of another language, a part missing or odd.
      "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 +0000",
      "Sun, Nov 06 1994 08:49:37 GMT", "So, 06 Okt 1994 08:49:37 GMT", "06 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:00 GMT",
      "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 30 Feb 2028 08:49:37 GMT",
      "Sun, 29 Feb 2027 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, +6 Nov 1994 08:49:37 GMT",
      "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 199 08:49:37 GMT", "Sun, 06 Nov 19940 08:49:37 GMT",
      "Sun Nov  6 08:49:37 CET 1994", "Sun Nov  6 1994 08:49:37",
      // And of RFC 3339.
      "1994-11-06", "1994-11-06T08:49:37", "1994-11-06T08:49Z", "1994-11-06T08:49:37.Z", "1994-11-06T08:49:37+2:00",
      "1994-11-06T08:49:37+0200", "1994-11-06T08:49:37+24:00", "1994-11-06T08:49:37+02:60", "1994-13-06T08:49:37Z",
      "1994-02-30T08:49:37Z", "1994-11-06T24:49:37Z", "1994-11-06T08:49:37Z.", "94-11-06T08:49:37Z",
      "1994-11-06T08:49:37++1:00", "1994-11-06_08:49:37Z",
    ])
  func refused(text: String) {
    #expect(RetryHintText.parse(text) == nil)
  }

  @Test("the 29th of February is a day of its own years only")
  func leapDay() {
    #expect(RetryHintText.parse("Tue, 29 Feb 2028 00:00:00 GMT") != nil)
    #expect(RetryHintText.parse("2000-02-29T00:00:00Z") != nil)
    #expect(RetryHintText.parse("2100-02-29T00:00:00Z") == nil)
  }

  @Test("no text makes the reader trap")
  func anyText() {
    var random = SeededRandom(seed: 7)
    let alphabet = Array("0123456789.:-+ TZtz,GMSunNovéFebd\0\r\n%")
    for _ in 1...5000 {
      let text = String((0..<random.int(0...32)).map { _ in random.pick(alphabet) })
      if case .after(let span) = RetryHintText.parse(text) { #expect(span >= .zero, "\(text)") }
    }
  }
}
