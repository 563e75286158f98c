import Glibc
import Testing

@Suite("cb run ends as the command ended")
struct ProcessExitTests {
  let sandbox = Sandbox()

  @Test("exit codes are the command's own", arguments: [0, 1, 2, 64, 75, 124, 125, 126, 127, 130, 255])
  func codes(_ code: Int) {
    #expect(sandbox.cb("run", "x", "--", "/bin/sh", "-c", "exit \(code)").status == .exited(Int32(code)))
  }

  @Test(
    "a command dead of a signal leaves a parent that sees the signal",
    arguments: [
      SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGKILL, SIGSEGV, SIGPIPE, SIGALRM, SIGTERM, SIGUSR1, SIGXCPU, 34, 64,
    ])
  func signals(_ signal: Int32) {
    #expect(sandbox.cb("run", "x", "--", "/bin/sh", "-c", "kill -\(signal) $$").status == .signaled(signal))
  }

  @Test("a shell shows a signal as 128 + N")
  func shell() {
    let script = "\(Programs.cb) run x -- sh -c 'kill -TERM $$'; echo $?"
    #expect(sandbox.execute(["/bin/sh", "-c", script]).outputText == "143\n")
  }

  @Test("a command that dumps core leaves no core of cb")
  func core() {
    _ = sandbox.execute([
      "/bin/sh", "-c", "ulimit -c unlimited; exec \(Programs.cb) run x -- sh -c 'ulimit -c 0; kill -SEGV $$'",
    ])
    #expect(sandbox.execute(["/bin/ls", "."]).outputText.contains("core") == false)
  }

  @Test("a command that is not there is 127")
  func notFound() {
    #expect(sandbox.cb("run", "x", "--", "no-such-command-anywhere").status == .exited(127))
    #expect(sandbox.cb("run", "x", "--", "/no/such/command").status == .exited(127))
  }

  @Test("a command that cannot be executed is 126")
  func notExecutable() {
    let plain = sandbox.file("plain", "echo no\n", mode: 0o644)
    #expect(sandbox.cb("run", "x", "--", plain).status == .exited(126))
    #expect(sandbox.cb("run", "x", "--", "/etc").status == .exited(126))
    #expect(sandbox.cb("run", "x", "--", "/etc/passwd/x").status == .exited(126))
  }

  @Test("a script without #! runs as from a shell")
  func script() {
    let script = sandbox.file("script", "echo ran $1\nexit 4\n", mode: 0o755)
    let result = sandbox.cb("run", "x", "--", script, "one")
    #expect(result.outputText == "ran one\n")
    #expect(result.status == .exited(4))
  }

  @Test("a background process that the command leaves behind does not keep cb")
  func background() {
    let result = sandbox.cb("run", "x", "--", "/bin/sh", "-c", "sleep 300 & echo $!; exit 3")
    #expect(result.status == .exited(3))
    #expect(result.seconds < 60)
    let left = pid_t(result.outputText.split(separator: "\n").first ?? "") ?? 0
    #expect(isAlive(left))
    kill(left, SIGKILL)
  }

  @Test(
    "children that cb inherited over an exec are left alone, and do not confuse it", arguments: ["", "--timeout 20"])
  func inheritedChildren(_ options: String) {
    let command = "sleep 15 & echo $!; (exit 9) & exec \(Programs.cb) run \(options) x -- sh -c 'sleep 0.3; exit 5'"
    let result = sandbox.execute(["/bin/sh", "-c", command])
    #expect(result.status == .exited(5))
    let left = pid_t(result.outputText.split(separator: "\n").first ?? "") ?? 0
    #expect(isAlive(left))
    kill(left, SIGKILL)
  }

  @Test("SIGCHLD ignored at the start does not hide how the command ended")
  func childIgnored() {
    let result = sandbox.execute([
      Programs.probe, "with", "ignore", "17", "--", Programs.cb, "run", "x", "--", "sh", "-c", "exit 6",
    ])
    #expect(result.status == .exited(6))
  }

  @Test("the command gets SIGTERM when cb is killed")
  func killed() {
    let running = sandbox.start([Programs.cb, "run", "x", "--", Programs.probe, "wait", "15"])
    #expect(running.expect("ready"))
    running.send(SIGKILL)
    #expect(running.expect("got 15"))
    #expect(running.wait().status == .signaled(SIGKILL))
  }
}
