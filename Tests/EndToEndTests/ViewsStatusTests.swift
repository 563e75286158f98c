import CTestSupport
import Glibc
import Testing

@Suite struct ViewsStatusTests {
  @Test func `an empty store says so, shows the first command, and is left unmade`() {
    let sandbox = Sandbox()
    let result = sandbox.cb("status")
    #expect(result.status == .exited(0))
    #expect(result.outputText == "no breakers yet; the first run makes one: cb run NAME -- CMD\n")
    #expect(access(sandbox.path + "/state", F_OK) != 0)
  }

  @Test func `the table shows every breaker, sorted, and a pipe gets neither colours nor signs`() {
    let sandbox = Sandbox()
    for _ in 0..<5 { _ = sandbox.cb("run", "db-backup", "--", "false") }
    _ = sandbox.cb("run", "api", "--", "true")
    _ = sandbox.cb("open", "mail", "--hold", "--reason", "maintenance")
    let result = sandbox.cb("status")
    let lines = result.outputText.split(separator: "\n")
    #expect(lines.count == 4)
    let words = lines.map { $0.split(separator: " ").map(String.init) }
    #expect(words[0] == ["NAME", "STATE", "FAILURES", "RETRY", "LAST", "FAILURE", "LAST", "SUCCESS"])
    #expect(words[1].prefix(4) == ["api", "closed", "0/5", "-"])
    #expect(words[2].prefix(3) == ["db-backup", "open", "5/5"])
    #expect(words[3].prefix(5) == ["mail", "open", "(held)", "0/5", "held"])
    #expect(!result.output.contains(0x1B))
    #expect(result.error.isEmpty)
  }

  @Test func `one breaker in full, with its last runs and events`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("run", "a", "--", "true")
    _ = sandbox.cb("run", "a", "--", "false")
    let text = sandbox.cb("status", "a").outputText
    #expect(text.contains("Last runs       ✗\n") || text.contains("Last runs       ✓✗\n"))
    #expect(text.contains("failure       exit 1"))
    #expect(text.hasPrefix("a\n  State           closed\n"))
    // A quoted glob is a list, however many it matches.
    #expect(sandbox.cb("status", "a*").outputText.hasPrefix("NAME"))
  }

  @Test func `settings show where they come from`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("set", "a", "fail-max=3")
    #expect(sandbox.cb("status", "a").outputText.contains("fail-max  3  (cb set)"))
    let all = sandbox.cb("status", "-v", "a").outputText
    #expect(all.contains("reset-timeout      60  (default)"))
    #expect(all.contains("fail-max           3  (cb set)"))
  }

  @Test func `a NAME that is not there is reported, and the others are shown`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("set", "a", "fail-max=3")
    let result = sandbox.cb("status", "a", "missing")
    #expect(result.status == .exited(1))
    #expect(result.errorText == "cb: missing: no such breaker\n")
    #expect(result.outputText.contains("\na "))
  }

  @Test func `a damaged document keeps no other from being shown`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("set", "good", "fail-max=3")
    _ = sandbox.cb("set", "bad", "fail-max=3")
    _ = sandbox.file("state/bad.json", "{", mode: 0o600)
    let result = sandbox.cb("status")
    #expect(result.status == .exited(1))
    #expect(result.outputText.contains("good"))
    #expect(result.errorText.contains("bad"))
    #expect(result.errorText.split(separator: "\n").count == 1)
  }

  @Test func `looking changes no byte of the store`() {
    let sandbox = Sandbox()
    for _ in 0..<40 { _ = sandbox.cb("run", "--fail-max", "100", "a", "--", "false") }
    let sum = "find state -type f | sort | xargs sha256sum; find state -printf '%p %m %T@ %s\n' | sort"
    let before = sandbox.execute(["/bin/sh", "-c", sum]).outputText
    #expect(before.contains("a.json"))
    for words in [["status"], ["status", "a"], ["status", "-v"], ["status", "--json"], ["history"], ["metrics"]] {
      #expect(sandbox.execute([Programs.cb] + words).status == .exited(0))
    }
    #expect(sandbox.execute(["/bin/sh", "-c", sum]).outputText == before)
  }

  @Test func `colours follow the option and the variables`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("run", "a", "--", "true")
    func isColoured(_ words: [String], _ variables: [String: String] = [:]) -> Bool {
      sandbox.environment.merge(variables) { $1 }
      defer { for name in variables.keys { sandbox.environment[name] = nil } }
      return sandbox.execute([Programs.cb, "status"] + words).output.contains(0x1B)
    }
    #expect(!isColoured([]))
    #expect(isColoured(["--color", "always"]))
    #expect(isColoured([], ["CLICOLOR_FORCE": "1"]))
    #expect(!isColoured([], ["CLICOLOR_FORCE": "1", "NO_COLOR": "1"]))
    #expect(!isColoured(["--color", "never"], ["CLICOLOR_FORCE": "1"]))
  }

  @Test func `a terminal of 80 columns gets lines of at most 80`() {
    let sandbox = Sandbox()
    let long = String(repeating: "long-name-", count: 12)
    _ = sandbox.cb("run", long, "--", "false")
    _ = sandbox.cb("close", "held-closed", "--hold")
    let script = "stty cols 80; TERM=xterm NO_COLOR=1 exec \(Programs.cb) status"
    let terminal = Terminal(["/bin/sh", "-c", script], in: sandbox)
    #expect(terminal.wait() == 0)
    for line in terminal.text.split(whereSeparator: \.isNewline) { #expect(line.count <= 80, "\(line)") }
    #expect(terminal.text.contains("● closed (held)"))
    #expect(terminal.text.contains("long-name"))
    #expect(!terminal.text.contains(long))
  }
}
