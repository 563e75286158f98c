import Glibc
import Testing

/// docs/CONTRACT.md, "cb run as a process": a key at the terminal has the effect that it has without cb, also where
/// CMD has put itself into a process group or session of its own.
@Suite("keys of the terminal reach a command in another process group", .serialized)
struct ProcessJobControlTests {
  let scene = Scene()

  enum Wrapper: String, CaseIterable, CustomTestStringConvertible {
    case timeout = "timeout 30"
    case session = "setsid -w"
    case both = "env timeout 30 setsid -w"

    var testDescription: String { rawValue }
  }

  private func open() -> Terminal {
    let terminal = Terminal(Shell.bash.command, in: scene.sandbox)
    #expect(terminal.expect("PROMPT> "))
    return terminal
  }

  /// The command that wrote its number into `pid`.
  private var command: ProcessFacts? {
    scene.sandbox.read("pid").flatMap { pid_t($0.dropLast()) }.flatMap { ProcessFacts($0) }
  }

  private func leave(_ terminal: Terminal) {
    terminal.type("exit\n")
    if terminal.wait(seconds: 2) == nil {
      terminal.type("exit\n")
      #expect(terminal.wait() != nil)
    }
  }

  @Test("Ctrl-C ends it, is no verdict, and the shell goes on", arguments: Wrapper.allCases)
  func interrupt(_ wrapper: Wrapper) {
    let terminal = open()
    terminal.type("\(Programs.cb) run x -- \(wrapper.rawValue) sh -c 'echo rea''dy; exec sleep 30'\n")
    #expect(terminal.expect("ready"))
    terminal.type("\u{3}")
    #expect(terminal.expect("PROMPT> "), "\(terminal.text)")
    terminal.type("echo status=$?\n")
    #expect(terminal.expect("status=130"), "\(terminal.text)")
    leave(terminal)
    #expect(scene.total("failures") == 0)
  }

  @Test("Ctrl-\\ ends it of SIGQUIT", arguments: [Wrapper.timeout, .session])
  func quit(_ wrapper: Wrapper) {
    let terminal = open()
    terminal.type("\(Programs.cb) run x -- \(wrapper.rawValue) sh -c 'echo rea''dy; exec sleep 30'\n")
    #expect(terminal.expect("ready"))
    terminal.type("\u{1c}")
    #expect(terminal.expect("PROMPT> "), "\(terminal.text)")
    terminal.type("echo status=$?\n")
    #expect(terminal.expect("status=131"), "\(terminal.text)")
    leave(terminal)
  }

  @Test("Ctrl-Z stops its whole group, and fg continues it")
  func suspend() {
    let terminal = open()
    scene.sandbox.fifo("go")
    terminal.type("\(Programs.cb) run x -- timeout 30 sh -c 'echo $$ > pid; echo rea''dy; read x < go; exit 5'\n")
    #expect(terminal.expect("ready"))
    terminal.type("\u{1a}")
    #expect(terminal.expect("Stopped"), "\(terminal.text)")
    #expect(terminal.expect("PROMPT> "))
    #expect(eventually { command?.state == "T" }, "the grandchild is stopped too")
    terminal.type("fg\n")
    #expect(terminal.jobGoesOn(), "\(terminal.text)")
    scene.sandbox.release("go")
    #expect(terminal.expect("PROMPT> "))
    terminal.type("echo status=$?\n")
    #expect(terminal.expect("status=5"), "\(terminal.text)")
    leave(terminal)
  }

  @Test("Ctrl-Z gives the shell back while a command in another session goes on, as it does without cb")
  func suspendSession() {
    let terminal = open()
    scene.sandbox.fifo("go")
    terminal.type("\(Programs.cb) run x -- setsid -w sh -c 'echo $$ > pid; echo rea''dy; read x < go; exit 6'\n")
    #expect(terminal.expect("ready"))
    terminal.type("\u{1a}")
    #expect(terminal.expect("Stopped"), "\(terminal.text)")
    #expect(terminal.expect("PROMPT> "))
    #expect(command?.state == "S")
    terminal.type("fg\n")
    #expect(terminal.jobGoesOn(), "\(terminal.text)")
    scene.sandbox.release("go")
    #expect(terminal.expect("PROMPT> "))
    terminal.type("echo status=$?\n")
    #expect(terminal.expect("status=6"), "\(terminal.text)")
    leave(terminal)
  }

  /// Moves into a group of its own and reads there. Not `timeout`, which ignores SIGTTIN and so hides from everybody that
  /// its child was stopped.
  private func readsInOwnGroup() -> String {
    scene.sandbox.file(
      "reads",
      "import os\nos.setpgid(0, 0)\nprint('up', flush=True)\nprint('go' + 't:' + input(), flush=True)\ninput()\nos._exit(9)\n"
    )
  }

  @Test("what is typed reaches a command that reads from another group, and so do its keys")
  func read() {
    let terminal = open()
    terminal.type("\(Programs.cb) run x -- python3 \(readsInOwnGroup())\n")
    #expect(terminal.expect("up"))
    terminal.type("word\n")
    #expect(terminal.expect("got:word"), "\(terminal.text)")
    terminal.type("\u{1a}")
    #expect(terminal.expect("Stopped"), "\(terminal.text)")
    #expect(terminal.expect("PROMPT> "))
    terminal.type("fg\n")
    #expect(terminal.jobGoesOn(), "\(terminal.text)")
    terminal.type("more\n")
    #expect(terminal.expect("PROMPT> "), "\(terminal.text)")
    terminal.type("echo status=$?\n")
    #expect(terminal.expect("status=9"), "\(terminal.text)")
    leave(terminal)
  }

  @Test("Ctrl-C at a prompt of a command in another group is no verdict")
  func interruptRead() {
    let terminal = open()
    terminal.type("\(Programs.cb) run x -- python3 \(readsInOwnGroup())\n")
    #expect(terminal.expect("up"))
    terminal.type("word\n")
    #expect(terminal.expect("got:word"), "\(terminal.text)")
    terminal.type("\u{3}")
    #expect(terminal.expect("PROMPT> "), "\(terminal.text)")
    leave(terminal)
    #expect(scene.total("failures") == 0)
  }

  @Test("a change of the window's size reaches it")
  func window() {
    let terminal = Terminal(
      [Programs.cb, "run", "x", "--", "timeout", "30", Programs.probe, "wait", "28", "15"], in: scene.sandbox)
    #expect(terminal.expect("ready"))
    terminal.resize(rows: 40, columns: 100)
    #expect(terminal.expect("got 28"), "\(terminal.text)")
    kill(terminal.pid, SIGTERM)
    #expect(terminal.wait() != nil)
  }

  // MARK: Stopped

  @Test("a command that is stopped and continued by itself takes cb along", arguments: [SIGSTOP, SIGTSTP])
  func continuedAlone(_ signal: Int32) {
    let terminal = open()
    terminal.type(
      "\(Programs.cb) run x -- sh -c 'echo $$ > pid; echo rea''dy; while [ ! -e go ]; do sleep 0.05; done'\n")
    #expect(terminal.expect("ready"))
    let command = pid_t(scene.sandbox.read("pid")?.split(separator: "\n").first ?? "") ?? 0
    kill(command, signal)
    #expect(terminal.expect("Stopped"), "\(terminal.text)")
    kill(command, SIGCONT)
    _ = scene.sandbox.file("go", "")
    #expect(eventually { scene.total("successes") == 1 })
    leave(terminal)
  }

  @Test("a command that is killed while it is stopped ends cb")
  func killedStopped() {
    let script = "echo $$; kill -STOP $$; exit 3"
    let running = scene.sandbox.start([Programs.cb, "run", "x", "--", "/bin/sh", "-c", script])
    #expect(running.expect("\n"))
    let command = pid_t(running.text.split(separator: "\n").first ?? "") ?? 0
    #expect(eventually { ProcessFacts(running.pid)?.state == "T" })
    kill(command, SIGKILL)
    #expect(running.wait().status == .signaled(SIGKILL))
  }

  @Test("a time limit ends a command that is stopped, and cb with it")
  func limitStopped() {
    let result = scene.sandbox.cb("run", "--timeout", "0.5", "x", "--", "/bin/sh", "-c", "kill -STOP $$; exit 3")
    #expect(result.status == .exited(124))
    #expect(result.seconds < 60)
  }
}
