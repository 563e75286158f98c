import Glibc
import Testing

/// Bad input: one clear line on standard error, the exit code of the contract, nothing run and nothing written.
@Suite("Bad input")
struct ContractBadInputTests {
  let scene = Scene()

  /// What is expected of a call that is a usage error, and the words that have to be in its line.
  private func expectUsage(_ arguments: [String], _ words: [String] = []) {
    let result = scene.cb(arguments)
    #expect(result.status == .exited(64))
    #expect(result.output == [])
    #expect(result.isOneMessage, "\(result.errorText)")
    for word in words { #expect(result.errorText.contains(word), "\(result.errorText)") }
    #expect(scene.isStoreUntouched)
  }

  @Test(
    "an unknown option",
    arguments: [
      ["run", "--fail-mux", "3", "x", "--", "echo", "started"], ["run", "-z", "x", "--", "echo", "started"],
      ["status", "--jsn"], ["open", "x", "--until", "5m"], ["check", "x", "--json"],
      ["set", "x", "--force", "fail-max=3"],
    ])
  func unknownOption(_ arguments: [String]) {
    expectUsage(arguments, [arguments.first { $0.hasPrefix("-") && $0 != "--" } ?? ""])
  }

  @Test("an unknown command")
  func unknownCommand() {
    expectUsage(["star"], ["star"])
    expectUsage(["--frobnicate"], ["--frobnicate"])
    expectUsage([])
  }

  @Test("an unknown key")
  func unknownKey() {
    expectUsage(["set", "x", "fail_max=3"], ["fail_max", "fail-max"])
    expectUsage(["set", "x", "fail-max"], ["fail-max="])
    expectUsage(["set", "x"])
    expectUsage(["get", "x", "color"], ["color", "fail-max"])
  }

  @Test(
    "a bad name",
    arguments: [
      "", ".", "..", "a/b", "/", "a\nb", "a\tb", "\u{7F}", "\u{1B}]0;x", "\u{85}", String(repeating: "a", count: 129),
      String(repeating: "ü", count: 65),
    ])
  func badName(_ name: String) {
    for arguments in [
      ["run", name, "--", "echo", "started"], ["status", name], ["open", name], ["close", name], ["half-open", name],
      ["reset", name], ["remove", name], ["get", name, "state"], ["set", name, "fail-max=3"], ["check", name],
      ["wait", name],
    ] { expectUsage(arguments) }
  }

  @Test(
    "a pattern where one NAME is meant says that, and which commands take patterns",
    arguments: ["*", "db-*", "a?", "a[b]", "a["])
  func pattern(_ name: String) {
    for arguments in [
      ["run", name, "--", "echo", "started"], ["get", name, "state"], ["check", name], ["wait", name],
      ["permit", name], ["report", name, "t", "success"], ["record", name, "success"],
    ] { expectUsage(arguments, ["'\(name)'", "pattern"]) }
  }

  @Test("a name that begins with '-'")
  func leadingDash() {
    for arguments in [["run", "-x", "--", "echo", "started"], ["open", "-x"], ["check", "-x"]] {
      expectUsage(arguments)
    }
  }

  @Test("bytes that are no UTF-8 in a name")
  func notUTF8() {
    let result = scene.sandbox.start(
      bytes: [Array(Programs.cb.utf8), Array("run".utf8), [0x61, 0xFF], Array("--".utf8), Array("true".utf8)]
    ).wait()
    #expect(result.status == .exited(64))
    #expect(result.isOneMessage)
    #expect(scene.isStoreUntouched)
  }

  @Test(
    "a bad time of --retry-after, and a bad --duration", arguments: ["soon", "-5", "Sun, 31 Nov 2027 08:49:37 GMT"])
  func badTime(_ text: String) {
    expectUsage(["record", "x", "failure", "--retry-after=\(text)"], ["--retry-after", "'\(text)'", "HTTP date"])
    expectUsage(["report", "x", "t", "failure", "--retry-after=\(text)"], ["--retry-after", "'\(text)'"])
    expectUsage(["record", "x", "failure", "--duration=\(text)"], ["--duration", "'\(text)'"])
  }

  @Test("a bad --rejected-exit of check", arguments: ["", "255", "256", "-1", "no", "1.0"])
  func badCheckExit(_ text: String) {
    expectUsage(["check", "x", "--rejected-exit=\(text)"], ["--rejected-exit", "'\(text)'", "0 to 254"])
  }

  @Test("a preset that there is not names those that there are, and the nearest")
  func badPreset() {
    expectUsage(["run", "--preset", "rsinc", "x", "--", "echo", "started"], ["preset", "'rsinc'", "rsync"])
    expectUsage(["preset", "rsinc"], ["'rsinc'", "rsync"])
    expectUsage(["set", "x", "preset=tar"], ["preset", "'tar'", "curl"])
  }

  @Test("a bad duration", arguments: ["", "5 minutes", "-5s", "1y", "5M", "1m1h"])
  func badDuration(_ text: String) {
    expectUsage(["run", "--wait=\(text)", "x", "--", "echo", "started"], ["--wait", "'\(text)'"])
    let shown = text.isEmpty ? "" : "'\(text)'"
    expectUsage(["open", "x", "--for=\(text)"], ["--for", shown])
    expectUsage(["wait", "x", "--timeout=\(text)"], ["--timeout", shown])
  }

  @Test("--for and --hold together")
  func forAndHold() {
    expectUsage(["open", "x", "--for", "5m", "--hold"], ["--for", "--hold"])
    expectUsage(["close", "x", "--hold", "--for", "5m"], ["--for", "--hold"])
  }

  @Test("fail-max 0")
  func failMaxZero() {
    expectUsage(["run", "--fail-max", "0", "x", "--", "echo", "started"], ["fail-max", "0", "1 or more"])
  }

  @Test(
    "bad values of the options of run",
    arguments: [
      ["--notice", "sometimes"], ["--notice", ""], ["--rejected-exit", "256"], ["--rejected-exit", "-1"],
      ["--rejected-exit", "no"], ["--wait", "long"],
    ])
  func badRunOption(_ option: [String]) {
    expectUsage(["run", "\(option[0])=\(option[1])", "x", "--", "echo", "started"], option)
  }

  @Test("an option without its value", arguments: ["--fail-max", "--wait", "--store", "--fallback", "--config"])
  func missingValue(_ option: String) {
    expectUsage(["run", "x", option, "--", "echo", "started"], [option])
    expectUsage(["run", option], [option])
  }

  @Test("a missing CMD")
  func missingCommand() {
    expectUsage(["run", "x"], ["--", "CMD"])
    expectUsage(["run", "x", "--"], ["CMD"])
  }

  @Test(
    "a missing NAME",
    arguments: [
      ["run", "--", "true"], ["run"], ["open"], ["close"], ["half-open"], ["reset"], ["remove"], ["check"], ["wait"],
      ["get"], ["get", "x"], ["set"],
    ])
  func missingName(_ arguments: [String]) {
    expectUsage(arguments)
  }

  @Test("a forgotten '--' is told how it is written")
  func forgottenDashes() {
    expectUsage(["run", "x", "backup.sh", "daily"], ["cb run x -- backup.sh daily"])
    expectUsage(["run", "x", "true"], ["cb run x -- true"])
  }

  @Test("an option of CMD that is taken for one of cb's is told that '--' helps")
  func optionOfCommand() {
    expectUsage(["run", "x", "rsync", "-a", "src", "dst"], ["-a", "--"])
    expectUsage(["run", "x", "tar", "--create"], ["--create", "--"])
  }

  @Test("two NAMEs for run, check, wait or get")
  func twoNames() {
    expectUsage(["run", "x", "y", "--", "true"], ["y"])
    expectUsage(["check", "x", "y"], ["y"])
    expectUsage(["wait", "x", "y"], ["y"])
    expectUsage(["get", "x", "state", "y"], ["y"])
  }

  @Test("a '--' where no command is taken")
  func strayDashes() {
    expectUsage(["status", "x", "--", "true"], ["--"])
  }

  @Test(
    "a bad store",
    arguments: [
      "file:", "/var/lib/cb", "http://localhost", "redis", "redis:localhost", "ftp://user:secret@host/",
    ])
  func badStore(_ store: String) {
    expectUsage(["run", "--store", store, "x", "--", "echo", "started"])
    expectUsage(["status", "--store", store])
    expectUsage(["--store", store, "status"])
    #expect(!scene.cb("status", "--store", store).errorText.contains("secret"))
    // Nobody typed it: a store that failed.
    scene["CB_STORE"] = store
    let look = scene.cb("status")
    #expect(look.status == .exited(1))
    #expect(look.isOneMessage && !look.errorText.contains("secret"))
    let run = scene.cb("run", "x", "--", "echo", "started")
    #expect(run.status == .exited(0))
    #expect(run.outputText == "started\n")
    #expect(run.isOneMessage && !run.errorText.contains("secret"))
  }

  @Test("a bad colour")
  func badColour() {
    expectUsage(["status", "--color", "pink"], ["pink"])
  }

  @Test("control characters of the command line come back harmless")
  func harmless() {
    expectUsage(["run", "--\u{1B}[31mred", "x", "--", "true"])
    expectUsage(["set", "x", "\u{1B}]0;title\u{7}=3"])
    expectUsage(["set", "x", "fail-max=\u{1B}[2J"])
    expectUsage(["two\nlines"])
  }
}
