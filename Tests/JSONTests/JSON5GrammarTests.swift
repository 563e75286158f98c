import Testing

@testable import JSON

/// The JSON5 specification (spec.json5.org, 1.0.0), production by production. What it has in common with JSON is in
/// `whatever is strict JSON is JSON5 of the same value`.
@Suite struct JSON5GrammarTests {
  @Test(
    arguments: [
      .gives("null", nil), .gives("true", true), .gives("false", false), .gives("'a'", "a"), .gives("1", 1),
      .gives("{}", [:]),
      .gives("[]", []),
      .fails("", "line 1, column 1: expected a value, found the end of the text"),
      .fails("1 2", "line 1, column 3: expected the end of the text, found '2'"),
      .fails("[]]", "line 1, column 3: expected the end of the text, found ']'"),
      .fails("undefined", "line 1, column 1: expected a value (text must be in quotes), found 'undefined'"),
      .fails("True", "line 1, column 1: expected a value (text must be in quotes), found 'True'"),
      .fails("nul", "line 1, column 1: expected a value (text must be in quotes), found 'nul'"),
      .fails("nullx", "line 1, column 1: expected a value (text must be in quotes), found 'nullx'"),
      .fails("tr\\u0075e", "line 1, column 1: expected a value (text must be in quotes), found 'tr'"),
      .fails(";", "line 1, column 1: expected a value, found ';'"),
      .fails("`a`", "line 1, column 1: expected a value, found '`'"),
      .fails("/a/", "line 1, column 2: expected a comment, found 'a'"),
    ] as [Reading])
  func `JSON5Value: one value and nothing behind it`(reading: Reading) { reading.checkJSON5() }

  // MARK: Section 3, objects

  @Test(
    arguments: [
      .gives("{a:1}", ["a": 1]), .gives("{a:1,}", ["a": 1]), .gives("{a:1,b:2}", ["a": 1, "b": 2]),
      .gives("{\n  a\n:\n1\n,\n}", ["a": 1]), .gives("{'a':1,\"b\":2,c:3}", ["a": 1, "b": 2, "c": 3]),
      .gives("{'':1}", ["": 1]), .gives("{'1a':1,'a-b':2}", ["1a": 1, "a-b": 2]),
      .gives("{a:{b:{}}}", ["a": ["b": [:]]]),
      .fails("{", "line 1, column 2: expected a key or '}', found the end of the text"),
      .fails("{,}", "line 1, column 2: expected a key or '}', found ','"),
      .fails("{a:1,,}", "line 1, column 6: expected a key or '}', found ','"),
      .fails("{a}", "line 1, column 3: expected ':', found '}'"),
      .fails("{a:}", "line 1, column 4: expected a value, found '}'"),
      .fails("{a=1}", "line 1, column 3: expected ':', found '='"),
      .fails("{a:1;b:2}", "line 1, column 5: expected ',' or '}', found ';'"),
      .fails("{a:1 b:2}", "line 1, column 6: expected ',' or '}', found 'b'"),
      .fails("{a:1]", "line 1, column 5: expected ',' or '}', found ']'"),
      .fails("{a-b:1}", "line 1, column 3: expected ':' (a key with '-' must be in quotes), found '-'"),
      .fails("{a:1,'a':2}", "line 1, column 6: duplicate key 'a'"),
      .fails("{a:1,\\u0061:2}", "line 1, column 6: duplicate key 'a'"),
    ] as [Reading])
  func `JSON5Object: members, a comma behind the last one allowed`(reading: Reading) { reading.checkJSON5() }

  @Test(
    arguments: [
      .gives("{a:1,A:2,$:3,_:4,$_a1Z:5}", ["a": 1, "A": 2, "$": 3, "_": 4, "$_a1Z": 5]),
      // UnicodeLetter: Lu, Ll, Lt, Lm, Lo, Nl.
      .gives("{É:1,é:2,ǅ:3,ʰ:4,漢:5,Ⅷ:6,𝒜:7}", ["É": 1, "é": 2, "ǅ": 3, "ʰ": 4, "漢": 5, "Ⅷ": 6, "𝒜": 7]),
      // IdentifierPart: Mn, Mc, Nd, Pc, and the two joiners.
      .gives(
        "{a\u{301}:1,aः:2,a٣:3,a‿b:4,a\u{200c}:5,a\u{200d}:6}",
        ["a\u{301}": 1, "aः": 2, "a٣": 3, "a‿b": 4, "a\u{200c}": 5, "a\u{200d}": 6]),
      .fails("{\\u{61}:1}", "line 1, column 2: invalid escape sequence"),
      .gives("{\\u0061b:1,c\\u0064:2}", ["ab": 1, "cd": 2]),
      // ReservedWord is an IdentifierName all the same.
      .gives("{null:1,true:2,if:3,NaN:4,Infinity:5}", ["null": 1, "true": 2, "if": 3, "NaN": 4, "Infinity": 5]),
      .fails("{1a:1}", "line 1, column 2: expected a key or '}', found '1'"),
      .fails("{\u{301}a:1}", "line 1, column 2: expected a key or '}', found '\u{301}'"),
      .fails("{\u{200d}a:1}", "line 1, column 2: expected a key or '}', found '\u{200d}'"),
      .fails("{٣:1}", "line 1, column 2: expected a key or '}', found '٣'"),
      .fails("{a😀:1}", "line 1, column 3: expected ':', found '😀'"),
      .fails("{a b:1}", "line 1, column 4: expected ':', found 'b'"),
      .fails("{\\x61:1}", "line 1, column 2: invalid escape sequence"),
      .fails("{\\u002d:1}", "line 1, column 2: invalid escape sequence"),
      .fails("{\\u0031a:1}", "line 1, column 2: invalid escape sequence"),
      .fails("{a\\u0020b:1}", "line 1, column 3: invalid escape sequence"),
      .fails("{#a:1}", "line 1, column 2: expected a key or '}', found '#'"),
      .fails("{[a]:1}", "line 1, column 2: expected a key or '}', found '['"),
    ] as [Reading])
  func `JSON5MemberName: a string or an IdentifierName of ECMAScript 5_1`(reading: Reading) { reading.checkJSON5() }

  // MARK: Section 4, arrays

  @Test(
    arguments: [
      .gives("[1]", [1]), .gives("[1,]", [1]), .gives("[1,'a',{b:2},[]]", [1, "a", ["b": 2], []]),
      .gives("[\n1\n,\n]", [1]),
      .fails("[", "line 1, column 2: expected a value, found the end of the text"),
      .fails("[,]", "line 1, column 2: expected a value, found ','"),
      .fails("[1,,]", "line 1, column 4: expected a value, found ','"),
      .fails("[,1]", "line 1, column 2: expected a value, found ','"),
      .fails("[1 2]", "line 1, column 4: expected ',' or ']', found '2'"),
      .fails("[1}", "line 1, column 3: expected ',' or ']', found '}'"),
      .fails("[1", "line 1, column 3: expected ',' or ']', found the end of the text"),
    ] as [Reading])
  func `JSON5Array: elements, a comma behind the last one allowed`(reading: Reading) { reading.checkJSON5() }

  // MARK: Section 5, strings

  @Test(
    arguments: [
      .gives("'it\"s'", "it\"s"), .gives("\"it's\"", "it's"), .gives("'\\''", "'"), .gives("\"\\\"\"", "\""),
      .gives("'\t'", "\t"), .gives("'\u{7f}\0'", "\u{7f}\0"), .gives("'é😀'", "é😀"),
      .fails("'a\"", "line 1, column 4: expected the closing quote, found the end of the text"),
      .fails("\"a'", "line 1, column 4: expected the closing quote, found the end of the text"),
      .fails("'a\nb'", "line 1, column 3: the control character 10 must be escaped in a string"),
      .fails("'a\rb'", "line 1, column 3: the control character 13 must be escaped in a string"),
    ] as [Reading])
  func `JSON5String: single or double quotes, no line end`(reading: Reading) { reading.checkJSON5() }

  @Test(
    arguments: [
      .gives("'\\b\\f\\n\\r\\t\\v'", "\u{8}\u{c}\n\r\t\u{b}"), .gives("'\\\\\\/\\'\\\"'", "\\/'\""),
      .gives("'\\0'", "\0"),
      .gives("'\\0a'", "\0a"), .gives("'\\a\\q\\C\\é\\😀\\-'", "aqCé😀-"), .gives("'\\x41\\xe9\\xFF'", "Aéÿ"),
      .gives("'\\u0041\\u00e9'", "Aé"), .gives("'\\uD83D\\uDE00'", "😀"),
      .fails("'\\1'", "line 1, column 2: invalid escape sequence"),
      .fails("'\\9'", "line 1, column 2: invalid escape sequence"),
      .fails("'\\00'", "line 1, column 2: invalid escape sequence"),
      .fails("'\\x4'", "line 1, column 2: invalid escape sequence"),
      .fails("'\\xg0'", "line 1, column 2: invalid escape sequence"),
      .fails("'\\u004'", "line 1, column 2: invalid escape sequence"),
      .fails("'\\u{41}'", "line 1, column 2: invalid escape sequence"),
      .fails("'\\uD83D'", "line 1, column 2: half a surrogate pair"),
      .fails("'\\uDE00\\uD83D'", "line 1, column 2: half a surrogate pair"),
      .fails("'\\uD83D\\x41'", "line 1, column 2: half a surrogate pair"),
      .fails("'\\", "line 1, column 3: expected an escape sequence, found the end of the text"),
      .fails("'\\'", "line 1, column 4: expected the closing quote, found the end of the text"),
    ] as [Reading])
  func `EscapeSequence: single characters, 0, x and u; any other character but a digit is itself`(reading: Reading) {
    reading.checkJSON5()
  }

  @Test(
    arguments: [
      .gives("'a\\\nb'", "ab"), .gives("'a\\\rb'", "ab"), .gives("'a\\\r\nb'", "ab"), .gives("'a\\\u{2028}b'", "ab"),
      .gives("'a\\\u{2029}b'", "ab"), .gives("'\\\n'", ""), .gives("'a\\\n\\\nb'", "ab"),
      .fails("'a\\\n\nb'", "line 2, column 1: the control character 10 must be escaped in a string"),
      .fails("'a\\\n\rb'", "line 2, column 1: the control character 13 must be escaped in a string"),
    ] as [Reading])
  func `LineContinuation: a backslash and one line terminator are nothing`(reading: Reading) { reading.checkJSON5() }

  @Test(arguments: [.gives("'\u{2028}'", "\u{2028}"), .gives("\"a\u{2029}b\"", "a\u{2029}b")] as [Reading])
  func `5_2: a string may hold the paragraph and the line separator`(reading: Reading) { reading.checkJSON5() }

  // MARK: Section 6, numbers

  @Test(
    arguments: [
      .gives("0", 0), .gives("12", 12), .gives("1.5", 1.5), .gives(".5", 0.5), .gives("5.", .number(5)),
      .gives("0.", .number(0)),
      .gives(".0", .number(0)), .gives("1e3", .number(1000)), .gives("1E+3", .number(1000)),
      .gives("1e-3", .number(0.001)),
      .gives("5.e2", .number(500)), .gives(".5e1", .number(5)), .gives("0.e0", .number(0)),
      .gives("1.5e1", .number(15)),
      .gives("9223372036854775807", .integer(.max)), .gives("9223372036854775808", .number(9_223_372_036_854_775_808)),
      .gives("[5.,.5]", [.number(5), 0.5]),
      .fails(".", "line 1, column 2: expected a digit, found the end of the text"),
      .fails("[.]", "line 1, column 3: expected a digit, found ']'"),
      .fails(".e1", "line 1, column 2: expected a digit, found 'e'"),
      .fails("5e", "line 1, column 3: expected a digit, found the end of the text"),
      .fails("5.e", "line 1, column 4: expected a digit, found the end of the text"),
      .fails("1e+", "line 1, column 4: expected a digit, found the end of the text"),
      .fails("01", "line 1, column 1: invalid number"), .fails("00.5", "line 1, column 1: invalid number"),
      .fails("1.2.3", "line 1, column 1: invalid number"), .fails("1..2", "line 1, column 1: invalid number"),
      .fails("1a", "line 1, column 1: invalid number"), .fails("1_000", "line 1, column 1: invalid number"),
      .fails("1n", "line 1, column 1: invalid number"), .fails("3é", "line 1, column 1: invalid number"),
      .fails("1e999", "line 1, column 1: number out of range"),
      .fails("e5", "line 1, column 1: expected a value (text must be in quotes), found 'e5'"),
    ] as [Reading])
  func `DecimalLiteral: the point may be first or last`(reading: Reading) { reading.checkJSON5() }

  @Test(
    arguments: [
      .gives("0x0", 0), .gives("0x1F", 31), .gives("0XabCDef", 0xABCDEF), .gives("-0x10", -16), .gives("+0x10", 16),
      .gives("0x00ff", 255), .gives("0x7FFFFFFFFFFFFFFF", .integer(.max)),
      .gives("-0x8000000000000000", .integer(.min)),
      .gives("0x8000000000000000", .number(9_223_372_036_854_775_808)), .gives("-0x0", .number(-0.0)),
      .gives("0x10000000000000000", .number(18_446_744_073_709_551_616)),
      .fails("0x", "line 1, column 3: expected a hexadecimal digit, found the end of the text"),
      .fails("0xg", "line 1, column 3: expected a hexadecimal digit, found 'g'"),
      .fails("0x1g", "line 1, column 1: invalid number"), .fails("0x1.5", "line 1, column 1: invalid number"),
      .fails("0x1p3", "line 1, column 1: invalid number"), .fails("0b1", "line 1, column 1: invalid number"),
      .fails("0o7", "line 1, column 1: invalid number"),
      .fails("x1F", "line 1, column 1: expected a value (text must be in quotes), found 'x1F'"),
    ] as [Reading])
  func `HexIntegerLiteral: 0x and digits`(reading: Reading) { reading.checkJSON5() }

  @Test func `a hexadecimal number beyond a Double is an error`() {
    Reading.fails("0x" + String(repeating: "F", count: 300), "line 1, column 1: number out of range").checkJSON5()
  }

  @Test(
    arguments: [
      .gives("+5", 5), .gives("-5", -5), .gives("+0", 0), .gives("-0", .number(-0.0)), .gives("+.5", 0.5),
      .gives("-.5", -0.5),
      .gives("-5.", .number(-5)), .gives("+1e2", .number(100)), .gives("-.5e1", .number(-5)),
      .fails("+", "line 1, column 2: expected a digit, found the end of the text"),
      .fails("-", "line 1, column 2: expected a digit, found the end of the text"),
      .fails("--1", "line 1, column 2: expected a digit, found '-'"),
      .fails("+-5", "line 1, column 2: expected a digit, found '-'"),
      .fails("- 5", "line 1, column 2: expected a digit, found ' '"),
      .fails("+'5'", "line 1, column 2: expected a digit, found \"'\""),
      .fails("-true", "line 1, column 2: expected a digit, found 't'"),
    ] as [Reading])
  func `JSON5Number: one sign, and nothing between it and the digits`(reading: Reading) { reading.checkJSON5() }

  @Test(
    arguments: [
      .gives("Infinity", .number(.infinity)), .gives("+Infinity", .number(.infinity)),
      .gives("-Infinity", .number(-.infinity)),
      .gives("[Infinity]", [.number(.infinity)]),
      .fails("infinity", "line 1, column 1: expected a value (text must be in quotes), found 'infinity'"),
      .fails("nan", "line 1, column 1: expected a value (text must be in quotes), found 'nan'"),
      .fails("Infinityx", "line 1, column 1: expected a value (text must be in quotes), found 'Infinityx'"),
      .fails("-Infinit", "line 1, column 1: invalid number"), .fails("-Infinity2", "line 1, column 1: invalid number"),
      .fails("+Nan", "line 1, column 1: invalid number"),
      .fails("Inf", "line 1, column 1: expected a value (text must be in quotes), found 'Inf'"),
    ] as [Reading])
  func `JSON5NumericLiteral: Infinity, with or without a sign`(reading: Reading) { reading.checkJSON5() }

  // MARK: Sections 7 and 8, comments and space

  @Test(
    arguments: [
      .gives("//\n1", 1), .gives("1//", 1), .gives("1// no line end", 1), .gives("// a\r1", 1), .gives("// a\r\n1", 1),
      .gives("// a\u{2028}1", 1), .gives("// a\u{2029}1", 1), .gives("// /* \n1", 1), .gives("/**/1", 1),
      .gives("/***/1", 1),
      .gives("/* a\n * b **/1", 1), .gives("/* // */1", 1), .gives("1/* é */", 1),
      .gives("[/**/1/**/,/**/2/**/]", [1, 2]),
      .gives("{/**/a/**/:/**/1/**/,/**/}", ["a": 1]), .gives("'// /* */'", "// /* */"),
      .fails("//", "line 1, column 3: expected a value, found the end of the text"),
      .fails("/* a", "line 1, column 1: unterminated comment"),
      .fails("1 /* a *", "line 1, column 3: unterminated comment"),
      .fails("/*/", "line 1, column 1: unterminated comment"),
      .fails("/* /* */ */ 1", "line 1, column 10: expected a value, found '*'"),
      .fails("/", "line 1, column 2: expected a comment, found the end of the text"),
      .fails("1 / 2", "line 1, column 4: expected a comment, found ' '"),
      .fails("# a\n1", "line 1, column 1: expected a value, found '#'"),
      .fails("1 // a\n2", "line 2, column 1: expected the end of the text, found '2'"),
    ] as [Reading])
  func `Comment: to the end of the line, or between marks that do not nest`(reading: Reading) { reading.checkJSON5() }

  @Test(arguments: [
    "\t", "\u{b}", "\u{c}", " ", "\u{a0}", "\u{feff}", "\n", "\r", "\r\n", "\u{2028}", "\u{2029}", "\u{1680}",
    "\u{2000}",
    "\u{200a}", "\u{202f}", "\u{205f}", "\u{3000}",
  ])
  func `WhiteSpace and LineTerminator: of ASCII, the mark, the separators and category Zs`(space: String) {
    Reading.gives("\(space)[\(space)1\(space),\(space)]\(space)", [1]).checkJSON5()
    Reading.gives(
      "[true\(space),'a'\(space),0x1\(space),Infinity\(space),null\(space)]", [true, "a", 1, .number(.infinity), nil]
    )
    .checkJSON5()
    Reading.gives("{\(space)a\(space):\(space)1\(space)}", ["a": 1]).checkJSON5()
  }

  @Test(arguments: ["\u{0}", "\u{1}", "\u{1f}", "\u{7f}", "\u{85}", "\u{180e}", "\u{200b}", "\u{2060}"])
  func `nothing else is space`(character: String) {
    #expect(throws: JSONError.self) { try LocatedJSON.parse(Array("\(character)1".utf8)) }
  }
}
