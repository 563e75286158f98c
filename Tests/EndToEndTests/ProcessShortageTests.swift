import Glibc
import Testing

/// What cb does where the system lacks something: a shell, an interpreter, descriptors, room in a pipe.
@Suite("cb where something is missing")
struct ProcessShortageTests {
  // MARK: No shell

  /// A /usr/bin without `sh`, or with one that nobody may execute.
  private static func system(shell: Shell) -> String {
    switch shell {
    case .missing:
      """
      mkdir -p old; mount --bind /usr/bin old; old="$PWD/old"
      mount -t tmpfs cb /usr/bin; "$old/ln" -s "$old"/* /usr/bin/; "$old/rm" /usr/bin/sh
      """
    case .forbidden: ": > none; chmod 644 none; mount --bind none \"$(readlink -f /bin/sh)\""
    }
  }

  enum Shell: String, CaseIterable {
    case missing = "not found"
    case forbidden = "permission denied"
  }

  @Test("a predicate that cannot be run is named, and changes nothing", arguments: Shell.allCases)
  func predicate(_ shell: Shell) {
    for key in ["exclude-if", "ignore-if", "hold-if", "retry-hint"] {
      let scene = Scene()
      let result = scene.cb(amid: Self.system(shell: shell), "run", "--\(key)", "true", "x", "--", "false")
      #expect(result.status == .exited(1))
      #expect(result.errorText.lowercased() == "cb: x: \(key) 'true' cannot be run: /bin/sh: \(shell.rawValue)\n")
      #expect(scene.counter() == "1")
      #expect(scene.state() == "closed")
    }
    let scene = Scene()
    let result = scene.cb(amid: Self.system(shell: shell), "run", "--fail-if", "true", "x", "--", "true")
    #expect(result.status == .exited(0))
    #expect(result.errorText.lowercased() == "cb: x: fail-if 'true' cannot be run: /bin/sh: \(shell.rawValue)\n")
    #expect(scene.total("successes") == 1)
  }

  @Test("so are a listener, a fallback and a probe", arguments: Shell.allCases)
  func others(_ shell: Shell) {
    let system = Self.system(shell: shell)
    let scene = Scene()
    let listening = scene.cb(amid: system, "run", "--on-event", "success=true", "x", "--", "true")
    #expect(listening.status == .exited(0))
    #expect(
      listening.errorText.lowercased().contains("listener 'success=true' cannot be run: /bin/sh: \(shell.rawValue)\n"),
      "\(listening.errorText)")
    scene.trip("--reset-timeout", "0")
    let probing = scene.cb(amid: system, "run", "--probe", "true", "x", "--", "true")
    #expect(probing.status == .exited(75))
    #expect(
      probing.errorText.lowercased().contains("(probe: cannot be run: \(shell.rawValue))"), "\(probing.errorText)")
    scene.cb("open", "x", "--hold")
    let instead = scene.cb(amid: system, "run", "--fallback", "true", "x", "--", "true")
    #expect(instead.status == .exited(shell == .missing ? 127 : 126))
    #expect(
      instead.errorText.lowercased().contains("cannot run the fallback 'true': \(shell.rawValue)\n"),
      "\(instead.errorText)")
  }

  // MARK: No interpreter

  @Test(
    "a script's interpreter that is missing or cannot be executed is named, and the exit code is a shell's",
    arguments: [
      ("#!/bin/sh\r", "its interpreter '/bin/sh\\u{D}' was not found", Int32(127)),
      ("#!/no/such", "its interpreter '/no/such' was not found", 127),
      ("#!  /no/such  -x", "its interpreter '/no/such' was not found", 127),
      ("#!/usr/bin/env no-such", nil, 127),
      ("#!/etc/passwd", "permission denied", 126),
    ])
  func interpreter(_ line: String, _ reason: String?, _ code: Int32) {
    for onPath in [false, true] {
      let scene = Scene()
      let path = scene.sandbox.file("own-script", "\(line)\n:\n", mode: 0o755)
      if onPath { scene["PATH"] = "\(scene.path):\(scene["PATH"] ?? "/usr/bin:/bin")" }
      let result = scene.cb("run", "x", "--", onPath ? "own-script" : path)
      #expect(result.status == .exited(code), "\(result)")
      guard let reason else { continue }
      #expect(result.isOneMessage)
      #expect(result.errorText.lowercased().contains(": \(reason.lowercased());"), "\(result.errorText)")
      #expect(scene.total("ignored") == 1)
    }
  }

  // MARK: No descriptors

  @Test("with few descriptors, or none, cb does its work or fails as its own failure, and says why", arguments: 3...9)
  func descriptors(_ most: Int) {
    let scene = Scene()
    scene.cb("set", "x", "fail-max=1000")
    func limited(_ words: String...) -> Finished {
      scene.sandbox.execute(["/bin/sh", "-c", "ulimit -n \(most); exec \"$@\"", "sh", Programs.cb] + words)
    }
    // The loader of a build that is not static needs one itself.
    func isOwn(_ result: Finished) -> Bool { !result.errorText.contains("error while loading shared libraries") }
    func expectSaid(_ result: Finished, _ own: Int32, failed: Int32) {
      guard isOwn(result) else { return }
      #expect(result.status == .exited(own) || result.status == .exited(failed), "\(result)")
      if result.status == .exited(failed) {
        #expect(result.errorText.contains("too many open files"), "\(result.errorText)")
      }
      #expect(result.errorLines.allSatisfy { $0.hasPrefix("cb: ") }, "\(result.errorText)")
    }
    for option in ["--slow-after=1h", "--exclude-if=false", "--timeout=1m"] {
      // CMD without need of a descriptor: what it loads is its own affair.
      expectSaid(limited("run", "--on-store-error=reject", option, "x", "--", "false"), 1, failed: 125)
      let run = limited("run", "--on-store-error=run", option, "x", "--", "false")
      if isOwn(run) { #expect(run.status == .exited(1) || run.status == .exited(125), "\(run)") }
    }
    expectSaid(limited("check", "--explain", "x"), 0, failed: 255)
    for words in [["status", "x"], ["get", "x", "state"], ["open", "y"], ["history", "x"], ["list"]] {
      let result = scene.sandbox.execute(
        ["/bin/sh", "-c", "ulimit -n \(most); exec \"$@\"", "sh", Programs.cb] + words)
      expectSaid(result, 0, failed: 1)
    }
    if most == 9 { #expect(limited("run", "x", "--", "true").status == .exited(0)) }
  }

  // MARK: No room

  /// Runs what is behind it with standard output and standard error at a pipe of one page that is not blocking and full,
  /// and reads it slowly. What came is printed, and the status after it.
  private static let narrow = """
    import fcntl, os, subprocess, sys
    reader, writer = os.pipe()
    fcntl.fcntl(writer, 1031, 4096)
    os.set_blocking(writer, False)
    junk = 0
    try:
        while True: junk += os.write(writer, b"j")
    except BlockingIOError: pass
    child = subprocess.Popen(sys.argv[1:], stdout=writer, stderr=writer, stdin=subprocess.DEVNULL)
    os.close(writer)
    # Until cb has met the full pipe, and waits for it.
    while child.poll() is None:
        with open(f"/proc/{child.pid}/syscall") as file:
            if file.read().split()[0] in ("7", "271", "73"): break
    got = b""
    while part := os.read(reader, 100): got += part
    sys.stdout.buffer.write(got[junk:])
    sys.exit(child.wait())
    """

  @Test(
    "output at a full pipe that is not blocking arrives whole",
    arguments: [["status", "--json"], ["metrics"], ["list"]])
  func output(_ words: [String]) {
    let scene = Scene()
    for number in 1...60 { scene.cb("open", "breaker-\(number)", "--hold") }
    let whole = scene.cb(words)
    let narrow = scene.sandbox.execute(["/usr/bin/python3", "-c", Self.narrow, Programs.cb] + words, seconds: 60)
    #expect(narrow.status == .exited(0))
    #expect(Self.timeless(narrow.outputText) == Self.timeless(whole.outputText))
    #expect(narrow.errorText == "")
    #expect(!narrow.outputText.contains("temporarily unavailable"))
  }

  @Test("so do messages, and standard error on its way through cb")
  func messages() {
    let scene = Scene()
    scene.cb("set", "x", "fail-max=1")
    let words = ["run", "--exclude-if", "false", "x", "--", "sh", "-c", "seq 1 20000 >&2; exit 7"]
    let result = scene.sandbox.execute(["/usr/bin/python3", "-c", Self.narrow, Programs.cb] + words, seconds: 60)
    #expect(result.status == .exited(7))
    let lines = result.outputText.split(separator: "\n")
    let isWhole = lines.prefix(20_000).elementsEqual((1...20_000).map { "\($0)"[...] })
    #expect(isWhole, "\(lines.prefix(3)) ... \(lines.suffix(3))")
    #expect(lines.dropFirst(20_000).count == 1, "\(lines.suffix(3))")
    #expect(lines.last?.hasPrefix("cb: x: circuit opened after 1 failure (exit 7)") == true, "\(lines.suffix(3))")
  }

  /// Without what differs from one moment to the next.
  private static func timeless(_ text: String) -> String {
    String(text.split(separator: "\n").filter { !$0.contains("_seconds") }.joined(separator: "\n"))
  }
}
