import Testing

@testable import JSON

private func compact(_ value: JSONValue) -> String { String(decoding: value.bytes(.compact), as: UTF8.self) }
private func pretty(_ value: JSONValue) -> String { String(decoding: value.bytes(.pretty), as: UTF8.self) }

@Suite struct JSONWriterTests {
  @Test(
    arguments: [
      (.null, "null"), (true, "true"), (false, "false"), (0, "0"), (-1, "-1"), (10, "10"), (99, "99"), (100, "100"),
      (.integer(.max), "9223372036854775807"), (.integer(.min), "-9223372036854775808"),
      (1_000_000_000_000_000_000, "1000000000000000000"), (999_999_999_999_999_999, "999999999999999999"), (0.1, "0.1"),
      (5.0, "5.0"), (.number(1e20), "1e+20"), (.number(.leastNonzeroMagnitude), "5e-324"), (.number(-0.0), "-0.0"),
      (.number(.infinity), "null"),
      (.number(.nan), "null"), ("", "\"\""), ([], "[]"), ([:], "{}"), ([1, "a", [nil]], "[1,\"a\",[null]]"),
      (["b": 1, "a": [:]], "{\"b\":1,\"a\":{}}"),
    ] as [(JSONValue, String)])
  func `a value is written compactly`(value: JSONValue, text: String) {
    #expect(compact(value) == text)
  }

  @Test(arguments: [
    ("\"\\/", "\\\"\\\\/"), ("\u{8}\t\n\u{c}\r", "\\b\\t\\n\\f\\r"), ("\0\u{1b}\u{1f}", "\\u0000\\u001b\\u001f"),
    ("\u{7f}", "\\u007f"),
    ("\u{80}\u{9b}\u{9f}\u{a0}", "\\u0080\\u009b\\u009f\u{a0}"), ("\u{2027}\u{2028}\u{2029}", "\u{2027}\\u2028\\u2029"),
    ("\u{202e}x\u{2066}", "\\u202ex\\u2066"), ("é€😀", "é€😀"), ("1234567\n", "1234567\\n"),
    ("12345678\n9", "12345678\\n9"),
    ("a longer text without anything \u{1}", "a longer text without anything \\u0001"),
  ])
  func `what could harm a terminal is escaped, all else stands as it is`(string: String, text: String) throws {
    #expect(compact(.string(string)) == "\"\(text)\"")
    #expect(try JSONValue.parse(Array("\"\(text)\"".utf8)) == .string(string))
  }

  @Test func `pretty is made for people`() {
    let value: JSONValue = [
      "version": 1, "empty": [:], "none": [], "codes": [1, 2, "x"], "runs": [[1, 2], [3, 4]], "last": ["at": nil],
    ]
    #expect(
      pretty(value) == """
        {
          "version": 1,
          "empty": {},
          "none": [],
          "codes": [1, 2, "x"],
          "runs": [
            [1, 2],
            [3, 4]
          ],
          "last": {
            "at": null
          }
        }

        """)
  }

  @Test func `a long array of scalars is filled, not one a line`() throws {
    let value: JSONValue = ["window": .array((0..<2000).map { .integer(Int64($0) * 1001) })]
    let lines = pretty(value).split(separator: "\n")
    #expect(lines.allSatisfy { $0.utf8.count <= 101 && !$0.hasSuffix(" ") })
    #expect(lines.count < 250)
    #expect(lines[2].hasPrefix("    ") && !lines[2].hasPrefix("     "))
    #expect(try JSONValue.parse(value.bytes(.pretty)) == value)
  }

  @Test func `a large string is written whole`() throws {
    for string in [String(repeating: "\u{1}", count: 100_000), String(repeating: "abc", count: 100_000)] {
      #expect(try JSONValue.parse(JSONValue.string(string).bytes(.compact)) == .string(string))
    }
  }
}
