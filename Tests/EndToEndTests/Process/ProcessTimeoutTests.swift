import Glibc
import Testing

@Suite("cb run --timeout ends the command and all that it started")
struct ProcessTimeoutTests {
  let sandbox = Sandbox()

  @Test("a command over its time is ended, and cb exits 124")
  func ended() {
    let result = sandbox.cb("run", "--timeout", "0.3", "x", "--", "sleep", "300")
    #expect(result.status == .exited(124))
    #expect(result.seconds >= 0.29 && result.seconds < 60)
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
      "run", "--timeout", "0.2", "--kill-after", "0.3", "x", "--", "sh", "-c", "trap '' TERM; sleep 300; sleep 300")
    #expect(result.status == .exited(124))
    #expect(result.seconds >= 0.49 && result.seconds < 60)
  }

  @Test("a stopped command is ended too")
  func stopped() {
    // In a group of its own, so that it is not cb that its stop stops: only a signal to its grandchild.
    let script = "sh -c 'kill -STOP $$' & echo $!; sleep 300"
    let result = sandbox.cb("run", "--timeout", "0.3", "--kill-after", "200", "x", "--", "sh", "-c", script)
    #expect(result.status == .exited(124))
    #expect(result.seconds < 60)
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
    #expect(result.seconds < 60)
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

  @Test("the signal can be another one, and SIGKILL follows it", arguments: [SIGINT, SIGHUP, SIGUSR1, SIGKILL])
  func signal(_ signal: Int32) {
    let result = sandbox.execute([
      Programs.driver, "run", "--timeout", "1", "--kill-after", "60", "--timeout-signal", "\(signal)", "x", "--",
      "sh", "-c", "trap 'echo got; exit 0' INT HUP USR1; while :; do sleep 0.05; done",
    ])
    #expect(result.status == .exited(124))
    #expect(result.outputText == (signal == SIGKILL ? "" : "got\n"))
    #expect(result.errorText.hasSuffix("cb: sent [\(signal)]\n"), "\(result.errorText)")
  }

  @Test("which signals were sent is known afterwards")
  func sent() {
    let result = sandbox.execute([
      Programs.driver, "run", "--timeout", "0.2", "--kill-after", "0.2", "x", "--", "sh", "-c",
      "trap '' TERM; sleep 300; sleep 300",
    ])
    #expect(result.errorText.hasSuffix("cb: sent [15, 9]\n"), "\(result.errorText)")
  }

  @Test("children that cb inherited, and what they leave behind, are not the command's")
  func inheritedOrphans() {
    // The inherited child's own child is orphaned while cb runs, and cb must not take it for CMD's.
    let script = "sh -c 'sleep 0.2; sleep 15 & echo $!' & exec \(Programs.cb) run --timeout 1 x -- sleep 20"
    let result = sandbox.execute(["/bin/sh", "-c", script])
    #expect(result.status == .exited(124))
    let left = number(result.outputText, 0)
    #expect(isAlive(left))
    kill(left, SIGKILL)
  }

  @Test("a command that has become another user is said in one line, and waited for without a busy loop")
  func anotherUser() throws {
    guard geteuid() == 0 else {
      Issue.record("this test needs root")
      return
    }
    chmod(sandbox.path, 0o711)
    let copy = sandbox.path + "/asroot"
    _ = sandbox.execute(["/bin/sh", "-c", "cp $(command -v setpriv) \(copy); chmod 4755 \(copy); mkdir -m 777 s"])
    sandbox.environment["CB_STATE_DIR"] = sandbox.path + "/s"
    let nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    let command = [copy, "--reuid", "0", "--regid", "0", "--clear-groups", "sleep", "300"]
    let running = sandbox.start(
      ["/usr/bin/env"] + nobody + [Programs.cb, "run", "x", "--timeout", "0.3", "--kill-after", "0.3", "--"] + command)
    usleep(1_500_000)
    let before = try #require(reads(running.pid))
    usleep(2_000_000)
    let after = try #require(reads(running.pid))
    for process in ProcessFacts.descendants(of: running.pid) where process.name == "sleep" {
      kill(process.pid, SIGKILL)
    }
    let processes = sandbox.execute(["/bin/sh", "-c", "ls -d /proc/[0-9]* | wc -l"]).outputText
    let count = try #require(Int(processes.split(separator: "\n").first ?? ""))
    #expect(after - before < 12 * count, "\(after - before) reads, \(count) processes")
    let result = running.wait()
    #expect(result.status == .exited(124))
    let lines = result.errorText.split(separator: "\n").filter { $0.contains("cannot end") }
    #expect(lines.count == 1 && lines[0].contains("operation not permitted"), "\(result.errorText)")
  }

  /// System calls that read, so far.
  private func reads(_ pid: pid_t) -> Int? {
    let text = sandbox.execute(["/bin/sh", "-c", "awk '/^syscr/{print $2}' /proc/\(pid)/io"]).outputText
    return Int(text.split(separator: "\n").first ?? "")
  }

  private func number(_ text: String, _ line: Int) -> pid_t {
    let lines = text.split(separator: "\n")
    return line < lines.count ? pid_t(lines[line]) ?? -1 : -1
  }
}
