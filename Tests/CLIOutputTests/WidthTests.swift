import Testing

@testable import cb

@Suite struct WidthTests {
  @Test(arguments: [
    ("plain", 5), ("日本語", 6), ("한국어", 6), ("é", 1), ("e\u{301}", 1), ("ｱｲｳ", 3), ("ＡＢ", 4), ("👍", 2),
    ("a\u{200B}b", 2), ("גיבוי", 5), ("☃", 1), ("✗", 1), ("…", 1),
  ])
  func `a text takes as many columns as wcwidth has it`(text: String, width: Int) {
    #expect(DisplayWidth.of(text) == width)
  }

  @Test func `a cut text fits and keeps both ends`() {
    #expect("a-very-long-name-17".cutInTheMiddle(to: 11, "…") == "a-ver…me-17")
    #expect("short".cutInTheMiddle(to: 5, "…") == "short")
    #expect("日本語のバックアップ".cutInTheMiddle(to: 10, "…") == "日本…ップ")
    #expect("a-very-long-name-17".cutInTheMiddle(to: 11, "...") == "a-ve...e-17")
    #expect("exit 127 (not found)".cutAtTheEnd(to: 9, "…") == "exit 127…")
  }

  @Test(arguments: ["a-very-long-name", "日本語のバックアップ", "family-👨‍👩‍👧-job", "e\u{301}e\u{301}e\u{301}e\u{301}"])
  func `no cut is wider than asked or splits what is drawn as one`(text: String) {
    for width in 0...24 {
      for mark in ["…", "..."] {
        for cut in [text.cutInTheMiddle(to: width, mark), text.cutAtTheEnd(to: width, mark)] {
          #expect(DisplayWidth.of(cut) <= width)
          for character in cut where !mark.contains(character) { #expect(text.contains(character)) }
        }
      }
    }
  }
}

@Suite struct ColourTests {
  @Test func `the option decides over every variable`() {
    #expect(coloured(.always, ["NO_COLOR": "1", "TERM": "dumb"], terminal: false))
    #expect(!coloured(.never, ["CLICOLOR_FORCE": "1", "TERM": "xterm"], terminal: true))
  }

  @Test func `a terminal gets colours and a pipe none`() {
    #expect(coloured(.auto, ["TERM": "xterm"], terminal: true))
    #expect(!coloured(.auto, ["TERM": "xterm"], terminal: false))
  }

  @Test func `a dumb or nameless terminal gets none`() {
    #expect(!coloured(.auto, ["TERM": "dumb"], terminal: true))
    #expect(!coloured(.auto, [:], terminal: true))
  }

  @Test func `NO_COLOR takes them away, before CLICOLOR_FORCE`() {
    #expect(!coloured(.auto, ["TERM": "xterm", "NO_COLOR": "1"], terminal: true))
    #expect(!coloured(.auto, ["TERM": "xterm", "NO_COLOR": "1", "CLICOLOR_FORCE": "1"], terminal: true))
  }

  @Test func `CLICOLOR_FORCE gives them to a pipe, unless it is 0`() {
    #expect(coloured(.auto, ["CLICOLOR_FORCE": "1"], terminal: false))
    #expect(!coloured(.auto, ["CLICOLOR_FORCE": "0"], terminal: false))
    #expect(!coloured(.auto, ["CLICOLOR": "0", "TERM": "xterm"], terminal: true))
  }

  @Test func `the first of LC_ALL, LC_CTYPE and LANG tells whether signs beyond ASCII can be shown`() {
    #expect(OutputStyle.isUnicode { ["LANG": "de_DE.UTF-8"][$0] })
    #expect(OutputStyle.isUnicode { ["LC_ALL": "C.utf8"][$0] })
    #expect(!OutputStyle.isUnicode { ["LC_ALL": "C", "LANG": "de_DE.UTF-8"][$0] })
    #expect(!OutputStyle.isUnicode { _ in nil })
  }

  private func coloured(_ choice: ColorChoice, _ variables: [String: String], terminal: Bool) -> Bool {
    OutputStyle.isColored(choice, isTerminal: terminal) { variables[$0] }
  }
}
