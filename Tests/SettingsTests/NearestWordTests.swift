import Testing

@testable import Settings

/// "Did you mean": near enough to be meant, and nothing else.
struct NearestWordTests {
  private static let keys = SettingKey.allCases.map(\.name)

  @Test(
    "a misspelt key has its nearest",
    arguments: [
      ("fail_max", "fail-max"), ("fail-mox", "fail-max"), ("failmax", "fail-max"), ("fial-max", "fail-max"),
      ("reset-timout", "reset-timeout"), ("exlude", "exclude"), ("exclude-fi", "exclude-if"),
      ("success-treshold", "success-threshold"), ("tiemout", "timeout"), ("on-events", "on-event"), ("mod", "mode"),
      ("notise", "notice"),
    ])
  func near(word: String, meant: String) {
    #expect(NearestWord.of(word, in: Self.keys) == meant)
  }

  @Test("what is like nothing has none", arguments: ["", "x", "on", "color", "xyz", "-----", "maximum", "日本語"])
  func far(word: String) {
    #expect(NearestWord.of(word, in: Self.keys) == nil)
  }

  @Test(
    "a third of the letters may differ, at most three",
    arguments: [
      ("ab", "ax", false), ("abc", "abx", true), ("abc", "axy", false), ("abcdef", "abcdxy", true),
      ("abcdef", "abcxyz", false),
      ("abcdefghijkl", "abcdefghixyz", true), ("abcdefghijkl", "abcdefghwxyz", false),
    ] as [(String, String, Bool)])
  func limit(word: String, candidate: String, isNear: Bool) {
    #expect((NearestWord.of(word, in: [candidate]) == candidate) == isNear)
  }

  @Test("of several as near the first is meant, and a nearer one before it")
  func order() {
    #expect(NearestWord.of("cat", in: ["bat", "hat"]) == "bat")
    #expect(NearestWord.of("cat", in: ["bat", "cat"]) == "cat")
    #expect(NearestWord.of("cat", in: [String]()) == nil)
  }

  @Test(
    "two letters that changed places are one mistake",
    arguments: [
      ("ab", "ba", 1), ("open", "opne", 1), ("status", "statsu", 1), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0),
      ("kitten", "sitting", 3), ("ca", "abc", 3), ("café", "cafe", 1),
    ])
  func distance(left: String, right: String, count: Int) {
    #expect(NearestWord.distance(left, right) == count)
    #expect(NearestWord.distance(right, left) == count)
  }
}
