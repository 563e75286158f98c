import Glibc
import Testing

/// An interactive shell with job control, in a pseudo-terminal.
enum Shell: String, CaseIterable, CustomTestStringConvertible {
  case bash, dash, zsh

  var testDescription: String { rawValue }

  var command: [String] {
    switch self {
    case .bash: ["/bin/bash", "--norc", "--noprofile", "--noediting", "-i"]
    case .dash: ["/bin/dash", "-i"]
    case .zsh: ["/usr/bin/zsh", "-f", "-i", "+Z"]
    }
  }
}

@Suite("cb run in a terminal", .serialized)
struct ProcessTerminalTests {
  let sandbox = Sandbox()

  private func open(_ shell: Shell) -> Terminal {
    let terminal = Terminal(shell.command, in: sandbox)
    #expect(terminal.expect("PROMPT> "))
    return terminal
  }

  /// What is typed is echoed too: results are printed so that the text typed does not contain them.
  private func leave(_ terminal: Terminal) {
    terminal.type("exit\n")
    // Some shells warn about jobs at the first exit.
    if terminal.wait(seconds: 2) == nil {
      terminal.type("exit\n")
      #expect(terminal.wait() != nil)
    }
  }

  @Test("Ctrl-C ends the command, and the shell sees SIGINT", arguments: Shell.allCases)
  func interrupt(_ shell: Shell) {
    let terminal = open(shell)
    terminal.type("\(Programs.cb) run x -- sh -c 'echo rea''dy; exec sleep 30'\n")
    #expect(terminal.expect("ready"))
    terminal.type("\u{3}")
    #expect(terminal.expect("PROMPT> "))
    terminal.type("echo status=$?\n")
    #expect(terminal.expect("status=130"), "\(terminal.text)")
    leave(terminal)
  }

  @Test("Ctrl-C ends a loop of the shell, as it does without cb")
  func loop() {
    let terminal = open(.bash)
    terminal.type(
      "for i in 1 2 3; do \(Programs.cb) run x -- sh -c 'echo turn-'$i'; exec sleep 30'; done; echo after\n")
    #expect(terminal.expect("turn-1"))
    terminal.type("\u{3}")
    #expect(terminal.expect("PROMPT> "))
    terminal.type("echo e''nd\n")
    #expect(terminal.expect("end"))
    #expect(!terminal.text.contains("turn-2"))
    leave(terminal)
  }

  @Test("Ctrl-C reaches the command once")
  func interruptOnce() {
    let terminal = Terminal([Programs.cb, "run", "x", "--", Programs.probe, "wait", "2", "15"], in: sandbox)
    #expect(terminal.expect("ready"))
    terminal.type("\u{3}")
    #expect(terminal.expect("got 2"))
    // What came once and is passed on once more would have been by now.
    #expect(eventually { ProcessFacts.waitsForSignals(terminal.pid) })
    kill(terminal.pid, SIGTERM)
    #expect(terminal.expect("got 15"))
    #expect(terminal.wait() == 0)
    #expect(terminal.text.components(of: "got 2 ") == 1, "\(terminal.text)")
  }

  @Test("Ctrl-\\ ends the command of SIGQUIT")
  func quit() {
    let terminal = open(.dash)
    terminal.type("\(Programs.cb) run x -- sh -c 'echo rea''dy; exec sleep 30'\n")
    #expect(terminal.expect("ready"))
    terminal.type("\u{1c}")
    #expect(terminal.expect("PROMPT> "))
    terminal.type("echo status=$?\n")
    #expect(terminal.expect("status=131"), "\(terminal.text)")
    leave(terminal)
  }

  @Test("Ctrl-Z stops, fg goes on", arguments: Shell.allCases)
  func suspend(_ shell: Shell) {
    let terminal = open(shell)
    terminal.type("\(Programs.cb) run x -- sh -c 'echo rea''dy; read line; echo go''t:$line; exit 5'\n")
    #expect(terminal.expect("ready"))
    for _ in 0..<2 {
      terminal.type("\u{1a}")
      #expect(terminal.expect("PROMPT> "), "\(terminal.text)")
      terminal.type("jobs\n")
      #expect(terminal.expect("PROMPT> "))
      terminal.type("fg\n")
      #expect(terminal.jobGoesOn(), "\(terminal.text)")
    }
    terminal.type("word\n")
    #expect(terminal.expect("got:word"), "\(terminal.text)")
    #expect(terminal.expect("PROMPT> "))
    terminal.type("echo status=$?\n")
    #expect(terminal.expect("status=5"), "\(terminal.text)")
    leave(terminal)
  }

  @Test("a stopped job goes on in the background", arguments: Shell.allCases)
  func background(_ shell: Shell) {
    let terminal = open(shell)
    // It waits in `read`: Ctrl-Z while dash starts a child hangs it, with cb or without (seen 7 times of 40).
    sandbox.fifo("go")
    terminal.type("\(Programs.cb) run x -- sh -c 'echo rea''dy; read x < go; echo o''n > done'\n")
    #expect(terminal.expect("ready"))
    terminal.type("\u{1a}")
    #expect(terminal.expect("PROMPT> "), "\(terminal.text)")
    terminal.type("bg\n")
    #expect(terminal.expect("PROMPT> "))
    sandbox.release("go")
    #expect(eventually { sandbox.read("done") == "on\n" }, "\(terminal.text)")
    leave(terminal)
  }

  @Test("reading from the terminal in the background stops the job, and fg lets it read")
  func readsInBackground() {
    let terminal = open(.bash)
    terminal.type("\(Programs.cb) run x -- sh -c 'read line; echo go''t:$line' &\n")
    #expect(terminal.expect("PROMPT> "))
    #expect(terminal.jobStops(), "\(terminal.text)")
    terminal.type("jobs\n")
    #expect(terminal.expect("Stopped"), "\(terminal.text)")
    #expect(terminal.expect("PROMPT> "))
    terminal.type("fg\n")
    #expect(terminal.jobGoesOn(), "\(terminal.text)")
    terminal.type("word\n")
    #expect(terminal.expect("got:word"), "\(terminal.text)")
    leave(terminal)
  }

  @Test("with a timeout the command reads from the terminal and keeps the foreground")
  func foregroundWithTimeout() {
    let terminal = open(.bash)
    terminal.type("\(Programs.cb) run --timeout 30 x -- sh -c 'read line; echo go''t:$line'\n")
    #expect(terminal.jobGoesOn(), "\(terminal.text)")
    terminal.type("word\n")
    #expect(terminal.expect("got:word"), "\(terminal.text)")
    leave(terminal)
  }

  @Test("an interactive shell as the command has job control of its own")
  func shellInside() {
    let terminal = open(.bash)
    terminal.type("\(Programs.cb) run x -- bash --norc --noprofile --noediting -i\n")
    #expect(terminal.expect("PROMPT> "))
    terminal.type("sleep 30\n")
    #expect(terminal.runs("sleep"), "\(terminal.text)")
    terminal.type("\u{1a}")
    #expect(terminal.expect("Stopped"), "\(terminal.text)")
    // Refused once, for the stopped job.
    terminal.type("exit 7\n")
    #expect(terminal.expect("stopped jobs"))
    terminal.type("exit 7\n")
    #expect(terminal.expect("PROMPT> "))
    terminal.type("echo status=$?\n")
    #expect(terminal.expect("status=7"), "\(terminal.text)")
    leave(terminal)
  }

  @Test("the terminal's modes are left as the command left them")
  func modes() {
    let terminal = open(.dash)
    terminal.type("\(Programs.cb) run x -- stty -echo; stty -a | grep -o -- '-echo ' | tr -- '-' '!'\n")
    #expect(terminal.expect("!echo"), "\(terminal.text)")
    leave(terminal)
  }

  @Test("a change of the window's size reaches the command once")
  func window() {
    let terminal = Terminal([Programs.cb, "run", "x", "--", Programs.probe, "wait", "28", "15"], in: sandbox)
    #expect(terminal.expect("ready"))
    terminal.resize(rows: 40, columns: 100)
    #expect(terminal.expect("got 28"))
    // What came once and is passed on once more would have been by now.
    #expect(eventually { ProcessFacts.waitsForSignals(terminal.pid) })
    kill(terminal.pid, SIGTERM)
    #expect(terminal.wait() == 0)
    #expect(terminal.text.components(of: "got 28 ") == 1)
  }

  @Test("a hang-up of the terminal reaches the command, also where cb leads the session")
  func hangUp() {
    let terminal = Terminal(
      [
        Programs.cb, "run", "x", "--", "sh", "-c",
        "trap 'echo hup > hup; exit 3' HUP; echo ready; while :; do sleep 0.05; done",
      ],
      in: sandbox)
    #expect(terminal.expect("ready"))
    terminal.hangUp()
    #expect(terminal.wait() == 3)
    #expect(sandbox.read("hup") == "hup\n")
  }

  @Test("Ctrl-C reaches a command that has set up a session of its own, once")
  func ownSession() {
    let terminal = Terminal(
      [
        Programs.cb, "run", "x", "--", "python3", "-c",
        """
        import os,signal,time
        os.setsid()
        # Not print: a signal that comes in the middle of one may not begin another.
        signal.signal(signal.SIGINT, lambda *_: os.write(1, b'got\\n'))
        os.write(1, b'ready\\n')
        for _ in range(10): time.sleep(0.1)
        """,
      ],
      in: sandbox)
    #expect(terminal.expect("ready"))
    terminal.type("\u{3}")
    #expect(terminal.wait() == 0)
    #expect(terminal.text.components(of: "got") == 1, "\(terminal.text)")
  }

  @Test("a pager stops, goes on and scrolls")
  func pager() {
    guard access("/usr/bin/less", X_OK) == 0 else {
      Issue.record("less is not installed")
      return
    }
    _ = sandbox.file("text", (1...200).map { "line-\($0)\n" }.joined())
    let terminal = open(.bash)
    terminal.type("TERM=xterm \(Programs.cb) run x -- less -Pasks text\n")
    #expect(terminal.expect("line-20"))
    // Ctrl-Z on its way up hangs it, with cb or without.
    #expect(terminal.expect("asks"))
    #expect(terminal.waitsForKey("less"))
    terminal.type("\u{1a}")
    #expect(terminal.expect("PROMPT> "), "\(terminal.text)")
    terminal.type("fg\n")
    #expect(terminal.jobGoesOn(), "\(terminal.text)")
    terminal.type("G")
    #expect(terminal.expect("line-200"), "\(terminal.text)")
    terminal.type("q")
    #expect(terminal.expect("PROMPT> "))
    leave(terminal)
  }
}

extension String {
  fileprivate func components(of part: String) -> Int {
    var count = 0
    var rest = self[...]
    while let range = rest.firstRange(of: part) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }
}
