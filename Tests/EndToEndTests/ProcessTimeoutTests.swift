import Glibc
import Testing

@Suite("cb run --timeout ends the command and all that it started")
struct ProcessTimeoutTests {
  let sandbox = Sandbox()

  @Test("a command over its time is ended, and cb exits 124")
  func ended() {
    let result = sandbox.cb("run", "--timeout", "0.3", "x", "--", "sleep", "20")
    #expect(result.status == .exited(124))
    #expect(result.seconds >= 0.29 && result.seconds < 10)
  }

  @Test("a command within its time keeps its exit code")
  func within() {
    #expect(sandbox.cb("run", "--timeout", "20", "x", "--", "sh", "-c", "exit 3").status == .exited(3))
  }

  @Test("a command that catches SIGTERM and exits 0 is still over its time")
  func polite() {
    let result = sandbox.cb(
      "run", "--timeout", "0.3", "x", "--", "sh", "-c", "trap 'echo bye; exit 0' TERM; while :; do sleep 0.05; done")
    #expect(result.status == .exited(124))
    #expect(result.outputText == "bye\n")
  }

  @Test("a command that ignores SIGTERM is killed")
  func stubborn() {
    let result = sandbox.cb(
      "run", "--timeout", "0.2", "--kill-after", "0.3", "x", "--", "sh", "-c", "trap '' TERM; sleep 20; sleep 20")
    #expect(result.status == .exited(124))
    #expect(result.seconds >= 0.49 && result.seconds < 10)
  }

  @Test("a stopped command is ended too")
  func stopped() {
    // In a group of its own, so that it is not cb that its stop stops: only a signal to its grandchild.
    let script = "sh -c 'kill -STOP $$' & echo $!; sleep 20"
    let result = sandbox.cb("run", "--timeout", "0.3", "--kill-after", "8", "x", "--", "sh", "-c", script)
    #expect(result.status == .exited(124))
    #expect(result.seconds < 7)
    #expect(!isAlive(number(result.outputText, 0)))
  }

  @Test("children, daemons and those who ignore SIGTERM are gone when cb exits")
  func tree() {
    let script = """
      sleep 50 & echo $!
      setsid sh -c 'sleep 51 & echo $!; wait' &
      (setsid sh -c 'trap "" TERM; echo $$; sleep 52; sleep 52' &)
      (setsid sh -c '(sleep 53 & echo $!) &' &)
      sleep 54
      """
    let result = sandbox.cb("run", "--timeout", "0.5", "--kill-after", "0.3", "x", "--", "bash", "-c", script)
    #expect(result.status == .exited(124))
    #expect(result.seconds < 15)
    let started = result.outputText.split(separator: "\n").compactMap { pid_t($0) }
    #expect(started.count == 4)
    for pid in started { #expect(!isAlive(pid)) }
  }

  @Test("children that cb inherited are not the command's, and live on")
  func inherited() {
    let result = sandbox.execute(
      ["/bin/sh", "-c", "sleep 15 & echo $!; exec \(Programs.cb) run --timeout 0.3 x -- sleep 20"])
    #expect(result.status == .exited(124))
    let left = number(result.outputText, 0)
    #expect(isAlive(left))
    kill(left, SIGKILL)
  }

  @Test("what a command leaves in the background lives on when it ended in time")
  func background() {
    let result = sandbox.cb("run", "--timeout", "10", "x", "--", "sh", "-c", "sleep 15 & echo $!")
    #expect(result.status == .exited(0))
    let left = number(result.outputText, 0)
    #expect(isAlive(left))
    kill(left, SIGKILL)
  }

  @Test("a signal from outside still ends the command while a timeout is set")
  func signal() {
    let running = sandbox.start([
      Programs.cb, "run", "--timeout", "20", "x", "--", "sh", "-c", "echo ready; exec sleep 20",
    ])
    #expect(running.expect("ready"))
    running.send(SIGTERM)
    #expect(running.wait().status == .signaled(SIGTERM))
  }

  private func number(_ text: String, _ line: Int) -> pid_t {
    let lines = text.split(separator: "\n")
    return line < lines.count ? pid_t(lines[line]) ?? -1 : -1
  }
}
