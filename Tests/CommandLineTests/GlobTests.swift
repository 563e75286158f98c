import Testing

@testable import cb

/// Patterns of names (docs/CONTRACT.md, "Commands"): matched by Unicode scalars, not by bytes.
struct GlobTests {
  @Test(
    "a pattern matches",
    arguments: [
      ("*", ""), ("*", "db"), ("**", "db"), ("db-*", "db-"), ("db-*", "db-a"), ("*-a", "db-a"), ("d*a", "db-a"),
      ("*b*", "abc"), ("a*b*c", "a-b-b-c"), ("*aab", "aaaab"), ("?", "a"), ("db-?", "db-1"), ("?*", "a"), ("", ""),
      ("a b", "a b"), ("[ab]", "a"), ("[a-c]x", "bx"), ("[!a]", "b"), ("[^a]", "b"), ("[]]", "]"), ("[!]]", "a"),
      ("[a-]", "-"), ("[-a]", "-"), ("[]-a]", "_"), ("[a-cx-z]", "y"), ("[*]", "*"), ("[?]", "?"), ("\\*", "*"),
      ("\\[a]", "[a]"), ("[", "["), ("[a", "[a"), ("a[", "a["), ("[]", "[]"), ("[!", "[!"), ("a\\", "a\\"),
    ])
  func matches(_ pattern: String, _ name: String) {
    #expect(Glob(pattern).matches(name))
  }

  @Test(
    "a pattern does not match",
    arguments: [
      ("", "a"), ("?", ""), ("?", "ab"), ("db-*", "db"), ("db-*", "xdb-a"), ("*-a", "db-ab"), ("a*b", "a"),
      ("[ab]", "c"), ("[ab]", ""), ("[ab]", "ab"), ("[!a]", "a"), ("[!a]", ""), ("[c-a]", "b"), ("[a-c]", "B"),
      ("DB-*", "db-a"), ("\\*", "a"), ("\\*", "\\*"), ("[]", "]"), ("a\\b", "a\\b"), ("a.c", "abc"), ("a+", "aa"),
    ])
  func doesNotMatch(_ pattern: String, _ name: String) {
    #expect(!Glob(pattern).matches(name))
  }

  @Test("one '?' is one character, of however many bytes")
  func scalars() {
    for name in ["café", "cafè", "caf日", "caf🙂"] { #expect(Glob("caf?").matches(name)) }
    #expect(Glob("[à-ü]").matches("é") && !Glob("[à-ü]").matches("e"))
    #expect(Glob("[!日]本").matches("月本"))
    // An e and an accent are two, also where they look like one; and é is not e with an accent: names are not normalized.
    #expect(!Glob("caf?").matches("cafe\u{301}") && Glob("caf??").matches("cafe\u{301}"))
    #expect(!Glob("café").matches("cafe\u{301}"))
    #expect(Glob("*\u{301}").matches("cafe\u{301}"))
    #expect(Glob("?").matches("\u{1F1E9}") && Glob("??").matches("\u{1F1E9}\u{1F1EA}"))
  }

  @Test("a pattern of many stars against a long name takes no time to speak of")
  func manyStars() {
    #expect(!Glob(String(repeating: "*a", count: 20) + "b").matches(String(repeating: "a", count: 128)))
  }

  @Test("only '*', '?' and '[' make a pattern of a text")
  func isPattern() {
    for text in ["*", "a?", "a[b"] { #expect(Glob.isPattern(text)) }
    for text in ["", "a", "a]", "a\\b", "{a,b}", "a*b".replacing("*", with: "＊")] { #expect(!Glob.isPattern(text)) }
  }
}
