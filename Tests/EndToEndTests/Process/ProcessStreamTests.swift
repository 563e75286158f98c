import Glibc
import Testing

@Suite("nothing stands between the command and its streams")
struct ProcessStreamTests {
  let sandbox = Sandbox()

  @Test("1 GiB goes through whole, at the memory of any other run")
  func gibibyte() {
    let script = """
      head -c 1073741824 /dev/zero | \(Programs.cb) run x -- sh -c 'cat; grep VmHWM /proc/$PPID/status >&2' | wc -c
      """
    let result = sandbox.execute(["/bin/sh", "-c", script], seconds: 120)
    #expect(result.outputText == "1073741824\n")
    let peak = result.errorText.split(separator: " ").compactMap { Int($0) }.first ?? .max
    #expect(peak < 64 * 1024, "kB: \(result.errorText)")
  }

  @Test("output comes as it is written, not when a buffer is full")
  func unbuffered() {
    let running = sandbox.start([Programs.cb, "run", "x", "--", "sh", "-c", "printf a; sleep 20"])
    #expect(running.expect("a", seconds: 10))
    running.send(SIGTERM)
    #expect(running.wait().status == .signaled(SIGTERM))
  }

  @Test("input is the command's alone: what it does not read is left to the next")
  func inputLeft() {
    _ = sandbox.file("lines", "one\ntwo\nthree\n")
    let script = "exec < lines; \(Programs.cb) run x -- sh -c 'read a; echo $a'; cat"
    #expect(sandbox.execute(["/bin/bash", "-c", script]).outputText == "one\ntwo\nthree\n")
  }

  @Test("a reader that goes away ends the command and cb of SIGPIPE")
  func readerGone() {
    let script = "\(Programs.cb) run x -- yes | head -1; echo ${PIPESTATUS[0]}"
    #expect(sandbox.execute(["/bin/bash", "-c", script]).outputText == "y\n141\n")
  }

  @Test("standard output and standard error stay apart, and cb adds nothing")
  func apart() {
    let result = sandbox.cb("run", "x", "--", "sh", "-c", "echo out; echo err >&2")
    #expect(result.outputText == "out\n")
    #expect(result.errorText == "err\n")
  }

  @Test("a closed standard output does not let the command write into a file of cb's")
  func closedOutput() {
    let script = "\(Programs.cb) run x -- sh -c 'echo stray-output; echo $? > status' >&-"
    _ = sandbox.execute(["/bin/sh", "-c", script])
    #expect(sandbox.read("status") != nil)
    let state = sandbox.execute(["/bin/sh", "-c", "grep -r stray-output state || echo clean"])
    #expect(state.outputText == "clean\n")
  }
}
