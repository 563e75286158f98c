import Testing

/// Words that are off, and what looks like a success and is none.
@Suite struct ContractUsageTests {
  let sandbox = Sandbox()

  @Test func `an empty fallback does not make a success of a rejection`() {
    #expect(sandbox.cb("open", "a").status == .exited(0))
    let run = sandbox.cb("run", "a", "--fallback", "", "--", "true")
    #expect(run.status == .exited(64))
    #expect(run.errorText.contains("--fallback"))
  }

  @Test func `a -- before the command of cb is no success`() {
    let run = sandbox.cb("--", "run", "a")
    #expect(run.status == .exited(64))
    #expect(run.outputText == "")
  }

  @Test func `a command that cb does not have is called by its name`() {
    for (words, hint) in [
      (["chekc", "a"], "did you mean 'check'?"), (["statsu"], "did you mean 'status'?"),
      (["opne", "a"], "did you mean 'open'?"), (["db-backup", "--", "true"], "see cb --help"), ([""], "see cb --help"),
    ] {
      let run = sandbox.execute([Programs.cb] + words)
      #expect(run.status == .exited(64))
      #expect(run.errorText == "cb: unknown command '\(words[0])'; \(hint)\n")
    }
  }

  @Test func `--quiet silences, whatever --notice says before or behind it`() {
    #expect(sandbox.cb("open", "a").status == .exited(0))
    for options in [["--quiet", "--notice", "each"], ["--notice", "each", "--quiet"]] {
      let run = sandbox.execute([Programs.cb, "run", "a"] + options + ["--", "true"])
      #expect(run.status == .exited(75))
      #expect(run.errorText == "")
    }
  }
}
