import Glibc
import Testing

@Suite("signals sent to cb reach the command")
struct ProcessSignalTests {
  let sandbox = Sandbox()

  @Test(
    "every signal that can be caught is passed on",
    arguments: (Int32(1)...64).filter { ![SIGKILL, SIGSTOP, SIGCHLD, SIGTERM, 32, 33].contains($0) })
  func relayed(_ signal: Int32) {
    let running = sandbox.start([Programs.cb, "run", "x", "--", Programs.probe, "wait", "\(signal)", "15"])
    #expect(running.expect("ready"))
    running.send(signal)
    #expect(running.expect("got \(signal) "))
    running.send(SIGTERM)
    #expect(running.wait().status == .exited(0))
  }

  @Test("a signal is passed on once, and a queued value with it")
  func once() {
    let running = sandbox.start([Programs.cb, "run", "x", "--", Programs.probe, "wait", "40", "12", "15"])
    #expect(running.expect("ready"))
    for value: Int32 in [7, 8] { sigqueue(running.pid, 40, sigval(sival_int: value)) }
    #expect(running.expect("got 40 value 8"))
    running.send(SIGUSR2)
    #expect(running.expect("got 12"))
    running.send(SIGTERM)
    #expect(running.wait().outputText == "ready\ngot 40 value 7\ngot 40 value 8\ngot 12 value 0\ngot 15 value 0\n")
  }

  @Test(
    "SIGTERM to cb ends the command, and cb of the same signal", arguments: [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1])
  func ends(_ signal: Int32) {
    let running = sandbox.start([Programs.cb, "run", "x", "--", "/bin/sh", "-c", "echo ready; exec sleep 20"])
    #expect(running.expect("ready"))
    running.send(signal)
    #expect(running.wait().status == .signaled(signal))
  }

  @Test("a command that catches SIGTERM decides how it ends")
  func caught() {
    let script = "trap 'echo caught; exit 9' TERM; echo ready; while :; do sleep 0.05; done"
    let running = sandbox.start([Programs.cb, "run", "x", "--", "/bin/sh", "-c", script])
    #expect(running.expect("ready"))
    running.send(SIGTERM)
    let result = running.wait()
    #expect(result.outputText.contains("caught"))
    #expect(result.status == .exited(9))
  }

  @Test("a signal that the command sends to cb does not come back to it")
  func fromCommand() {
    let script = "trap 'echo back' USR1; kill -USR1 $PPID; sleep 0.3; echo done"
    let result = sandbox.cb("run", "x", "--", "/bin/bash", "-c", script)
    #expect(result.outputText == "done\n")
    #expect(result.status == .exited(0))
  }

  @Test("under nohup a hang-up ends neither cb nor the command")
  func nohup() {
    let running = sandbox.start(
      [
        Programs.probe, "with", "ignore", "1", "--", Programs.cb, "run", "x", "--", "/bin/sh", "-c",
        "echo ready; sleep 0.5; exit 7",
      ])
    #expect(running.expect("ready"))
    running.send(SIGHUP)
    #expect(running.wait().status == .exited(7))
  }

  @Test("an alarm set before cb was started reaches the command")
  func alarm() {
    let result = sandbox.execute(
      [Programs.probe, "with", "alarm", "300", "--", Programs.cb, "run", "x", "--", "sleep", "20"])
    #expect(result.status == .signaled(SIGALRM))
  }

  @Test("a signal that is pending before the command starts is not lost: cb ends of it, and the command is not started")
  func pendingBefore() {
    // Blocked and raised, then unblocked by nobody: sent at a time when cb has just begun, many times over.
    for delay: useconds_t in stride(from: 0, to: 4000, by: 200) {
      let running = sandbox.start([Programs.cb, "run", "x", "--", "sleep", "20"])
      usleep(delay)
      running.send(SIGTERM)
      #expect(running.wait().status == .signaled(SIGTERM))
    }
  }

  @Test("a signal that was blocked and pending at the start is pending in the command")
  func pendingBlocked() {
    let running = sandbox.start([
      Programs.probe, "with", "block", "12", "raise", "12", "--", Programs.cb, "run", "x", "--", Programs.probe,
      "wait", "12", "14",
    ])
    #expect(running.expect("got 12"))
  }

  @Test("a stopped command stops cb, and SIGCONT to cb lets both go on")
  func stops() {
    let running = sandbox.start([Programs.cb, "run", "x", "--", "/bin/sh", "-c", "echo ready; kill -STOP $$; echo on"])
    #expect(running.expect("ready"))
    #expect(eventually { ProcessFacts(running.pid)?.state == "T" })
    running.send(SIGCONT)
    let result = running.wait()
    #expect(result.outputText == "ready\non\n")
    #expect(result.status == .exited(0))
  }

  @Test("SIGTSTP to cb stops the command and cb")
  func suspended() {
    let running = sandbox.start([Programs.cb, "run", "x", "--", "/bin/sh", "-c", "echo $$; sleep 0.6; echo on"])
    #expect(running.expect("\n"))
    // In the group of the tests, which may be orphaned: there SIGTSTP stops nobody, with cb as without it.
    running.send(SIGTSTP)
    _ = eventually(seconds: 0.3) { ProcessFacts(running.pid)?.state == "T" }
    running.send(SIGCONT)
    #expect(running.wait().status == .exited(0))
  }
}
