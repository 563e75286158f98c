import CircuitBreaker
import Settings
import TestSupport
import Testing

/// The text forms of docs/CONTRACT.md, "Settings": `250ms`, `90s`, `5m`, `1h30m`, `2d`, `1.5`; `50%`, `0.5`.
struct DurationTextTests {
  @Test(
    "a duration is read",
    arguments: [
      ("250ms", 250), ("90s", 90_000), ("5m", 300_000), ("1h30m", 5_400_000), ("2d", 172_800_000), ("1.5", 1500),
      ("0", 0), ("0s", 0), ("60", 60_000), ("1.5h", 5_400_000), (".5", 500), ("5.", 5000), ("1d2h3m4s5ms", 93_784_005),
      ("0.0001", 1), ("0.4ms", 1), ("0.0014", 1), ("007", 7000), ("1m0s", 60_000), ("0.1s", 100), ("0.29", 290),
      ("36525d", 3_155_760_000_000), ("3155760000", 3_155_760_000_000), ("0.30000000000000004", 300),
      ("1.00000000000000000000s", 1000), ("00000000000000000000001", 1000),
    ] as [(String, Int64)])
  func read(text: String, milliseconds: Int64) {
    #expect(DurationText.parse(text) == .ms(milliseconds))
  }

  @Test(
    "what is no duration is refused",
    arguments: [
      "", " ", ".", "s", "ms", "-1", "-1s", "+1", "1 s", " 1s", "1s ", "1S", "1M", "1e3", "inf", "nan", "0x10", "1h30",
      "30m1h", "1h1h", "1ms1s", "1..5", "1.2.3", "1.5.s", "1w", "1y", "1sec", "1,5", "١s", "1s\0", "1s\n", "1d-1h",
      "36525.1d", "99999999999999999999", "123456789012345678s", "--1", "1sms",
    ])
  func refused(text: String) {
    #expect(DurationText.parse(text) == nil)
  }

  @Test(
    "a span is written shortly",
    arguments: [
      (0, "0s"), (-5, "0s"), (1, "1ms"), (250, "250ms"), (999, "999ms"), (1000, "1s"), (1500, "1.5s"), (60_000, "60s"),
      (90_000, "90s"), (119_999, "119.999s"), (120_000, "2m"), (150_000, "2m30s"), (300_000, "5m"), (3_600_000, "1h"),
      (5_400_000, "1h30m"), (172_800_000, "2d"), (93_784_000, "1d2h3m4s"), (3_600_500, "3600.5s"),
    ] as [(Int64, String)])
  func written(milliseconds: Int64, text: String) {
    #expect(DurationText.format(.ms(milliseconds)) == text)
  }

  @Test("what is written reads back to the same span")
  func roundTrip() {
    var random = SeededRandom(seed: 1)
    for _ in 1...5000 {
      let span = Span.ms(random.span(0...(random.chance(50) ? 1_000_000 : 3_155_760_000_000)))
      #expect(DurationText.parse(DurationText.format(span)) == span)
    }
  }

  @Test("no bytes make the reader trap")
  func anyBytes() {
    var random = SeededRandom(seed: 2)
    let alphabet = Array("0123456789.dhms% -+e\0é")
    for _ in 1...5000 {
      let text = String((0..<random.int(0...12)).map { _ in random.pick(alphabet) })
      if let span = DurationText.parse(text) {
        #expect(span >= .zero && span.milliseconds <= 3_155_760_000_000, "\(text)")
      }
      if let rate = NumberText.rate(text) { #expect((0...1).contains(rate), "\(text)") }
    }
  }

  @Test(
    "a hint to people who wait is rounded up to whole seconds",
    arguments: [
      (0, "0s"), (1, "1s"), (999, "1s"), (1000, "1s"), (1001, "2s"), (41_001, "42s"), (310_000, "5m10s"),
      (7_200_000, "2h"), (119_001, "2m"),
    ] as [(Int64, String)])
  func retry(milliseconds: Int64, text: String) {
    #expect(DurationText.formatRetry(.ms(milliseconds)) == text)
  }

  @Test("the longest span and the earliest can be written, though nobody waits for them")
  func extremes() {
    #expect(DurationText.formatRetry(.ms(.max)).hasSuffix("s"))
    #expect(DurationText.formatRetry(.ms(.min)) == "0s")
    #expect(DurationText.format(.ms(.max)) == "9223372036854775.807s")
    #expect(Span.seconds(.max) == .ms(.max))
    #expect(Span.seconds(.min) == .ms(.min))
  }

  @Test(
    "a rate is read",
    arguments: [
      ("50%", 0.5), ("0.5", 0.5), ("0", 0), ("0%", 0), ("1", 1), ("100%", 1), ("33.3%", 0.333), (".25", 0.25),
      ("1.", 1), ("0.30000000000000004", 0.3), ("12.500000000000000001%", 0.125),
    ] as [(String, Double)])
  func rate(text: String, value: Double) throws {
    #expect(abs(try #require(NumberText.rate(text)) - value) < 1e-12)
  }

  @Test(
    "what is no rate is refused",
    arguments: ["", "%", "-1%", "101%", "1.01", "50", "5 %", "%5", "50%%", "1e-1", "half", "nan"])
  func noRate(text: String) {
    #expect(NumberText.rate(text) == nil)
  }

  @Test("times and spans saturate rather than trap")
  func saturation() {
    let (first, last) = (Timestamp(milliseconds: .min), Timestamp(milliseconds: .max))
    #expect(last + .ms(1) == last && first + .ms(-1) == first)
    #expect(last - first == .ms(.max) && first - last == .ms(.min))
    #expect(Timestamp(milliseconds: 0) - first == .ms(.max))
    #expect(Span.ms(.max).stretched(by: 1000) == .ms(900_000_000_000_000))
    #expect(Span.seconds(1).stretched(by: 1.5) == .ms(1500))
  }
}
