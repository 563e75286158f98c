import Glibc
import JSON
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
    #expect(text.hasPrefix("a\n  The next run starts, after 1 failure (last: exit 1"))
    #expect(text.contains("\n\n  State           closed\n"))
    #expect(text.contains("Totals          calls 2, successes 1, failures 1\n"))
    // A quoted glob is a list, however many it matches.
    #expect(sandbox.cb("status", "a*").outputText.hasPrefix("NAME"))
  }

  @Test func `settings show where they come from`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("set", "a", "fail-max=3")
    #expect(sandbox.cb("status", "a").outputText.contains("fail-max  3  (cb set)"))
    let all = sandbox.cb("status", "-v", "a").outputText
    #expect(all.contains("reset-timeout      60s  (default)"))
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

  @Test func `a NAME that is not there is reported with the nearest that there is, by every command that needs it`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("set", "shop", "fail-max=3")
    for words in [["status"], ["get"], ["reset"], ["remove"], ["history"], ["list"]] {
      let result = sandbox.execute([Programs.cb] + words + ["shpo"] + (words == ["get"] ? ["state"] : []))
      #expect(result.status == .exited(1), "\(words)")
      #expect(result.errorText == "cb: shpo: no such breaker; did you mean 'shop'?\n", "\(words)")
      #expect(result.output.isEmpty)
    }
    // Nothing is near.
    #expect(sandbox.cb("status", "mail").errorText == "cb: mail: no such breaker\n")
    let json = sandbox.cb("status", "--json", "shpo")
    #expect(json.outputText == "[]\n")
    #expect(json.status == .exited(1))
  }

  @Test func `--state, --sort and --exit-code`() {
    let sandbox = Sandbox()
    for name in ["job-2", "job-10", "job-1"] { _ = sandbox.cb("run", name, "--", "true") }
    func names(_ words: String...) -> [String] {
      let lines = sandbox.execute([Programs.cb, "status"] + words).outputText.split(separator: "\n").dropFirst()
      return lines.map { String($0.prefix { $0 != " " }) }
    }
    #expect(names() == ["job-1", "job-2", "job-10"])
    #expect(sandbox.cb("status", "--exit-code").status == .exited(0))
    for _ in 1...2 { _ = sandbox.cb("run", "job-10", "--", "false") }
    #expect(names("--sort", "failures") == ["job-10", "job-1", "job-2"])
    #expect(sandbox.cb("status", "--exit-code").status == .exited(0))
    _ = sandbox.cb("open", "job-2", "--hold")
    _ = sandbox.cb("run", "--fail-max", "1", "--reset-timeout", "10ms", "late", "--", "false")
    _ = sandbox.cb("half-open", "half")
    usleep(20_000)
    _ = sandbox.cb("close", "quiet", "--hold")
    sandbox.environment["CB_RESET_TIMEOUT"] = "10ms"
    #expect(names("--state", "open") == ["job-2", "late"])
    #expect(names("--state", "due") == ["late"])
    #expect(names("--state", "held") == ["job-2", "quiet"])
    #expect(names("--state", "half-open,due") == ["half", "late"])
    #expect(names("--state", "closed", "job-*") == ["job-1", "job-10"])
    #expect(names("--sort", "changed").first == "half")
    #expect(names("--sort", "state").prefix(3) == ["job-2", "late", "half"])
    #expect(sandbox.cb("status").outputText.contains("\nlate    open, due  "))
    #expect(sandbox.cb("status").outputText.contains("\nquiet   closed (held)  "))
    #expect(sandbox.cb("status", "--exit-code").status == .exited(1))
    #expect(sandbox.cb("status", "--exit-code", "job-1", "job-10").status == .exited(0))
    // Held closed is not well either: nothing is protected.
    #expect(sandbox.cb("status", "--exit-code", "quiet").status == .exited(1))
    #expect(sandbox.cb("status", "--exit-code", "--json", "late").status == .exited(1))
    let wrong = sandbox.cb("status", "--state", "opn")
    #expect(wrong.status == .exited(64))
    #expect(wrong.errorText.contains("--state: 'opn' is not valid: did you mean open?"))
    #expect(sandbox.cb("status", "--sort", "size").status == .exited(64))
  }

  @Test(arguments: StoreUnderTest.all)
  func `holders, what the last run used, and what nobody limits`(store: StoreUnderTest) {
    let scene = Scene(store)
    scene.run("--fail-max", "2", "--reset-timeout", "2s", exit: 1)
    #expect(scene.shown("running")?.isNull == true)
    #expect(scene.shown("settings.fail-max")?.int == 5)
    #expect(scene.shown("last_run_settings.fail-max")?.int == 2)
    #expect(scene.shown("last_run_settings.reset-timeout")?.int == 2)
    #expect(scene.shown("last_run_settings.jitter") == nil)
    #expect(scene.shown("due")?.bool == false)
    #expect(scene.shown("window")?.isNull == true)
    let run = scene.runInFlight("--max-concurrent", "2")
    #expect(scene.shown("running")?.int == 1)
    #expect(scene.shown("holders")?.array?.count == 1)
    #expect(scene.shown("holders")?.array?.first?["kind"]?.string == "place")
    #expect(scene.shown("holders")?.array?.first?["pid"]?.int == Int(run.running.pid))
    #expect(scene.cb("status", "x").outputText.contains("  Holders         place: "))
    run.end(0)
    #expect(scene.shown("running")?.int == 0)
    #expect(scene.shown("holders")?.array?.isEmpty == true)
    scene.cb("half-open", "x")
    let trial = scene.runInFlight()
    #expect(scene.shown("holders")?.array?.first?["kind"]?.string == "trial")
    #expect(scene.cb("status", "x").outputText.contains("x\n  The next run is rejected: a trial is running"))
    trial.end(0)
    for code in [1, 0, 0, 0] { scene.run("--window", "4", "--failure-rate", "100%", exit: code) }
    #expect(scene.shown("window.calls")?.int == 4)
    #expect(scene.shown("window.failure_rate")?.double == 0.25)
    scene.run("--retry-hint", "echo 600", exit: 1)
    #expect(isRFC3339(scene.shown("last_hint.until")?.string ?? ""))
    #expect(scene.shown("last_hint.capped")?.bool == false)
    #expect(isRFC3339(scene.shown("changed_at")?.string ?? ""))
  }

  @Test func `times are on this host's clock too, where that is not UTC's`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("open", "a")
    #expect(!sandbox.cb("status", "a").outputText.contains(" here"))
    sandbox.environment["TZ"] = "CET-1"
    #expect(sandbox.cb("status", "a").outputText.firstMatch(of: #/since [0-9]{4}-\S+Z \([0-9:]{8} here, /#) != nil)
  }

  @Test func `what the configuration holds in vain is said where the breaker is shown`() {
    let sandbox = Sandbox()
    let file = sandbox.file("config.json5", "{defaults: {'fail-maxx': 3, jitter: '20%'}}", mode: 0o600)
    _ = sandbox.cb("set", "a", "failure-rate=20%")
    let text = sandbox.cb("status", "a", "--config", file).outputText
    #expect(text.contains("  Note: failure-rate has no effect without window\n"))
    #expect(text.contains("  Note: configuration file \(file): line 1, column 13: unknown key 'fail-maxx'"))
    #expect(text.contains("jitter        20%  (\(file), defaults)"))
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
    #expect(terminal.text.contains("2 breakers: 2 closed (1 held)"))
    #expect(!terminal.text.contains(long))
  }
}
