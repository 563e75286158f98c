import Testing

@testable import JSON

private func parse(_ text: String) throws -> JSONValue { try JSONValue.parse(Array(text.utf8)) }

private func failure(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) -> JSONError? {
  do throws(JSONError) {
    _ = try JSONValue.parse(bytes, limits: limits)
    return nil
  } catch {
    return error
  }
}

private func failure(_ text: String) -> JSONError? { failure(Array(text.utf8)) }

@Suite struct JSONParserTests {
  @Test(
    arguments: [
      ("null", .null), (" true ", true), ("false", false), ("0", 0), ("-7", -7), ("\"\"", ""), ("[]", []), ("{}", [:]),
      ("\t\r\n 12 \n", 12), ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
      ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("1.5", 1.5), ("1e3", .number(1000)),
      ("1E-2", .number(0.01)), ("-0.0", .number(-0.0)), ("-0", .number(-0.0)),
      ("123456789012345678901234", .number(1.2345678901234568e23)),
      ("[1,[2,[]],{}]", [1, [2, []], [:]]), ("{\"a\":1,\"b\":{\"c\":null}}", ["a": 1, "b": ["c": nil]]),
      ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\u{8}\u{c}\n\r\t"), ("\"\\u0041\\u00e9\\u20ac\"", "Aé€"),
      ("\"\\uD83D\\uDE00 \\ud834\\udd1e\"", "😀 𝄞"), ("\"é€😀\u{7f}\"", "é€😀\u{7f}"), ("\"\\u0000\"", "\0"),
      ("\"é\\n€ and more than eight bytes\"", "é\n€ and more than eight bytes"),
    ] as [(String, JSONValue)])
  func `a well-formed text gives its value`(text: String, value: JSONValue) throws {
    #expect(try parse(text) == value)
  }

  @Test(arguments: [
    "", " ", "[", "{", "\"", "\"\\", "\"\\u12", "[1", "[1,", "[1,]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,",
    "{\"a\":1,}",
    "{a:1}", "{'a':1}", "{1:2}", "[1 2]", "{\"a\" 1}", "01", "-", "-01", "+1", ".5", "5.", "1e", "1e+", "0x10", "1.e3",
    "Infinity",
    "NaN", "-Infinity", "nul", "tru", "True", "nullx", "1 2", "[]]", "'a'", "\"a\nb\"", "\"\u{1f}\"", "\"\\x41\"",
    "\"\\'\"",
    "\"\\u00g0\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\ud800x\"", "// c\n1", "/* c */ 1", "1,",
    "\u{feff}1",
    "\u{a0}1", "[,1]", "1e999", "-1e999",
  ])
  func `an ill-formed text is an error`(text: String) {
    #expect(failure(text) != nil)
  }

  @Test(
    arguments: [
      ("", 1, 1, .unexpectedEnd(expected: "a value")),
      ("{\n  \"a\": x\n}", 2, 8, .unexpected(found: "x", expected: "a value")),
      ("{\"é\": x}", 1, 7, .unexpected(found: "x", expected: "a value")),
      ("{\r\n\"a\": 1,\r\"a\": 2}", 3, 1, .duplicateKey("a")),
      ("[1, 2\n", 2, 1, .unexpectedEnd(expected: "',' or ']'")),
      ("[1\n, 02]", 2, 3, .invalidNumber),
      ("\"ab\u{1}\"", 1, 4, .controlCharacter(1)),
      ("\"a\\q\"", 1, 3, .invalidEscape),
      ("\"a\\ud800\"", 1, 3, .loneSurrogate),
      ("1 x", 1, 3, .trailingContent),
      ("[1e999]", 1, 2, .numberOutOfRange),
      ("[\u{1}]", 1, 2, .unexpected(found: "\u{1}", expected: "a value")),
    ] as [(String, Int, Int, JSONError.Reason)])
  func `an error says line, column and reason`(text: String, line: Int, column: Int, reason: JSONError.Reason) {
    let error = failure(text)
    #expect(error?.position == JSONPosition(line: line, column: column))
    #expect(error?.reason == reason)
  }

  @Test func `an error's sentence has no control character and names the place`() {
    let text = failure("[\n\u{1b}]").map(\.description)
    #expect(text == "line 2, column 1: \"\\u001b\" where a value should stand")
    #expect(failure("{\"a\\u001b\":1,\"a\\u001b\":1}")?.description.contains("\u{1b}") == false)
  }

  @Test(
    arguments: [
      [0x22, 0x80, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xC1, 0xBF, 0x22], [0x22, 0xE0, 0x80, 0x80, 0x22],
      [0x22, 0xED, 0xA0, 0x80, 0x22],
      [0x22, 0xF0, 0x80, 0x80, 0x80, 0x22], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xF5, 0x80, 0x80, 0x80, 0x22],
      [0x22, 0xC3, 0x22],
      [0x22, 0xE2, 0x82, 0x22], [0x22, 0x61, 0xFF, 0x5C, 0x6E, 0x22], [0x22, 0x5C, 0x6E, 0xFF, 0x22], [0xFF],
    ] as [[UInt8]])
  func `bytes that are not UTF-8 are an error, never repaired`(bytes: [UInt8]) {
    #expect(failure(bytes)?.reason == .invalidUTF8)
  }

  @Test func `a byte order mark is named as such`() {
    #expect(failure([0xEF, 0xBB, 0xBF, 0x31])?.reason == .byteOrderMark)
  }

  @Test func `nesting is bounded`() throws {
    let deep = { (levels: Int) in String(repeating: "[", count: levels) + String(repeating: "]", count: levels) }
    #expect(throws: Never.self) { try parse(deep(64)) }
    #expect(failure(deep(65))?.reason == .tooDeep(limit: 64))
    #expect(failure(deep(65))?.position.column == 65)
    #expect(failure(String(repeating: "{\"a\":", count: 1_000_000))?.reason == .tooDeep(limit: 64))
    #expect(throws: Never.self) { try parse("[" + Array(repeating: deep(63), count: 9).joined(separator: ",") + "]") }
  }

  @Test func `size is bounded`() {
    #expect(failure([0x31, 0x32, 0x33], limits: JSONLimits(size: 3)) == nil)
    #expect(failure([0x31, 0x32, 0x33], limits: JSONLimits(size: 2))?.reason == .tooLarge(limit: 2))
  }

  @Test func `a duplicate key is found however it is written and however many there are`() {
    #expect(failure("{\"ab\":1,\"\\u0061b\":2}")?.reason == .duplicateKey("ab"))
    #expect(failure("{\"\\u0061b\":1,\"ab\":2}")?.reason == .duplicateKey("ab"))
    #expect(failure("{\"\":1,\"\":2}")?.reason == .duplicateKey(""))
    for count in [2, 31, 32, 33, 34, 500] {
      for twin in Set([0, 1, 30, 31, 32, 33, count - 2]) where twin < count - 1 && twin >= 0 {
        var keys = (0..<count).map { "\"key\($0)\":0" }
        #expect(failure("{" + keys.joined(separator: ",") + "}") == nil)
        keys[count - 1] = "\"key\(twin)\":0"
        #expect(failure("{" + keys.joined(separator: ",") + "}")?.reason == .duplicateKey("key\(twin)"))
      }
    }
  }

  @Test func `canonically equivalent keys are two keys`() throws {
    let value = try parse("{\"\u{e9}\":1,\"e\u{301}\":2}")
    #expect(value["\u{e9}"]?.int == 1)
    #expect(value["e\u{301}"]?.int == 2)
  }

  @Test func `an object keeps the order of its members`() throws {
    var object = try #require(try parse("{\"z\":1,\"a\":2,\"m\":3}").object)
    #expect(object.members.map(\.key) == ["z", "a", "m"])
    object["a"] = 5
    object["n"] = 4
    object["z"] = nil
    #expect(object.members.map(\.key) == ["a", "m", "n"])
    #expect(object["a"]?.int == 5)
    #expect(object["z"] == nil)
  }

  @Test func `the accessors answer for their kind only`() throws {
    let value = try parse("{\"i\":1,\"d\":1.5,\"w\":2.0,\"s\":\"x\",\"b\":true,\"n\":null,\"a\":[1],\"o\":{\"k\":1}}")
    #expect(value["i"]?.int == 1)
    #expect(value["i"]?.double == 1)
    #expect(value["d"]?.int == nil)
    #expect(value["d"]?.double == 1.5)
    #expect(value["w"]?.int == 2)
    #expect(value["s"]?.string == "x")
    #expect(value["s"]?.int == nil)
    #expect(value["b"]?.bool == true)
    #expect(value["i"]?.bool == nil)
    #expect(value["n"]?.isNull == true)
    #expect(value["a"]?.array?.count == 1)
    #expect(value["o"]?["k"]?.int == 1)
    #expect(value["i"]?["k"] == nil)
    #expect(value["absent"] == nil)
  }
}
