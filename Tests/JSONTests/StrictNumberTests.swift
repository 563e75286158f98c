import Testing

@testable import JSON

/// RFC 8259, section 6: numbers.
@Suite struct StrictNumberTests {
  @Test(
    arguments: [
      .gives("0", 0), .gives("[-0]", [.number(-0.0)]), .gives("9", 9), .gives("10", 10), .gives("[ 4]", [4]),
      .gives("-1", -1), .gives("-123", -123), .gives("0.5", 0.5), .gives("-0.0", .number(-0.0)),
      .gives("123.456", 123.456),
      .gives("0e1", .number(0)), .gives("0e+1", .number(0)), .gives("0E0", .number(0)), .gives("1e2", .number(100)),
      .gives("1E2", .number(100)), .gives("1E+2", .number(100)), .gives("1E-2", .number(0.01)),
      .gives("1e-2", .number(0.01)),
      .gives("1e00", .number(1)), .gives("20e1", .number(200)), .gives("123.45e6", .number(123_450_000)),
      .gives("-0.0000000000000000000000000000001", .number(-1e-31)), .gives("1.0", .number(1)),
    ] as [Reading])
  func `sign, digits, fraction and exponent give the number`(reading: Reading) { reading.checkStrict() }

  @Test(
    arguments: [
      .gives("9223372036854775807", .integer(.max)), .gives("-9223372036854775808", .integer(.min)),
      .gives("9223372036854775808", .number(9_223_372_036_854_775_808)),
      .gives("-9223372036854775809", .number(-9_223_372_036_854_775_808)),
      .gives("99999999999999999999", .number(1e20)), .gives("1000000000000000000", 1_000_000_000_000_000_000),
      // Ten to the nineteenth and on: more digits than a word of 64 bits adds up without wrapping.
      .gives("18446744073709551616", .number(18_446_744_073_709_551_616)),
      .gives("18446744073709551617000000", .number(1.8446744073709552e25)),
      .gives("-18446744073709551617", .number(-18_446_744_073_709_551_616)),
      .gives("1.7976931348623157e308", .number(.greatestFiniteMagnitude)),
      .gives("5e-324", .number(.leastNonzeroMagnitude)),
      // Too small is zero; too large is an error, as a document with infinity in it could not be written again.
      .gives("1e-400", .number(0)), .gives("-1e-400", .number(-0.0)), .gives("123e-10000000", .number(0)),
      .fails("1e400", "line 1, column 1: number out of range"),
      .fails("-1e400", "line 1, column 1: number out of range"),
      .fails("[0.4e006699999999999]", "line 1, column 2: number out of range"),
      .fails("1.8e308", "line 1, column 1: number out of range"),
    ] as [Reading])
  func `a whole number of 64 bits is exact, any other as near as a Double`(reading: Reading) { reading.checkStrict() }

  @Test func `a number of very many digits is read`() throws {
    let digits = String(repeating: "7", count: 300)
    #expect(try JSONValue.parse(Array(digits.utf8)).double == Double(digits))
    #expect(try JSONValue.parse(Array("0.\(digits)".utf8)).double == Double("0.\(digits)"))
  }

  @Test(
    arguments: [
      .fails("01", "line 1, column 1: invalid number"), .fails("-01", "line 1, column 1: invalid number"),
      .fails("00", "line 1, column 1: invalid number"), .fails("[-012]", "line 1, column 2: invalid number"),
      .fails("00.5", "line 1, column 1: invalid number"),
      .fails("-", "line 1, column 2: expected a digit, found the end of the text"),
      .fails("[-]", "line 1, column 3: expected a digit, found ']'"),
      .fails("--1", "line 1, column 2: expected a digit, found '-'"),
      .fails("- 1", "line 1, column 2: expected a digit, found ' '"),
      .fails("-a", "line 1, column 2: expected a digit, found 'a'"),
      .fails("-.5", "line 1, column 2: expected a digit, found '.'"),
      .fails("-Infinity", "line 1, column 2: expected a digit, found 'I'"),
      .fails("-NaN", "line 1, column 2: expected a digit, found 'N'"),
      .fails("+1", "line 1, column 1: expected a value, found '+'"),
      .fails("++1", "line 1, column 1: expected a value, found '+'"),
      .fails("Infinity", "line 1, column 1: expected a value, found 'I'"),
      .fails("NaN", "line 1, column 1: expected a value, found 'N'"),
      .fails(".5", "line 1, column 1: expected a value, found '.'"),
      .fails("5.", "line 1, column 3: expected a digit, found the end of the text"),
      .fails("[5.]", "line 1, column 4: expected a digit, found ']'"),
      .fails("1.e3", "line 1, column 3: expected a digit, found 'e'"),
      .fails("0.e1", "line 1, column 3: expected a digit, found 'e'"),
      .fails("1e", "line 1, column 3: expected a digit, found the end of the text"),
      .fails("1E+", "line 1, column 4: expected a digit, found the end of the text"),
      .fails("[1e-]", "line 1, column 5: expected a digit, found ']'"),
      .fails("1e+-2", "line 1, column 4: expected a digit, found '-'"),
      .fails("1ea", "line 1, column 3: expected a digit, found 'a'"),
      .fails("0.3.4", "line 1, column 4: expected the end of the text, found '.'"),
      .fails("1e2.5", "line 1, column 4: expected the end of the text, found '.'"),
      .fails("1e2e3", "line 1, column 4: expected the end of the text, found 'e'"),
      .fails("1+2", "line 1, column 2: expected the end of the text, found '+'"),
      .fails("1-2", "line 1, column 2: expected the end of the text, found '-'"),
      .fails("0x10", "line 1, column 2: expected the end of the text, found 'x'"),
      .fails("1_000", "line 1, column 2: expected the end of the text, found '_'"),
      .fails("[1 000]", "line 1, column 4: expected ',' or ']', found '0'"),
      .fails("1a", "line 1, column 2: expected the end of the text, found 'a'"),
      .fails("１", "line 1, column 1: expected a value, found '１'"),
    ] as [Reading])
  func `any other form is an error`(reading: Reading) { reading.checkStrict() }
}
