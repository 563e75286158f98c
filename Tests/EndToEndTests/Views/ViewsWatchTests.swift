import Glibc
import Testing

@Suite struct ViewsWatchTests {
  private static let enter = "\u{1B}[?1049h"
  private static let leave = "\u{1B}[?1049l"

  /// cb on a terminal in a shell that shows the modes of the terminal before and after, and the exit code.
  private func watch(_ sandbox: Sandbox, _ words: String = "--watch=0.2") -> Terminal {
    let script = """
      echo "before $(stty -g)"
      sh -c 'echo $$ >pid; exec env TERM=xterm-256color NO_COLOR=1 \(Programs.cb) status \(words)'
      echo "code $?"
      echo "after $(stty -g)"
      """
    return Terminal(["/bin/sh", "-c", script], in: sandbox)
  }

  private func expectRestored(_ terminal: Terminal, code: Int) {
    #expect(terminal.wait() == 0)
    let text = terminal.text
    let lines = text.split(whereSeparator: \.isNewline)
    let before = lines.first { $0.hasPrefix("before ") }?.dropFirst(7)
    let after = lines.first { $0.hasPrefix("after ") }?.dropFirst(6)
    #expect(before != nil)
    #expect(before == after)
    #expect(text.contains("code \(code)"))
    #expect(text.contains(Self.leave))
    #expect(text.contains("\u{1B}[?25h"))
  }

  @Test func `q ends it and leaves the terminal as it was`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("run", "a", "--", "true")
    let terminal = watch(sandbox)
    #expect(terminal.expect(Self.enter))
    #expect(terminal.expect("1 breaker: 1 closed"))
    #expect(terminal.expect("q quit"))
    terminal.type("q")
    expectRestored(terminal, code: 0)
  }

  @Test(arguments: [SIGTERM, SIGHUP, SIGINT, SIGQUIT])
  func `a signal leaves the terminal as it was, and cb dies of it`(signal: Int32) {
    let sandbox = Sandbox()
    _ = sandbox.cb("run", "a", "--", "true")
    let terminal = watch(sandbox)
    #expect(terminal.expect("q quit"))
    guard let pid = sandbox.read("pid").flatMap({ pid_t($0.filter(\.isNumber)) }) else {
      Issue.record("no pid")
      return
    }
    kill(pid, signal)
    expectRestored(terminal, code: 128 + Int(signal))
  }

  @Test func `Ctrl-Z gives the terminal back, and fg draws again`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("run", "a", "--", "true")
    let terminal = Terminal(["/bin/bash", "--norc", "--noediting", "-i"], in: sandbox)
    #expect(terminal.expect("PROMPT> "))
    terminal.type("TERM=xterm \(Programs.cb) status --watch=0.2\n")
    #expect(terminal.expect("q quit"))
    terminal.type("\u{1A}")
    #expect(terminal.expect(Self.leave))
    #expect(terminal.expect("Stopped"))
    // Not before the shell reads again: what is typed while the terminal changes hands is dropped.
    #expect(terminal.expect("PROMPT> "))
    terminal.type("stty -a | grep -o -- '-*icanon'; echo it is $?\n")
    #expect(terminal.expect("\nicanon"))
    terminal.type("fg\n")
    #expect(terminal.expect(Self.enter))
    #expect(terminal.expect("q quit"))
    terminal.type("q")
    #expect(terminal.expect(Self.leave))
    #expect(terminal.expect("PROMPT> "))
    terminal.type("exit\n")
    #expect(terminal.wait() != nil)
  }

  @Test func `o, c and h change the selected breaker after a yes`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("run", "a", "--", "true")
    _ = sandbox.cb("run", "b", "--", "true")
    let terminal = watch(sandbox, "--watch=10")
    #expect(terminal.expect("q quit"))
    // By name, as both are well.
    terminal.type("\u{1B}[Bo")
    #expect(terminal.expect("Open b? [y/N]"))
    terminal.type("n")
    #expect(terminal.expect("q quit"))
    #expect(sandbox.cb("get", "b", "state").outputText == "closed\n")
    terminal.type("o")
    #expect(terminal.expect("Open b? [y/N]"))
    terminal.type("y")
    #expect(terminal.expect("b: closed -> open"))
    #expect(sandbox.cb("get", "b", "state").outputText == "open\n")
    #expect(sandbox.cb("get", "a", "state").outputText == "closed\n")
    terminal.type("hy")
    #expect(terminal.expect("b: open -> half-open"))
    terminal.type("cy")
    #expect(terminal.expect("b: half-open -> closed"))
    #expect(sandbox.cb("history", "b").outputText.contains("half-open -> closed (by "))
    terminal.type("q")
    expectRestored(terminal, code: 0)
  }

  @Test func `Enter shows one breaker in full, live, and keys change that one`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("run", "a", "--", "true")
    let terminal = watch(sandbox)
    #expect(terminal.expect("q quit"))
    terminal.type("\r")
    #expect(terminal.expect("The next run starts."))
    #expect(terminal.expect("Esc back"))
    _ = sandbox.cb("run", "--fail-max", "1", "a", "--", "false")
    #expect(terminal.expect("The next run is rejected: the circuit opened"))
    terminal.type("Hc")
    #expect(terminal.expect("Hold closed a, why?"))
    terminal.type("for the night\r")
    #expect(terminal.expect("a: open -> closed"))
    #expect(sandbox.cb("history", "a").outputText.contains("open -> closed, held (by "))
    #expect(sandbox.cb("history", "a").outputText.contains(": for the night)"))
    terminal.type("r\r")
    #expect(terminal.expect("a: reset"))
    #expect(sandbox.cb("get", "a", "fail-counter").outputText == "0\n")
    terminal.type("\u{1B}")
    #expect(terminal.expect("NAME"))
    terminal.type("?")
    #expect(terminal.expect("any key goes back"))
    terminal.type("q")
    expectRestored(terminal, code: 0)
  }

  @Test func `a name that is not there says so, until it is`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("run", "shop", "--", "true")
    let terminal = watch(sandbox, "shpo --watch=0.2")
    #expect(terminal.expect("shpo: no such breaker; did you mean 'shop'?"))
    _ = sandbox.cb("run", "shpo", "--", "true")
    #expect(terminal.expect("1 breaker: 1 closed"))
    terminal.type("q")
    expectRestored(terminal, code: 0)
  }

  @Test func `with the store gone it says since when the rows are old, and why`() throws {
    let server = try RedisServer()
    let sandbox = Sandbox()
    sandbox.environment["CB_STORE"] = server.bare
    _ = sandbox.cb("run", "a", "--", "true")
    let terminal = watch(sandbox)
    #expect(terminal.expect("1 breaker: 1 closed"))
    server.stop()
    #expect(terminal.expect("OLD: not read since "))
    #expect(terminal.expect("cannot "))
    terminal.type("q")
    expectRestored(terminal, code: 0)
  }

  @Test func `the selected row is in reverse video`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("run", "a", "--", "true")
    let terminal = watch(sandbox)
    #expect(terminal.expect("\u{1B}[7m> a "))
    terminal.type("q")
    expectRestored(terminal, code: 0)
  }

  @Test func `a failure elsewhere shows, and the countdown runs`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("run", "a", "--", "true")
    let terminal = watch(sandbox)
    #expect(terminal.expect("1 breaker: 1 closed"))
    _ = sandbox.cb("open", "a", "--for", "30s")
    #expect(terminal.expect("1 breaker: 1 open"))
    #expect(terminal.expect(" 29s "))
    #expect(terminal.expect(" 28s "))
    terminal.type("q")
    expectRestored(terminal, code: 0)
  }

  @Test func `on a pipe a line a change, whichever process made it`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("open", "held", "--hold")
    let watcher = sandbox.start([Programs.cb, "status", "--watch", "0.1"])
    // Nothing tells that it has begun but its first line.
    let hasBegun = eventually {
      _ = sandbox.cb("open", "sign")
      _ = sandbox.cb("close", "sign")
      return watcher.expect("sign: open -> closed (by ", seconds: 0.2)
    }
    #expect(hasBegun)
    for _ in 0..<2 { _ = sandbox.cb("run", "--fail-max", "2", "--reset-timeout", "0.05", "job", "--", "false") }
    #expect(watcher.expect("job: closed -> open (2 failures in a row (exit 1))"))
    _ = sandbox.cb("wait", "job", "--timeout", "60s")
    _ = sandbox.cb("run", "--reset-timeout", "0.05", "job", "--", "true")
    #expect(watcher.expect("job: open -> half-open (reset timeout over)"))
    #expect(watcher.expect("job: half-open -> closed (trial succeeded)"))
    _ = sandbox.cb("reset", "held")
    #expect(watcher.expect("held: open -> closed (reset)"))
    _ = sandbox.cb("remove", "held")
    #expect(watcher.expect("held: closed -> removed"))
    watcher.send(SIGTERM)
    let result = watcher.wait()
    #expect(result.status == .signaled(SIGTERM))
    #expect(!result.output.contains(0x1B))
    for line in result.outputText.split(separator: "\n") {
      #expect(line.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ [a-z]+: .* -> .*/) != nil, "\(line)")
    }
  }

  @Test(arguments: [(80, 24), (200, 50), (40, 10)])
  func `tmux shows a whole picture, also after a resize`(columns: Int, rows: Int) throws {
    let sandbox = Sandbox()
    for index in 10..<70 { _ = sandbox.cb("open", "job-\(index)", "--hold") }
    _ = sandbox.cb("run", "日本語のバックアップ", "--", "false")
    let socket = sandbox.path + "/tmux"
    func tmux(_ words: String...) -> String {
      sandbox.execute(["/usr/bin/tmux", "-S", socket, "-f", "/dev/null"] + words).outputText
    }
    let command = "exec \(Programs.cb) status --watch=0.2"
    _ = tmux("new-session", "-d", "-x", "100", "-y", "30", command)
    defer { _ = tmux("kill-server") }
    #expect(eventually { tmux("capture-pane", "-p").contains("1-27 of 61") })
    _ = tmux("resize-window", "-x", "\(columns)", "-y", "\(rows)")
    _ = tmux("send-keys", "End")
    #expect(eventually { tmux("capture-pane", "-p").contains("> 日本語") })
    let lines = tmux("capture-pane", "-p").split(separator: "\n", omittingEmptySubsequences: false)
    try #require(lines.count >= rows)
    #expect(lines[0].hasPrefix("61 breakers: 60 open"))
    #expect(lines[1].hasPrefix("  NAME"))
    #expect(lines[rows - 1].hasPrefix("q quit"))
    // Cut where the terminal is narrow, in the middle; the state never is.
    #expect(lines[rows - 2].hasPrefix(columns > 60 ? "> 日本語のバックアップ" : "> 日本語"))
    #expect(lines[rows - 2].contains("● closed"))
    _ = tmux("send-keys", "/", "j", "o", "b", "-", "4")
    #expect(eventually { tmux("capture-pane", "-p").contains("/job-4_") })
    let filtered = tmux("capture-pane", "-p").split(separator: "\n")
    #expect(filtered.count { $0.contains("✗ open (held)") } == min(10, rows - 3))
  }
}
