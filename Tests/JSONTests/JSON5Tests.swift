import Testing

@testable import JSON

private func failure(_ text: String, limits: JSONLimits = JSONLimits()) -> JSONError? {
  do throws(JSONError) {
    _ = try LocatedJSON.parse(Array(text.utf8), limits: limits)
    return nil
  } catch {
    return error
  }
}

@Suite struct JSON5Tests {
  @Test(
    arguments: [
      ("// c\n1", 1), ("1 // c", 1), ("/* a * / ** */ 1", 1), ("/**/1", 1), ("[1,]", [1]), ("{a:1,}", ["a": 1]),
      ("'a\"b'", "a\"b"),
      ("\"it's\"", "it's"), ("{$_a1: 1, 'b c': 2, \"d\": 3}", ["$_a1": 1, "b c": 2, "d": 3]),
      ("{true: 1, null: 2}", ["true": 1, "null": 2]),
      ("{\\u0061b: 1, é: 2, ａ: 3}", ["ab": 1, "é": 2, "ａ": 3]), ("0x1F", 31), ("-0XfF", -255), ("+5", 5), (".5", 0.5),
      ("5.", .number(5)),
      ("-.5e1", .number(-5)), ("5.e2", .number(500)), ("+.5", 0.5), ("0", 0), ("-0", .number(-0.0)),
      ("0.0", .number(0)),
      ("Infinity", .number(.infinity)), ("-Infinity", .number(-.infinity)), ("+Infinity", .number(.infinity)),
      ("0xFFFFFFFFFFFFFFFF", .number(18_446_744_073_709_551_616)), ("-0x8000000000000000", .integer(.min)),
      ("9223372036854775807", .integer(.max)), ("'a\\\nb\\\r\nc\\\rd\\\u{2028}e'", "abcde"),
      ("'\\x41\\u0042\\v\\0\\q\\'\\é'", "AB\u{b}\0q'é"),
      ("'\u{2028}'", "\u{2028}"), ("'\\uD83D\\uDE00'", "😀"), ("\u{feff}\u{a0}\u{3000}\u{2028}\u{b}\u{c}1", 1),
      ("'\t'", "\t"), ("null", nil),
      ("[true,false]", [true, false]), ("[ /* none */ ]", []), ("{ // none\n}", [:]),
    ] as [(String, JSONValue)])
  func `a well-formed text gives its value`(text: String, value: JSONValue) throws {
    #expect(try LocatedJSON.parse(Array(text.utf8)).value == value)
  }

  @Test func `NaN is read with any sign`() throws {
    for text in ["NaN", "-NaN", "+NaN"] {
      #expect(try LocatedJSON.parse(Array(text.utf8)).double?.isNaN == true)
    }
  }

  @Test(arguments: [
    "", "//", "/*", "/* *", "/", "[,]", "[1,,]", "{,}", "{a:1,,}", "{a}", "{a:}", "{1a:1}", "{a-b:1}", "'a", "'a\nb'",
    "\"a'", "'\\1'", "'\\01'",
    "'\\x4'", "'\\u004'", "'\\uD800'", "01", "0x", "0xg", "1x", "1.2.3", ".", "+", "-", "e5", ".e5", "5e", "+-5", "- 5",
    "1_000", "Infinityx", "infinity",
    "nan", "tru", "a", "{\\x61:1}", "{\\u002d:1}", "1 2", "{a:1 b:2}", "0x1.5", "--1", "{a:1,a:2}", "{a:1,'a':2}",
    "1e999", "[1", "{", "\u{1}",
  ])
  func `an ill-formed text is an error`(text: String) {
    #expect(failure(text) != nil)
  }

  @Test(
    arguments: [
      ("{\n  fail-max: 3 }", 2, 7, .unexpected(found: "-", expected: "':' (a key with '-' must be in quotes)")),
      ("{store: redis}", 1, 9, .unexpected(found: "redis", expected: "a value (text must be in quotes)")),
      ("// é\r\n{a: 1,\n a: 2}", 3, 2, .duplicateKey("a")),
      ("{a: 1 /* open", 1, 7, .unterminatedComment),
      ("{é: 0x}", 1, 5, .invalidNumber),
      ("['a\n']", 1, 4, .controlCharacter(10)),
    ] as [(String, Int, Int, JSONError.Reason)])
  func `an error says line, column and reason`(text: String, line: Int, column: Int, reason: JSONError.Reason) {
    let error = failure(text)
    #expect(error?.position == JSONPosition(line: line, column: column))
    #expect(error?.reason == reason)
  }

  @Test func `every key and value has its position`() throws {
    let text = "// first\n{\n  store: 'file:/x', // é\n  /* é */ défaults: { 'a': [1,\r\n    -2] },\r  b: null\n}"
    let root = try LocatedJSON.parse(Array(text.utf8))
    let members = try #require(root.object)
    #expect(root.position == JSONPosition(line: 2, column: 1))
    #expect(
      members.map(\.keyPosition) == [.init(line: 3, column: 3), .init(line: 4, column: 11), .init(line: 6, column: 3)])
    #expect(
      members.map(\.value.position) == [
        .init(line: 3, column: 10), .init(line: 4, column: 21), .init(line: 6, column: 6),
      ])
    let inner = try #require(members[1].value.object)
    #expect(inner[0].keyPosition == JSONPosition(line: 4, column: 23))
    #expect(inner[0].value.array?.map(\.position) == [.init(line: 4, column: 29), .init(line: 5, column: 5)])
    #expect(root["défaults"]?["a"]?.array?.map(\.int) == [1, -2])
  }

  @Test func `depth, size and UTF-8 are bounded as in strict JSON`() throws {
    #expect(failure(String(repeating: "[", count: 65))?.reason == .tooDeep(limit: 64))
    #expect(failure("[1]", limits: JSONLimits(size: 2))?.reason == .tooLarge(limit: 2))
    #expect(throws: JSONError.self) { try LocatedJSON.parse([0x2F, 0x2F, 0xFF]) }
  }

  @Test func `whatever is strict JSON is JSON5 of the same value`() throws {
    var random = SeededRandom(seed: 5)
    for _ in 0..<300 {
      let value = JSONFuzz.value(&random, depth: 4)
      #expect(try LocatedJSON.parse(value.bytes(.pretty)).value == value)
    }
  }
}
