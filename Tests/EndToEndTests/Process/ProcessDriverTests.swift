import Glibc
import Testing

/// What `cb` reaches only through settings of a breaker, driven through cb-process-driver.
@Suite("listeners, predicates, fallbacks, pauses and the tail of standard error")
struct ProcessDriverTests {
  let sandbox = Sandbox()

  private func drive(_ arguments: String...) -> Finished {
    sandbox.execute([Programs.driver, "run"] + arguments)
  }

  // MARK: Tail

  @Test("standard error goes through live and whole, and its last bytes are kept")
  func tail() {
    let result = drive(
      "--tail", "10", "--listener", "printf %s \"$CB_STDERR_TAIL\" > tail", "x", "--", "sh", "-c",
      "seq 1 50000 >&2; printf 0123456789 >&2")
    #expect(result.errorText == (1...50000).map { "\($0)\n" }.joined() + "0123456789")
    #expect(sandbox.read("tail") == "0123456789")
  }

  @Test("a line on standard error comes at once")
  func live() {
    let running = sandbox.start([
      "/bin/sh", "-c", "\(Programs.driver) run --tail 100 x -- sh -c 'echo now >&2; sleep 20' 2>&1",
    ])
    #expect(running.expect("now"))
    kill(running.pid, SIGTERM)
    // The shell in between may have executed the driver in its place or not: both end.
    _ = running.wait(seconds: 40)
  }

  @Test("a background process that holds standard error does not keep cb, and can still write")
  func background() {
    let result = drive(
      "--tail", "100", "x", "--", "sh", "-c",
      "(while [ ! -e go ]; do sleep 0.05; done; echo late >&2; echo $? > status) & echo first >&2")
    #expect(result.status == .exited(0))
    #expect(result.errorText == "first\n")
    _ = sandbox.file("go", "")
    #expect(eventually { sandbox.read("status") == "0\n" })
  }

  @Test("the reader of standard error that goes away is not hidden from the command")
  func readerGone() {
    let script =
      "\(Programs.driver) run --tail 100 x -- sh -c 'yes >&2' 2>&1 >/dev/null | head -1; echo ${PIPESTATUS[0]}"
    #expect(sandbox.execute(["/bin/bash", "-c", script]).outputText == "y\n141\n")
  }

  @Test("signals reach the command while standard error is blocked")
  func blockedReader() {
    let running = sandbox.start([
      Programs.driver, "run", "--tail", "100", "x", "--", "sh", "-c", "echo ready; exec yes >&2",
    ])
    #expect(running.expect("ready"))
    #expect(
      eventually { ProcessFacts.descendants(of: running.pid).contains { $0.name == "yes" && $0.state == "S" } })
    running.send(SIGTERM)
    #expect(running.wait().status == .signaled(SIGTERM))
  }

  @Test("a closed standard error stays closed with a tail asked for")
  func closed() {
    let script = "\(Programs.driver) run --tail 100 x -- sh -c 'echo x >&2 || echo closed' 2>&-"
    #expect(sandbox.execute(["/bin/bash", "-c", script]).outputText == "closed\n")
  }

  @Test("with a tail a command is still stopped, timed out and its tree ended")
  func timeout() {
    let result = drive("--tail", "10", "--timeout", "0.3", "x", "--", "sh", "-c", "echo a >&2; sleep 20")
    #expect(result.status == .exited(124))
    #expect(result.errorText == "a\ncb: sent [15]\n")
  }

  @Test(
    "where close_range is not known or forbidden nothing of the command's is held open by what passes on its output",
    arguments: ["close_range", "close_range:EPERM"])
  func withoutCloseRange(_ call: String) {
    // Descriptor 9 is the command's; it closes it before it leaves a process in the background.
    let script = """
      { \(Programs.probe) with without \(call) -- \(Programs.driver) run --tail 10 x -- \
        sh -c 'exec 9>&-; sleep 300 & echo $! > left; exit 1' 9>&1 >/dev/null 2>&1; } | cat
      """
    let result = sandbox.execute(["/bin/bash", "-c", script])
    #expect(result.status == .exited(0))
    #expect(result.seconds < 60)
    kill(pid_t(sandbox.read("left")?.split(separator: "\n").first ?? "") ?? 0, SIGKILL)
  }

  // MARK: Probes and hints

  @Test("a probe's output is kept, its end told, and nothing shown")
  func probe() {
    #expect(
      drive("--probe", "echo one; echo two >&2; exit 2", "--", "x").errorText == "cb: exited(2) [] 'one\ntwo\n'\n")
    #expect(drive("--probe", "seq 1 100000", "--", "x").errorText == "cb: exited(0) [] '98\n99999\n100000\n'\n")
    #expect(drive("--probe", "cat; exit 0", "--", "x").errorText == "cb: exited(0) [] ''\n", "its input is empty")
    #expect(drive("--probe", "kill -KILL $$", "--", "x").errorText == "cb: signaled(9) [] ''\n")
  }

  @Test("a probe over its time is ended")
  func probeTime() {
    let result = drive("--timeout", "0.3", "--probe", "echo up; sleep 300", "--", "x")
    #expect(result.errorText.hasPrefix("cb: signaled(15) [15] 'up\n'"), "\(result.errorText)")
    #expect(result.seconds < 60)
  }

  @Test("a process that a probe leaves behind keeps cb from nothing")
  func probeBackground() {
    let result = drive("--probe", "sleep 300 & echo $! > left; echo done", "--", "x")
    #expect(result.errorText == "cb: exited(0) [] 'done\n'\n")
    #expect(result.seconds < 60)
    kill(pid_t(sandbox.read("left")?.split(separator: "\n").first ?? "") ?? 0, SIGKILL)
  }

  @Test("of a hint the first line is kept, and the rest is read")
  func hint() {
    #expect(drive("--hint", "echo 120; echo 60", "--", "x").errorText == "cb: exited(0) [] '120'\n")
    #expect(drive("--hint", "printf 120; echo no >&2", "--", "x").errorText == "no\ncb: exited(0) [] '120'\n")
    #expect(drive("--hint", "echo 1; yes | head -100000; exit 3", "--", "x").errorText == "cb: exited(3) [] '1'\n")
    #expect(drive("--hint", "seq -s - 1 100", "--", "x").errorText == "cb: exited(0) [] '1-2-3-4-5-6-7-8-'\n")
    #expect(drive("--hint", "true", "--", "x").errorText == "cb: exited(0) [] ''\n")
  }

  @Test("a variable that is withheld is not there, not even empty")
  func withheld() {
    sandbox.environment["SECRET"] = "s3cret"
    #expect(drive("--hint", "echo ${SECRET-unset}", "--", "x").errorText == "cb: exited(0) [] 'unset'\n")
    #expect(drive("x", "--", "sh", "-c", "echo $SECRET").outputText == "s3cret\n", "the command's is its own")
  }

  @Test("shell text arrives to the byte, whatever it is encoded in")
  func bytes() {
    let text = Array("printf %s caf".utf8) + [0xE9] + Array(" > out".utf8)
    _ = sandbox.start(
      bytes: [Programs.driver, "run", "--hint"].map { Array($0.utf8) } + [text] + [Array("--".utf8), [120]]
    ).wait()
    let shown = sandbox.execute(["/bin/sh", "-c", "od -An -tx1 out"]).outputText
    #expect(shown.hasPrefix(" 63 61 66 e9"), "\(shown)")
  }

  // MARK: Listeners

  @Test("values arrive unharmed in a listener's environment, and its input whole")
  func values() {
    _ = drive("--listener", "printf %s \"$CB_EVENT\" > event; cat > input", "x", "--", "true")
    #expect(sandbox.read("event") == "a\n\"b\" 'c' $(echo d) `e`")
    #expect(sandbox.read("input") == "{\"event\":\"x\"}\n")
  }

  @Test("a listener that reads nothing and writes to standard output harms nothing")
  func output() {
    let result = drive("--listener", "exec 0<&-; echo said", "x", "--", "echo", "command")
    #expect(result.outputText == "command\n")
    #expect(result.errorText == "said\n")
    #expect(result.status == .exited(0))
  }

  @Test("a listener over its time is ended with all that it started")
  func listenerTime() {
    let result = drive(
      "--listener", "setsid sh -c 'sleep 40 & echo $! > one; wait' & sleep 41 & echo $! > two; sleep 42", "x", "--",
      "true")
    #expect(result.status == .exited(0))
    #expect(result.seconds < 60)
    #expect(result.errorText.contains("timed out"))
    for name in ["one", "two"] {
      let pid = pid_t(sandbox.read(name)?.split(separator: "\n").first ?? "") ?? 0
      #expect(pid > 0 && !isAlive(pid))
    }
  }

  @Test("what the command left in the background outlives a listener that is ended")
  func commandsOwn() {
    let result = drive("--listener", "sleep 300", "x", "--", "sh", "-c", "sleep 300 & echo $!")
    let pid = pid_t(result.outputText.split(separator: "\n").first ?? "") ?? 0
    #expect(isAlive(pid))
    kill(pid, SIGKILL)
  }

  @Test("a signal that ended the command is told as come from outside, one of its own not")
  func relayed() {
    let running = sandbox.start(
      [
        Programs.driver, "run", "--listener", "echo $CB_SIGNAL > signal", "x", "--", "sh", "-c",
        "echo ready; exec sleep 20",
      ])
    #expect(running.expect("ready"))
    running.send(SIGTERM)
    #expect(running.wait().status == .signaled(SIGTERM))
    #expect(sandbox.read("signal") == "15\n")
    _ = drive("--listener", "echo $CB_SIGNAL > signal", "x", "--", "sh", "-c", "kill -TERM $$")
    #expect(sandbox.read("signal") == "\n")
  }

  @Test("a reader that went away is told")
  func reader() {
    let script = "\(Programs.driver) run --listener 'echo $CB_READER_GONE > gone' x -- yes | head -1"
    _ = sandbox.execute(["/bin/bash", "-c", script])
    #expect(eventually { sandbox.read("gone") == "true\n" })
  }

  @Test("so is one of standard error, and one of a socket")
  func readerOfError() {
    let error =
      "\(Programs.driver) run --listener 'echo $CB_READER_GONE > gone' x -- sh -c 'exec yes >&2' 2>&1 >/dev/null | head -1"
    _ = sandbox.execute(["/bin/bash", "-c", error])
    #expect(eventually { sandbox.read("gone") == "true\n" })
  }

  @Test("SIGPIPE while everything that the command writes is read tells nothing of a reader")
  func ownPipe() {
    for command in ["kill -PIPE $$", "exec yes > >(exit 0)"] {
      _ = drive("--listener", "echo $CB_READER_GONE > gone", "x", "--", "bash", "-c", command)
      #expect(sandbox.read("gone") == "false\n", "\(command)")
    }
  }

  // MARK: Fallback and pause

  @Test("a fallback is as transparent as the command")
  func fallback() {
    let running = sandbox.start(
      [Programs.driver, "run", "--fallback", "cat; echo $CB_BREAKER; exit 9", "x", "--", "true"],
      input: Array("in\n".utf8))
    let result = running.wait()
    #expect(result.outputText == "in\nx\n")
    #expect(result.status == .exited(9))
  }

  @Test("a pause ends of a signal, and the command is not started", arguments: [SIGTERM, SIGINT, SIGHUP])
  func pause(_ signal: Int32) {
    let running = sandbox.start([Programs.driver, "run", "--wait", "300", "x", "--", "echo", "started"])
    #expect(eventually { ProcessFacts.waitsForSignals(running.pid) })
    running.send(signal)
    let result = running.wait()
    #expect(result.status == .signaled(signal))
    #expect(result.output.isEmpty)
    #expect(result.seconds < 60)
  }

  @Test("a pause lasts its time, ignores what is ignored, and then the command starts")
  func pauseEnds() {
    let running = sandbox.start(
      [
        Programs.probe, "with", "ignore", "1", "--", Programs.driver, "run", "--wait", "0.5", "x", "--", "echo",
        "started",
      ])
    #expect(eventually { ProcessFacts.waitsForSignals(running.pid) })
    running.send(SIGHUP)
    running.send(SIGWINCH)
    let result = running.wait()
    #expect(result.outputText == "started\n")
    #expect(result.seconds >= 0.49)
  }
}
