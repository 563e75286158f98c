import CircuitBreaker
import System
import Testing

/// Names (docs/CONTRACT.md, "Commands") and texts on a terminal.
struct BreakerNameTests {
  @Test(
    "a name is 1 to 128 bytes of UTF-8",
    arguments: [
      "a", "db-backup", "a b", "ünïcödé", "日本語", "🐘", "...", ".hidden", "a-", "_-", "A=B", "a\\b", "a]", "{a}", "\"",
      "$(x)",
      String(repeating: "x", count: 128), String(repeating: "é", count: 64), "\u{200B}", "~", "%2F",
    ])
  func name(text: String) throws {
    #expect(try BreakerName(text).text == text)
  }

  @Test(
    "what is no name is refused for its reason",
    arguments: [
      ("", .empty), (String(repeating: "x", count: 129), .tooLong(bytes: 129)),
      (String(repeating: "é", count: 65), .tooLong(bytes: 130)), ("/", .slash), ("a/b", .slash), ("../x", .slash),
      (".", .dots), ("..", .dots), ("-", .leadingDash), ("-x", .leadingDash), ("--help", .leadingDash),
      ("a\0", .control), ("a\nb", .control), ("\t", .control), ("\u{1B}[1m", .control), ("\u{7F}", .control),
      ("*", .pattern("*")), ("db-*", .pattern("*")), ("a?", .pattern("?")), ("[ab]", .pattern("[")),
      ("a[", .pattern("[")),
      ("a\u{85}", .control), ("\u{9F}", .control), ("\u{2028}", .control), ("\r\n", .control), ("a\u{FFFD}", .notUTF8),
    ] as [(String, BreakerName.Fault)])
  func refused(text: String, fault: BreakerName.Fault) {
    #expect(throws: fault) { try BreakerName(text) }
    #expect(!fault.reason.isEmpty)
  }

  @Test("names are told apart by their bytes, not as Unicode compares")
  func bytes() throws {
    let (one, two) = (try BreakerName("\u{E9}"), try BreakerName("e\u{301}"))
    #expect(one.text == two.text)  // as String has it
    #expect(one != two)
    #expect(Set([one, two]).count == 2)
    #expect((one < two) != (two < one))
  }

  @Test("names sort by their bytes, so in one order anywhere")
  func order() throws {
    let names = try ["b", "a", "B", "é", "ab", "a-"].map { try BreakerName($0) }
    #expect(names.sorted().map(\.text) == ["B", "a", "a-", "ab", "b", "é"])
  }

  @Test(
    "control characters and what turns the direction of writing are shown, never sent",
    arguments: [
      ("plain é 日本 🐘", "plain é 日本 🐘"), ("", ""), ("a\nb\tc", "a\\nb\\tc"), ("\u{1B}[31m", "\\u{1B}[31m"),
      ("\r\n", "\\u{D}\\n"), ("\0\u{7F}", "\\u{0}\\u{7F}"), ("\u{9B}1m", "\\u{9B}1m"), ("\u{202E}x", "\\u{202E}x"),
      ("\u{2066}\u{2069}", "\\u{2066}\\u{2069}"), ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"), ("e\u{301}", "e\u{301}"),
      ("\u{FEFF}\u{200E}\u{200F}", "\\u{FEFF}\\u{200E}\\u{200F}"), ("\u{61C}", "\\u{61C}"), ("\u{7}", "\\u{7}"),
    ])
  func escaping(text: String, shown: String) {
    #expect(text.escapingControls().unicodeScalars.elementsEqual(shown.unicodeScalars))
  }

  @Test("a token is 32 hexadecimal digits, all 128 bits of it")
  func token() {
    #expect(Token(0, 0).text == String(repeating: "0", count: 32))
    #expect(Token(.max, .max).text == String(repeating: "f", count: 32))
    #expect(Token(0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210).text == "0123456789abcdeffedcba9876543210")
  }
}
