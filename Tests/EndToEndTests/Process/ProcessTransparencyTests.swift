import Glibc
import Testing

/// Each check runs a program that tells everything about itself, once directly and once through `cb run x --`, in the
/// same surroundings, and compares what it tells. `expects` is what the line must hold besides: it shows that the
/// surroundings were made, so that the check can fail.
struct TransparencyCheck: CustomTestStringConvertible, Sendable {
  var name: String
  var surroundings: [String] = []
  var keys: [String]
  var expects: String?
  var arguments: [String] = []

  var testDescription: String { name }

  static func same(
    _ name: String, _ keys: String..., with surroundings: [String] = [], expects: String? = nil,
    arguments: [String] = []
  ) -> Self {
    Self(name: name, surroundings: surroundings, keys: keys, expects: expects, arguments: arguments)
  }

  static let all: [Self] = [
    // Descriptors.
    same("standard input is the same", "fd0", expects: "pipe"),
    same("standard output is the same", "fd1", expects: "pipe"),
    same("standard error is the same", "fd2", expects: "pipe"),
    same("no descriptor is added or taken away", "fd", expects: "fd2="),
    same("a closed standard input stays closed", "fd", with: ["close", "0"], expects: "fd0=closed"),
    same("a closed standard error stays closed", "fd", with: ["close", "2"], expects: "fd2=closed"),
    same("two closed standard streams stay closed", "fd", with: ["close", "0", "close", "2"], expects: "fd0=closed"),
    same(
      "descriptor 5 is passed on with its place in the file", "fd5", with: ["open", "/etc/passwd"], expects: "offset=3"),
    same("an appending descriptor is passed on", "fd7", with: ["append", "log"], expects: "flags=10"),
    same("O_NONBLOCK on standard input is left as it is", "fd0", with: ["nonblock", "0"], expects: "flags=4000"),
    same("O_NONBLOCK on standard output is left as it is", "fd1", with: ["nonblock", "1"], expects: "flags=4001"),
    // Signals.
    same("the signal mask is empty where it was", "SigBlk", expects: "0000000000000000"),
    same("no signal is ignored that was not", "SigIgn"),
    same("no signal has a handler", "SigCgt", expects: "0000000000000000"),
    same("no signal is pending", "SigPnd", "ShdPnd"),
    same("an ignored SIGHUP stays ignored, as under nohup", "SigIgn", with: ["ignore", "1"], expects: "0001"),
    same("an ignored SIGINT stays ignored", "SigIgn", with: ["ignore", "2"], expects: "0002"),
    same("an ignored SIGQUIT stays ignored", "SigIgn", with: ["ignore", "3"], expects: "0004"),
    same("an ignored SIGPIPE stays ignored", "SigIgn", with: ["ignore", "13"], expects: "1000"),
    same("an ignored SIGTERM stays ignored", "SigIgn", with: ["ignore", "15"], expects: "4000"),
    same("an ignored SIGCHLD stays ignored", "SigIgn", with: ["ignore", "17"], expects: "10000"),
    same("an ignored SIGTSTP stays ignored", "SigIgn", with: ["ignore", "20"], expects: "80000"),
    same("an ignored SIGXFSZ stays ignored", "SigIgn", with: ["ignore", "25"], expects: "1000000"),
    same("an ignored SIGSEGV stays ignored", "SigIgn", with: ["ignore", "11"], expects: "0400"),
    same("an ignored real-time signal stays ignored", "SigIgn", with: ["ignore", "41"], expects: "00000100"),
    same("a blocked SIGUSR1 stays blocked", "SigBlk", with: ["block", "10"], expects: "0200"),
    same("a blocked SIGCHLD stays blocked", "SigBlk", with: ["block", "17"], expects: "10000"),
    same("a blocked SIGTERM stays blocked", "SigBlk", with: ["block", "15"], expects: "4000"),
    same("a blocked real-time signal stays blocked", "SigBlk", with: ["block", "64"], expects: "8000000000000000"),
    same("a pending signal is still pending", "ShdPnd", with: ["block", "10", "raise", "10"], expects: "0200"),
    same("so is the last of its kind", "ShdPnd", with: ["block", "31", "raise", "31"], expects: "40000000"),
    same("there is no alternate signal stack", "signal_stack", expects: "2"),
    // Arguments and environment.
    same(
      "arguments with blanks, quotes and nothing in them arrive", "argc", "argv",
      arguments: ["a b", "", "'\"$(x)`*?\\"]),
    same("arguments that look like options arrive", "argv", arguments: ["--", "-x", "--timeout", "5", "--help"]),
    same("the environment is the same, in its order", "environment"),
    same("a variable without a value arrives", "environment", with: ["setenv", "EMPTY="], expects: "454d5054593d"),
    same("an entry without `=` arrives", "environment", with: ["setenv", "BARE"]),
    same("environment bytes that are no UTF-8 arrive", "environment", with: ["setenv", "ODD=\u{fe}\n\u{1}"]),
    // Where it is.
    same("the working directory is the same", "directory", with: ["directory", "/usr/bin"], expects: "/usr/bin"),
    same("the root directory is the same", "root", expects: "/"),
    same("the process group is the same", "process_group"),
    same("the session is the same", "session"),
    same("the controlling terminal is the same", "terminal", "foreground", "modes"),
    same("the mount, network and process namespaces are the same", "namespace_mnt", "namespace_net", "namespace_pid"),
    same("the other namespaces are the same", "namespace_user", "namespace_uts", "namespace_ipc", "namespace_time"),
    same("the control group is the same", "cgroup"),
    // What it may do and use.
    same("user and group are the same", "Uid", "Gid", "Groups"),
    same("the capabilities are the same", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"),
    same("securebits and kept capabilities are the same", "securebits", "keepcaps"),
    same("no_new_privs is passed on", "NoNewPrivs", with: ["nnp", "1"], expects: "1"),
    same("system call filters are the same", "Seccomp", "Seccomp_filters"),
    same("the login user is the same", "login"),
    same("umask is passed on", "Umask", with: ["umask", "027"], expects: "0027"),
    same("all resource limits are the same", "limit"),
    same("the limit of open files is passed on", "limit7", with: ["files", "200"], expects: "200 200"),
    same("the limit of core files is passed on", "limit4", with: ["core", "4096"], expects: "4096"),
    same("the limit of file size is passed on", "limit1", with: ["fsize", "1000000"], expects: "1000000"),
    same("the limit of the stack is passed on", "limit3", with: ["stack", "4194304"], expects: "4194304"),
    same("the limit of processor time is passed on", "limit0", with: ["cpu", "77"], expects: "77"),
    same("nice is passed on", "nice", with: ["nice", "7"], expects: "7"),
    same("the scheduling policy is passed on", "policy", with: ["batch", "1"], expects: "3"),
    same("the input and output priority is passed on", "io_priority", with: ["idle_io", "1"], expects: "24576"),
    same("the processor affinity is passed on", "Cpus_allowed", with: ["cpus", "0"], expects: "1"),
    same("the memory nodes are the same", "Mems_allowed"),
    same("the out-of-memory score is passed on", "oom", with: ["oom", "300"], expects: "300"),
    same("timer slack is passed on", "slack", with: ["slack", "70000"], expects: "70000"),
    same("the personality is passed on", "personality", with: ["personality", "0040000"], expects: "40000"),
    same("the core dump filter is passed on", "core_filter", with: ["core_filter", "0x7f"], expects: "7f"),
    same("huge pages stay off where they were", "thp", with: ["thp", "1"], expects: "1"),
    same("being dumpable is the same", "dumpable", expects: "1"),
    same("being a subreaper is passed on", "subreaper", with: ["subreaper", "1"], expects: "1"),
    same("not being a subreaper stays so", "subreaper", expects: "0"),
    // What it is.
    same("its name, its threads and its tracer are its own", "Name", "Threads", "TracerPid", expects: "cb-probe"),
    same("it starts without children", "children"),
  ]
}

@Suite("cb run is transparent")
struct ProcessTransparencyTests {
  @Test("what a command finds about itself is what it finds without cb", arguments: TransparencyCheck.all)
  func transparent(_ check: TransparencyCheck) throws {
    let direct = tell(check, through: [])
    let guarded = tell(check, through: [Programs.cb, "run", "x", "--"])
    try #require(!direct.isEmpty)
    #expect(guarded == direct)
    if let expected = check.expects { #expect(direct.joined().contains(expected)) }
  }

  @Test("with a timeout set it is no less transparent", arguments: TransparencyCheck.all)
  func transparentWithTimeout(_ check: TransparencyCheck) {
    #expect(tell(check, through: [Programs.cb, "run", "--timeout", "60", "x", "--"]) == tell(check, through: []))
  }

  @Test("there are at least sixty checks")
  func enough() { #expect(TransparencyCheck.all.count >= 60) }

  @Test("the breaker's name is added to the environment, in place of one that was there")
  func environmentAdded() {
    let sandbox = Sandbox()
    sandbox.environment["CB_BREAKER"] = "outer"
    let result = sandbox.cb(
      "run", "x", "--", "/bin/sh", "-c", "env | grep -c ^CB_BREAKER=; echo $CB_BREAKER; test -n \"$CB_STATE\"")
    #expect(result.outputText == "1\nx\n")
    #expect(result.status == .exited(0))
  }

  @Test("arguments that are no UTF-8 arrive to the byte")
  func bytes() {
    let sandbox = Sandbox()
    let argument: [UInt8] = [0x61, 0xff, 0x62, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0x0a]
    let command = [Programs.cb, "run", "x", "--", "/usr/bin/printf", "%s"].map { Array($0.utf8) }
    #expect(sandbox.start(bytes: command + [argument]).wait().output == argument)
  }

  @Test("the first argument is found in PATH and stays what it was")
  func name() {
    let sandbox = Sandbox()
    _ = sandbox.file("tool", "#!/bin/sh\necho \"$0\"\n", mode: 0o755)
    sandbox.environment["PATH"] = sandbox.path + ":/usr/bin:/bin"
    #expect(sandbox.cb("run", "x", "--", "tool").outputText == sandbox.path + "/tool\n")
    #expect(sandbox.cb("run", "x", "--", "./tool").outputText == "./tool\n")
  }

  private func tell(_ check: TransparencyCheck, through wrapper: [String]) -> [String] {
    let sandbox = Sandbox()
    sandbox.environment["CB_STATE_DIR"] = "/tmp/cb-transparency-\(getpid())"
    sandbox.environment["HOME"] = "/"
    // One working directory for both runs, so that what it tells can be compared.
    let base = "/tmp/cb-transparency-\(getpid())"
    mkdir(base, 0o700)
    sandbox.environment["PWD"] = base
    let surroundings =
      check.surroundings.isEmpty ? [] : [Programs.probe, "with"] + check.surroundings + ["--"]
    let running = Running(
      argv: (surroundings + wrapper + [Programs.probe, "show"] + check.arguments).map { Array($0.utf8) },
      environment: sandbox.environment, directory: base, input: [])
    let lines = running.wait().outputText.split(separator: "\n").map(String.init)
    return lines.filter { line in
      let key = line.prefix { $0 != "=" }
      return check.keys.contains { key == $0 || ($0 == "fd" || $0 == "limit") && key.hasPrefix($0) }
    }
  }
}
