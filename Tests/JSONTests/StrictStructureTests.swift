import Testing

@testable import JSON

/// RFC 8259, sections 2 to 5: one value, space around it, arrays and objects, literals.
@Suite struct StrictStructureTests {
  @Test(
    arguments: [
      .gives("[]", []), .gives("{}", [:]), .gives("[[]]", [[]]), .gives("[{}]", [[:]]), .gives("{\"a\":[]}", ["a": []]),
      .gives("[\"\"]", [""]), .gives("[null]", [nil]), .gives("[false]", [false]), .gives("[true]", [true]),
      .gives("[1,null,null,2]", [1, nil, nil, 2]), .gives("[[1],[2]]", [[1], [2]]), .gives("{\"\":0}", ["": 0]),
      .gives("{\"a\":{\"a\":1}}", ["a": ["a": 1]]), .gives("{\"a\":1,\"b\":2}", ["a": 1, "b": 2]),
      .gives("{\"a\\u0000b\":1}", ["a\0b": 1]), .gives("{\"true\":true}", ["true": true]),
    ] as [Reading])
  func `arrays and objects nest in any way`(reading: Reading) { reading.checkStrict() }

  @Test(
    arguments: [
      .gives("null", nil), .gives("true", true), .gives("false", false), .gives("7", 7), .gives("-0.5", -0.5),
      .gives("\"a\"", "a"), .gives("\"\"", ""),
    ] as [Reading])
  func `a text may be any one value, not only an array or an object`(reading: Reading) { reading.checkStrict() }

  @Test(
    arguments: [
      .gives(" [] ", []),
      .gives("\t\n\r {\t\n\r \"a\"\t\n\r :\t\n\r 1\t\n\r ,\"b\":2\t\n\r }\t\n\r ", ["a": 1, "b": 2]),
      .gives("[ \n1\t,\r2 ]", [1, 2]), .gives("1\n", 1),
      .fails("\u{b}1", "line 1, column 1: expected a value, found '\\u000b'"),
      .fails("\u{c}1", "line 1, column 1: expected a value, found '\\f'"),
      .fails("[1\u{c}]", "line 1, column 3: expected ',' or ']', found '\\f'"),
      .fails("\u{a0}1", "line 1, column 1: expected a value, found '\u{a0}'"),
      .fails("1\u{2060}", "line 1, column 2: expected the end of the text, found '\u{2060}'"),
      .fails("\u{2028}1", "line 1, column 1: expected a value, found '\\u2028'"),
      .fails("\\u0020[]", "line 1, column 1: expected a value, found '\\\\'"),
      .fails("1\0", "line 1, column 2: expected the end of the text, found '\\u0000'"),
      .fails("\0", "line 1, column 1: expected a value, found '\\u0000'"),
    ] as [Reading])
  func `space is four characters, between tokens only`(reading: Reading) { reading.checkStrict() }

  @Test(
    arguments: [
      .fails("", "line 1, column 1: expected a value, found the end of the text"),
      .fails(" ", "line 1, column 2: expected a value, found the end of the text"),
      .fails("[", "line 1, column 2: expected a value, found the end of the text"),
      .fails("[1", "line 1, column 3: expected ',' or ']', found the end of the text"),
      .fails("[1,", "line 1, column 4: expected a value, found the end of the text"),
      .fails("[1,\n1\n,1", "line 3, column 3: expected ',' or ']', found the end of the text"),
      .fails("{", "line 1, column 2: expected a key in double quotes, found the end of the text"),
      .fails("{\"a\"", "line 1, column 5: expected ':', found the end of the text"),
      .fails("{\"a\":", "line 1, column 6: expected a value, found the end of the text"),
      .fails("{\"a\":1", "line 1, column 7: expected ',' or '}', found the end of the text"),
      .fails("{\"a\":1,", "line 1, column 8: expected a key in double quotes, found the end of the text"),
      .fails("[\"a", "line 1, column 4: expected the closing quote, found the end of the text"),
      .fails("[{}", "line 1, column 4: expected ',' or ']', found the end of the text"),
      .fails("-", "line 1, column 2: expected a digit, found the end of the text"),
      .fails("tr", "line 1, column 3: expected true, found the end of the text"),
    ] as [Reading])
  func `what ends too early is told from what is wrong`(reading: Reading) { reading.checkStrict() }

  @Test(
    arguments: [
      .fails("[1,]", "line 1, column 4: expected a value, found ']'"),
      .fails("[1,,2]", "line 1, column 4: expected a value, found ','"),
      .fails("[,1]", "line 1, column 2: expected a value, found ','"),
      .fails("[,]", "line 1, column 2: expected a value, found ','"),
      .fails("{\"a\":1,}", "line 1, column 8: expected a key in double quotes, found '}'"),
      .fails("{\"a\":1,,\"b\":2}", "line 1, column 8: expected a key in double quotes, found ','"),
      .fails("{,\"a\":1}", "line 1, column 2: expected a key in double quotes, found ','"),
      .fails("1,", "line 1, column 2: expected the end of the text, found ','"),
      .fails("[1],", "line 1, column 4: expected the end of the text, found ','"),
    ] as [Reading])
  func `a comma too many is an error`(reading: Reading) { reading.checkStrict() }

  @Test(
    arguments: [
      .fails("[1 2]", "line 1, column 4: expected ',' or ']', found '2'"),
      .fails("[1:2]", "line 1, column 3: expected ',' or ']', found ':'"),
      .fails("[\"a\"\"b\"]", "line 1, column 5: expected ',' or ']', found '\"'"),
      .fails("[1;2]", "line 1, column 3: expected ',' or ']', found ';'"),
      .fails("[1}", "line 1, column 3: expected ',' or ']', found '}'"),
      .fails("{\"a\" 1}", "line 1, column 6: expected ':', found '1'"),
      .fails("{\"a\",1}", "line 1, column 5: expected ':', found ','"),
      .fails("{\"a\"=1}", "line 1, column 5: expected ':', found '='"),
      .fails("{\"a\"::1}", "line 1, column 6: expected a value, found ':'"),
      .fails("{\"a\":1 \"b\":2}", "line 1, column 8: expected ',' or '}', found '\"'"),
      .fails("{\"a\":1]", "line 1, column 7: expected ',' or '}', found ']'"),
      .fails("{\"a\":1:2}", "line 1, column 7: expected ',' or '}', found ':'"),
      .fails("{a:1}", "line 1, column 2: expected a key in double quotes, found 'a'"),
      .fails("{'a':1}", "line 1, column 2: expected a key in double quotes, found \"'\""),
      .fails("{1:1}", "line 1, column 2: expected a key in double quotes, found '1'"),
      .fails("{null:1}", "line 1, column 2: expected a key in double quotes, found 'n'"),
      .fails("{[]:1}", "line 1, column 2: expected a key in double quotes, found '['"),
      .fails("{\"a\":}", "line 1, column 6: expected a value, found '}'"),
      .fails("]", "line 1, column 1: expected a value, found ']'"),
      .fails("}", "line 1, column 1: expected a value, found '}'"),
      .fails("(1)", "line 1, column 1: expected a value, found '('"),
      .fails("<null>", "line 1, column 1: expected a value, found '<'"),
      .fails("$", "line 1, column 1: expected a value, found '$'"),
      .fails("\u{1b}", "line 1, column 1: expected a value, found '\\u001b'"),
      .fails("é", "line 1, column 1: expected a value, found 'é'"),
    ] as [Reading])
  func `a token out of place is named, and what was expected`(reading: Reading) { reading.checkStrict() }

  @Test(
    arguments: [
      .fails("[]]", "line 1, column 3: expected the end of the text, found ']'"),
      .fails("{}}", "line 1, column 3: expected the end of the text, found '}'"),
      .fails("1 2", "line 1, column 3: expected the end of the text, found '2'"),
      .fails("{} {}", "line 1, column 4: expected the end of the text, found '{'"),
      .fails("\"a\"x", "line 1, column 4: expected the end of the text, found 'x'"),
      .fails("nullx", "line 1, column 5: expected the end of the text, found 'x'"),
      .fails("[1]\n#", "line 2, column 1: expected the end of the text, found '#'"),
      .fails("{}/**/", "line 1, column 3: expected the end of the text, found '/'"),
      .fails("{}//", "line 1, column 3: expected the end of the text, found '/'"),
      .fails("// c\n1", "line 1, column 1: expected a value, found '/'"),
      .fails("[1/**/]", "line 1, column 3: expected ',' or ']', found '/'"),
    ] as [Reading])
  func `nothing follows the one value, and there are no comments`(reading: Reading) { reading.checkStrict() }

  @Test(
    arguments: [
      .fails("nul", "line 1, column 4: expected null, found the end of the text"),
      .fails("[nul]", "line 1, column 5: expected null, found ']'"),
      .fails("trux", "line 1, column 4: expected true, found 'x'"),
      .fails("falze", "line 1, column 4: expected false, found 'z'"),
      .fails("True", "line 1, column 1: expected a value, found 'T'"),
      .fails("NULL", "line 1, column 1: expected a value, found 'N'"),
      .fails("nan", "line 1, column 2: expected null, found 'a'"),
      .fails("undefined", "line 1, column 1: expected a value, found 'u'"),
      .fails("*", "line 1, column 1: expected a value, found '*'"),
    ] as [Reading])
  func `literals are three words, in small letters`(reading: Reading) { reading.checkStrict() }

  @Test(
    arguments: [
      .fails(bytes: [0xEF, 0xBB, 0xBF], "line 1, column 1: a byte order mark is not allowed in JSON"),
      .fails(bytes: [0xEF, 0xBB, 0xBF, 0x7B, 0x7D], "line 1, column 1: a byte order mark is not allowed in JSON"),
      // Half of one, and those of UTF-16, are not UTF-8.
      .fails(bytes: [0xEF, 0xBB, 0x7B, 0x7D], "line 1, column 1: invalid UTF-8"),
      .fails(bytes: [0xFE, 0xFF, 0x00, 0x31], "line 1, column 1: invalid UTF-8"),
      .fails(bytes: [0xFF, 0xFE, 0x31, 0x00], "line 1, column 1: invalid UTF-8"),
      // UTF-16 without a mark.
      .fails(bytes: [0x5B, 0x00, 0x5D, 0x00], "line 1, column 2: expected a value, found '\\u0000'"),
      .fails(bytes: [0x5B, 0xEF, 0xBB, 0xBF, 0x5D], "line 1, column 2: expected a value, found '\u{feff}'"),
    ] as [Reading])
  func `a text is UTF-8 without a byte order mark`(reading: Reading) { reading.checkStrict() }

  @Test(
    arguments: [
      .fails("{\"a\":1,\"a\":1}", "line 1, column 8: duplicate key 'a'"),
      .fails("{\"a\":1,\"b\":2,\"a\":3}", "line 1, column 14: duplicate key 'a'"),
      .fails("{\"a\":1,\"\\u0061\":2}", "line 1, column 8: duplicate key 'a'"),
      .fails("{\"\":1,\"\":2}", "line 1, column 7: duplicate key ''"),
      .fails("[{\"x\":{\"k\\n\":1,\"k\\n\":2}}]", "line 1, column 16: duplicate key 'k\\n'"),
      .gives("{\"a\":{\"a\":1},\"b\":{\"a\":1}}", ["a": ["a": 1], "b": ["a": 1]]),
      .gives("{\"a\":1,\"A\":2,\"a \":3}", ["a": 1, "A": 2, "a ": 3]),
    ] as [Reading])
  func `a key that an object has twice is an error, whatever its value`(reading: Reading) { reading.checkStrict() }
}
