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
  @Test func `NaN is read with any sign`() throws {
    for text in ["NaN", "-NaN", "+NaN"] {
      #expect(try LocatedJSON.parse(Array(text.utf8)).double?.isNaN == true)
    }
  }

  @Test(
    arguments: [
      ("{\n  fail-max: 3 }", 2, 7, .unexpected(found: "-", expected: "':' (a key with '-' must be in quotes)")),
      ("{store: redis}", 1, 9, .unexpected(found: "redis", expected: "a value (text must be in quotes)")),
      ("// é\r\n{a: 1,\n a: 2}", 3, 2, .duplicateKey("a")),
      ("{a: 1 /* open", 1, 7, .unterminatedComment),
      ("{é: 0x}", 1, 7, .unexpected(found: "}", expected: "a hexadecimal digit")),
      ("{é: 01}", 1, 5, .invalidNumber),
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
