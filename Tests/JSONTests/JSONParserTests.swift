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
      ("", 1, 1, .unexpectedEnd(expected: "a value")),
      ("{\n  \"a\": x\n}", 2, 8, .unexpected(found: "x", expected: "a value")),
      ("{\"é\": x}", 1, 7, .unexpected(found: "x", expected: "a value")),
      ("{\r\n\"a\": 1,\r\"a\": 2}", 3, 1, .duplicateKey("a")),
      ("[1, 2\n", 2, 1, .unexpectedEnd(expected: "',' or ']'")),
      ("[1\n, 02]", 2, 3, .invalidNumber),
      ("\"ab\u{1}\"", 1, 4, .controlCharacter(1)),
      ("\"a\\q\"", 1, 3, .invalidEscape),
      ("\"a\\ud800\"", 1, 3, .loneSurrogate),
      ("1 x", 1, 3, .unexpected(found: "x", expected: "the end of the text")),
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
    #expect(text == "line 2, column 1: expected a value, found '\\u001b'")
    #expect(failure("{\"a\\u001b\":1,\"a\\u001b\":1}")?.description == "line 1, column 14: duplicate key 'a\\u001b'")
    #expect(failure("{\"it's\":1,\"it's\":1}")?.description == "line 1, column 11: duplicate key \"it's\"")
    let long = "\"" + String(repeating: "k", count: 100) + "\":1"
    #expect(
      failure("{\(long),\(long)}")?.description
        == "line 1, column 107: duplicate key '\(String(repeating: "k", count: 80))'")
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
