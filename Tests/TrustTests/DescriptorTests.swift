import CTestSupport
import CircuitBreaker
import Glibc
import Testing

/// No descriptor is to be had, in this process (EMFILE) or on the whole machine (ENFILE), at each call that makes one.
@Suite struct DescriptorTests {
  private static let makers = [
    "openat", "open", "socket", "socketpair", "pipe", "pipe2", "dup", "dup2", "dup3", "epoll_create1", "signalfd4",
    "eventfd2", "pidfd_open", "timerfd_create", "memfd_create", "inotify_init1", "accept4",
  ]

  /// What a command may come to.
  private struct Case: Sendable {
    var words: [String]
    var own: Int32
  }

  private static let cases = [
    Case(words: ["run", "x", "--", "true"], own: 0), Case(words: ["run", "x", "--", "false"], own: 1),
    Case(words: ["run", "--timeout", "1m", "--exclude-if", "false", "x", "--", "false"], own: 1),
    Case(words: ["open", "y"], own: 0), Case(words: ["status"], own: 0), Case(words: ["check", "x"], own: 0),
    Case(words: ["metrics", "--output", "metrics.prom"], own: 0), Case(words: ["history", "x"], own: 0),
  ]

  private static func strace(_ place: Sandbox, _ arguments: [String]) -> [String] {
    ["/usr/bin/strace", "-o", place.path + "/trace"] + arguments
  }

  /// The calls of cb itself that make a descriptor, in order, but for those before it begins.
  private static func calls(_ place: Sandbox, _ words: [String]) -> [(call: String, number: Int)] {
    place.execute(strace(place, ["-e", "trace=\(makers.joined(separator: ","))"]) + [Programs.cb] + words)
    let text = fileText(place.path + "/trace") ?? ""
    let isDynamic = text.contains("\"/etc/ld.so")
    var numbers: [String: Int] = [:]
    var calls: [(call: String, number: Int)] = []
    for line in text.split(separator: "\n") {
      guard let paren = line.firstIndex(of: "("), line.first?.isLetter == true else { continue }
      let call = String(line[..<paren])
      numbers[call, default: 0] += 1
      // A dynamic build: the linker, and the runtime's way to argv, which the static one does without (CStartup).
      let isBefore =
        isDynamic
        && ["\"/etc/ld.so", "\"/lib", "\"/usr/lib", "\"/opt/", "\"/proc/self/maps"].contains { line.contains($0) }
      if !isBefore { calls.append((call, numbers[call] ?? 0)) }
    }
    return calls
  }

  @Test(arguments: ["file", "redis"], ["ENFILE", "EMFILE"])
  func `without a descriptor each command does its work or says in one line why not`(
    kind: String, error: String
  ) throws {
    let place = Sandbox()
    let server = kind == "redis" ? try RedisServer.onSocket() : nil
    place.environment["CB_STORE"] = server?.socketURL ?? "file:\(place.store)"
    place.cb("set", "x", "fail-max=1000")
    var faults = 0
    for (index, one) in Self.cases.enumerated() {
      for (order, call) in Self.calls(place, one.words).enumerated() {
        // The short form: over both errors and stores each call is met.
        let turn = index + order + (kind == "redis" ? 1 : 0) + (error == "EMFILE" ? 1 : 0)
        guard Effort.visitsAll || turn % 3 == 0 else { continue }
        let ended = place.execute(
          Self.strace(place, ["-e", "inject=\(call.call):error=\(error):when=\(call.number)"]) + [Programs.cb]
            + one.words)
        #expect(Self.complaints(ended, one) == [], "\(one.words), \(call): \(ended)")
        faults += 1
        // An outage of Redis is remembered; the next has to go there again.
        if server != nil { cts_remove_tree(place.store) }
      }
    }
    #expect(faults > 3)
    print("errors injected, descriptors on \(kind), \(error): \(faults)")
  }

  @Test func `a command that fails without a word is found out`() {
    let run = Self.cases[1]
    for wrong in [
      Finished(code: 64, output: "", error: "cb: a command is missing; see cb --help\n"),
      Finished(code: 2, output: "", error: ""), Finished(code: 125, output: "", error: ""),
      Finished(code: 256 + SIGABRT, output: "", error: "cb: cannot open x: too many open files; close some\n"),
      Finished(code: 1, output: "", error: "Fatal error: file descriptor\n"),
      Finished(code: 1, output: "", error: "cb: cannot a; b\ncb: cannot c; d\ncb: cannot e; f\n"),
    ] {
      #expect(Self.complaints(wrong, run) != [])
    }
  }

  private static func complaints(_ ended: Finished, _ one: Case) -> [String] {
    var complaints: [String] = []
    let lines = ended.errorText.split(separator: "\n")
    let isRun = one.words[0] == "run"
    // A configuration that cannot be read is a store that failed.
    let failed = isRun ? ExitCode.selfFailed : ExitCode.failure
    if ended.code != one.own && ended.code != failed { complaints.append("exit \(ended.code)") }
    if ended.code != one.own && lines.isEmpty { complaints.append("not a word") }
    // One for the admission, and one for the result.
    if lines.count > (isRun ? 2 : 1) { complaints.append("\(lines.count) lines") }
    if lines.contains(where: { !$0.hasPrefix("cb: ") }) { complaints.append("a line that is not cb's") }
    return complaints
  }
}
