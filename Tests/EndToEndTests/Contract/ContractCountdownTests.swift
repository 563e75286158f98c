import Testing

/// Waiting that can be seen (docs/CONTRACT.md, "Commands"): one line of standard error on a terminal, gone at the end.
@Suite("The line that counts down")
struct ContractCountdownTests {
  private let sandbox = Sandbox()

  /// What a command shows on a terminal while somebody closes the circuit that it waits for.
  private func shown(_ words: [String], waitsFor sign: String?) -> String {
    _ = sandbox.cb("open", "x", "--for", "1h")
    let terminal = Terminal([Programs.cb] + words, in: sandbox)
    if let sign { #expect(terminal.expect(sign), "\(terminal.text)") }
    _ = sandbox.cb("close", "x")
    #expect(terminal.wait(seconds: 60) == 0, "\(terminal.text)")
    return terminal.text
  }

  @Test(
    "wait and run --wait say until when, and leave nothing behind",
    arguments: [["wait", "x"], ["run", "--wait", "1h", "x", "--", "true"]])
  func counts(_ words: [String]) {
    let text = shown(words, waitsFor: "cb: x: next trial in 1h, at ")
    // The line is cleared in its place: whatever was shown, the cursor is where it began.
    #expect(text.hasSuffix("\r\u{1B}[K"), "\(text)")
    #expect(!text.contains("\n"), "\(text)")
  }

  @Test("with -q there is none", arguments: [["wait", "-q", "x"], ["run", "-q", "--wait", "1h", "x", "--", "true"]])
  func quiet(_ words: [String]) {
    #expect(shown(words, waitsFor: nil).isEmpty)
  }

  @Test("off a terminal there is none")
  func piped() {
    _ = sandbox.cb("open", "x", "--for", "1h")
    let waiting = sandbox.start([Programs.cb, "wait", "x", "--timeout", "300ms"]).wait(seconds: 60)
    #expect(waiting.status == .exited(124) && waiting.errorText.isEmpty && waiting.outputText.isEmpty)
  }
}
