import Testing

@testable import JSON

/// RFC 8259, sections 7 and 8: strings, escapes, surrogates, UTF-8.
@Suite struct StrictStringTests {
  @Test(
    arguments: [
      .gives("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\u{8}\u{c}\n\r\t"), .gives("\"a/*b*/c\"", "a/*b*/c"),
      .gives("\"\\\\n\"", "\\n"), .gives("\"\\\\u0061\"", "\\u0061"), .gives("\"'\"", "'"),
      .gives("\"\\u0060\\u012a\\u12AB\"", "`Īካ"), .gives("\"\\u0000\"", "\0"), .gives("\"\\u002c\"", ","),
      .gives("\"\\u0022\\u005c\"", "\"\\"), .gives("\"\\u00e9\"", "é"), .gives("\"\\uFFFF\"", "\u{ffff}"),
      .gives("\"\\uFDD0\"", .string(String(Unicode.Scalar(0xFDD0 as UInt16)!))),
      .gives("\"\\u200b\\u2028\"", "\u{200b}\u{2028}"),
      .gives("\"\u{7f}\"", "\u{7f}"),
      .gives("\"é€😀\"", "é€😀"), .gives("\"\u{2028}\u{2029}\"", "\u{2028}\u{2029}"),
      .gives("\"\u{10ffff}\"", "\u{10ffff}"),
      .gives("\"\u{feff}\"", "\u{feff}"), .gives("\"e\u{301}\"", "e\u{301}"), .gives("\"asd \"", "asd "),
    ] as [Reading])
  func `a string is its scalars and its escapes`(reading: Reading) { reading.checkStrict() }

  @Test(
    arguments: [
      .gives("\"\\uD83D\\uDE00\"", "😀"), .gives("\"\\ud834\\udd1e\"", "𝄞"), .gives("\"\\uDBFF\\uDFFF\"", "\u{10ffff}"),
      .gives("\"\\uD800\\uDC00\"", "\u{10000}"), .gives("\"\\uD83D\\uDE00\\uD83D\\uDE00\"", "😀😀"),
      .gives("\"\\uD7FF\\uE000\"", "\u{d7ff}\u{e000}"),
      .fails("\"\\uD800\"", "line 1, column 2: half a surrogate pair"),
      .fails("\"\\uDC00\"", "line 1, column 2: half a surrogate pair"),
      .fails("\"\\uDFFF\\uD800\"", "line 1, column 2: half a surrogate pair"),
      .fails("\"\\uD800\\uD800\\n\"", "line 1, column 2: half a surrogate pair"),
      .fails("\"\\uD800\\uD800\\uDC00\"", "line 1, column 2: half a surrogate pair"),
      .fails("\"a\\uD800a\"", "line 1, column 3: half a surrogate pair"),
      .fails("\"\\uD800\\n\"", "line 1, column 2: half a surrogate pair"),
      .fails("\"\\uD800\\u0041\"", "line 1, column 2: half a surrogate pair"),
      .fails("\"\\uD800\\\"", "line 1, column 2: half a surrogate pair"),
      .fails("\"\\uD800\\u\"", "line 1, column 2: invalid escape sequence"),
      .fails("\"\\uD800\\u1\"", "line 1, column 2: invalid escape sequence"),
      .fails("\"\\uD800\\uDC0x\"", "line 1, column 2: invalid escape sequence"),
    ] as [Reading])
  func `two halves of a surrogate pair are one scalar, and one half is an error`(reading: Reading) {
    reading.checkStrict()
  }

  @Test(
    arguments: [
      .fails("\"\\x41\"", "line 1, column 2: invalid escape sequence"),
      .fails("\"\\a\"", "line 1, column 2: invalid escape sequence"),
      .fails("\"\\v\"", "line 1, column 2: invalid escape sequence"),
      .fails("\"\\'\"", "line 1, column 2: invalid escape sequence"),
      .fails("\"\\0\"", "line 1, column 2: invalid escape sequence"),
      .fails("\"\\U0041\"", "line 1, column 2: invalid escape sequence"),
      .fails("\"\\\n\"", "line 1, column 2: invalid escape sequence"),
      .fails("\"\\\t\"", "line 1, column 2: invalid escape sequence"),
      .fails("\"\\😀\"", "line 1, column 2: invalid escape sequence"),
      .fails("\"\\\0\"", "line 1, column 2: invalid escape sequence"),
      .fails("\"ab\\u\"", "line 1, column 4: invalid escape sequence"),
      .fails("\"\\u00A\"", "line 1, column 2: invalid escape sequence"),
      .fails("\"\\u00 1\"", "line 1, column 2: invalid escape sequence"),
      .fails("\"\\uqqqq\"", "line 1, column 2: invalid escape sequence"),
      .fails("\"\\u-123\"", "line 1, column 2: invalid escape sequence"),
      .fails("\"\\u\u{e9}00\"", "line 1, column 2: invalid escape sequence"),
      .fails("\"\\\\\\\"", "line 1, column 6: expected the closing quote, found the end of the text"),
      .fails("\"\\", "line 1, column 3: expected an escape sequence, found the end of the text"),
      .fails("\"\\u12", "line 1, column 2: invalid escape sequence"),
      .fails("\"\\\"", "line 1, column 4: expected the closing quote, found the end of the text"),
    ] as [Reading])
  func `any other escape is an error`(reading: Reading) { reading.checkStrict() }

  @Test(arguments: Array(UInt8(0)...0x1F))
  func `a control character must be escaped`(code: UInt8) {
    let sentence = "the control character \(code) must be escaped in a string"
    // At once, behind more than eight bytes, and behind an escape: three ways through the parser.
    Reading.fails(bytes: [0x22, code, 0x22], "line 1, column 2: \(sentence)").checkStrict()
    Reading.fails(bytes: Array("\"ten bytes.".utf8) + [code, 0x22], "line 1, column 12: \(sentence)").checkStrict()
    Reading.fails(bytes: Array("\"\\t".utf8) + [code, 0x22], "line 1, column 4: \(sentence)").checkStrict()
  }

  @Test(
    arguments: [
      .fails("\"", "line 1, column 2: expected the closing quote, found the end of the text"),
      .fails("\"a", "line 1, column 3: expected the closing quote, found the end of the text"),
      .fails("\"\\t", "line 1, column 4: expected the closing quote, found the end of the text"),
      .fails("\"é", "line 1, column 3: expected the closing quote, found the end of the text"),
      .fails("'a'", "line 1, column 1: expected a value, found \"'\""),
      .fails("a", "line 1, column 1: expected a value, found 'a'"),
      .fails("\\n", "line 1, column 1: expected a value, found '\\\\'"),
      .fails("[é]", "line 1, column 2: expected a value, found 'é'"),
      .fails("“a”", "line 1, column 1: expected a value, found '“'"),
    ] as [Reading])
  func `a string has a double quote at both ends`(reading: Reading) { reading.checkStrict() }

  /// Table 3-7 of the Unicode Standard, row by row and just outside of it.
  @Test(
    arguments: [
      [0x80], [0xBF], [0xC0, 0xAF], [0xC1, 0xBF], [0xC2], [0xC2, 0x7F], [0xC3, 0xC3], [0xDF, 0xC0], [0xE0, 0x80, 0x80],
      [0xE0, 0x9F, 0xBF], [0xE2, 0x82], [0xE2, 0x28, 0xA1], [0xE2, 0x82, 0x28], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
      [0xEF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98], [0xF0, 0x28, 0x8C, 0xBC],
      [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80],
      [0xFC, 0x83, 0xBF, 0xBF, 0xBF, 0xBF], [0xFE], [0xFF], [0xE9],
    ] as [[UInt8]])
  func `bytes that are not UTF-8 are an error where they are, never repaired`(bytes: [UInt8]) {
    for before in ["", "a", "é and more than eight bytes", "\\n", "é\\né"] {
      let text = Array("\"\(before)".utf8) + bytes + [0x22]
      let column = before.unicodeScalars.count + 2
      Reading.fails(bytes: text, "line 1, column \(column): invalid UTF-8").checkStrict()
      Reading.fails(bytes: text, "line 1, column \(column): invalid UTF-8").checkJSON5()
    }
    Reading.fails(bytes: Array("{\"".utf8) + bytes + Array("\":1}".utf8), "line 1, column 3: invalid UTF-8")
      .checkStrict()
    Reading.fails(bytes: bytes, "line 1, column 1: invalid UTF-8").checkStrict()
    Reading.fails(bytes: [0x31] + bytes, "line 1, column 2: invalid UTF-8").checkStrict()
  }

  @Test func `the first and the last scalar of each length are read`() throws {
    for scalar in ["\u{80}", "\u{7ff}", "\u{800}", "\u{d7ff}", "\u{e000}", "\u{ffff}", "\u{10000}", "\u{10ffff}"] {
      Reading.gives("\"\(scalar)\"", .string(scalar)).checkStrict()
      Reading.gives("\"\(scalar)\"", .string(scalar)).checkJSON5()
    }
  }
}
