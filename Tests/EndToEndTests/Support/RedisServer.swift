import CTestSupport
import Glibc
import Testing

/// A redis-server of a test's own, on loopback. A shell stands between, which kills it as soon as our end of a pipe
/// closes: with the last reference to this, or with the test process, however it ends.
final class RedisServer {
  let sandbox: Sandbox
  private(set) var port: UInt16 = 0
  private(set) var pid: pid_t = -1
  private var arguments: [String] = []
  private var shell: pid_t = -1
  private var pipeEnd: Int32 = -1
  private var starts = 0

  /// Long enough for any machine; a test of time-outs says its own.
  static let patience = "connect-timeout=60s&timeout=60s"

  var url: String { "redis://127.0.0.1:\(port)?\(Self.patience)" }
  var bare: String { "redis://127.0.0.1:\(port)" }

  /// - Parameter arguments: for its command line; `PORT2` stands for another free port.
  /// - Parameter sentinel: the lines of a sentinel's configuration, where it is to be one.
  init(_ arguments: [String] = [], sentinel: String? = nil, tls: Bool = false) throws {
    sandbox = Sandbox()
    // Another process may take the port between our looking and the server's binding: try another then.
    for attempt in 1... {
      port = try Self.freePort()
      var words = ["redis-server"]
      if let sentinel { words.append(sandbox.file("sentinel.conf", sentinel)) }
      words += ["--bind", "127.0.0.1", "--dir", sandbox.path]
      words += tls ? ["--port", "0", "--tls-port", String(port)] : ["--port", String(port)]
      if sentinel == nil {
        words += ["--save", "", "--enable-debug-command", "local", "--tcp-backlog", "4096"]
        words += ["--unixsocket", sandbox.path + "/s"]
      }
      let other = String(try Self.freePort())
      self.arguments = (words + arguments).map { $0 == "PORT2" ? other : $0 } + (sentinel == nil ? [] : ["--sentinel"])
      if start() { return }
      if attempt == 5 { throw Failure("redis-server does not start: \(sandbox.read("log") ?? "no log")") }
    }
    throw Failure("redis-server does not start")
  }

  deinit { stop() }

  struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  /// Starts it (again), empty.
  ///
  /// - Parameter more: for its command line.
  /// - Parameter sign: what its log says when it is as far as wanted.
  @discardableResult
  func start(_ more: [String] = [], until sign: String = "Ready to accept connections") -> Bool {
    starts += 1
    var ends: [Int32] = [-1, -1]
    precondition(cts_pipe(&ends) == 0)
    let script = """
      "$@" </dev/null >log 2>&1 &
      echo $! >pid.new; mv pid.new pid\(starts)
      read x
      kill -9 $!; wait
      """
    let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
    shell = startProgram(
      argv: (["/bin/sh", "-c", script, "sh"] + arguments + more).map { Array($0.utf8) },
      environment: sandbox.environment, directory: sandbox.path, standard: (ends[0], null, null), terminal: false)
    close(ends[0])
    close(null)
    pipeEnd = ends[1]
    guard eventually(seconds: 20, { sandbox.read("pid\(starts)") != nil }),
      let found = sandbox.read("pid\(starts)").flatMap({ pid_t($0.dropLast()) })
    else { return false }
    pid = found
    return eventually(seconds: 20) {
      let log = sandbox.read("log") ?? ""
      return log.contains(sign) || log.contains("Sentinel ID") || !isAlive(pid)
    } && isAlive(pid)
  }

  /// SIGKILL, and its end.
  func stop() {
    if pipeEnd >= 0 { close(pipeEnd) }
    pipeEnd = -1
    if shell > 0 { _ = cts_wait(shell) }
    shell = -1
  }

  func send(_ signal: Int32) { kill(pid, signal) }

  /// What redis-cli prints.
  @discardableResult
  func cli(_ words: String...) -> String { cli(words) }

  @discardableResult
  func cli(_ words: [String]) -> String {
    sandbox.execute(["/usr/bin/redis-cli", "-p", String(port)] + words).outputText
  }

  /// How many events the log of a breaker holds, without its snapshot and older history.
  func eventFields(_ name: String) -> Int {
    cli("HKEYS", "cb:{\(name)}").split(whereSeparator: \.isNewline).count { $0.hasPrefix("e") }
  }

  /// One number of `INFO`.
  func info(_ key: String) -> Int {
    let line = cli("INFO").split(whereSeparator: \.isNewline).first { $0.hasPrefix(key + ":") }
    return line.flatMap { Int($0.dropFirst(key.count + 1)) } ?? -1
  }

  /// The calls of a command that clients have made since `CONFIG RESETSTAT`.
  func calls(_ command: String) -> Int {
    let line = cli("INFO", "commandstats").split(whereSeparator: \.isNewline).first {
      $0.hasPrefix("cmdstat_\(command):calls=")
    }
    return line?.split(separator: "=")[1].split(separator: ",").first.flatMap { Int($0) } ?? 0
  }

  /// Connections that nobody has accepted yet, as those to a server that SIGSTOP has stopped.
  var waiting: Int {
    let hex = String(port, radix: 16, uppercase: true)
    let table = sandbox.execute(["/bin/cat", "/proc/net/tcp"]).outputText
    for line in table.split(separator: "\n") {
      let parts = line.split(separator: " ")
      if parts.count > 4, parts[1].hasSuffix(":" + String(repeating: "0", count: 4 - hex.count) + hex), parts[3] == "0A"
      {
        return parts[4].split(separator: ":").last.flatMap { Int($0, radix: 16) } ?? 0
      }
    }
    return 0
  }

  static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let good = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard good else { throw Failure("bind: \(errno)") }
    return UInt16(bigEndian: address.sin_port)
  }
}

extension Sandbox {
  /// A sandbox whose cb uses a store.
  convenience init(store: String) {
    self.init()
    environment["CB_STORE"] = store
  }

  /// `cb run OPTIONS x -- sh -c SCRIPT`
  func run(_ options: String..., sh script: String) -> Finished {
    start([Programs.cb, "run"] + options + ["x", "--", "/bin/sh", "-c", script]).wait(seconds: 120)
  }

  /// A run whose CMD says `up` and then ends as the test tells it.
  func runInFlight(_ options: String...) -> Running {
    let script = "echo up; read code; exit $code"
    let running = start([Programs.cb, "run"] + options + ["x", "--", "/bin/sh", "-c", script], input: nil)
    #expect(running.expect("up", seconds: 60))
    return running
  }

  func get(_ key: String) -> String { String(cb("get", "x", key).outputText.dropLast()) }

  /// The lines of a file.
  func lines(_ file: String) -> [Substring] { (read(file) ?? "").split(separator: "\n" as Character) }

  /// One number of `cb status x --json`, by its key.
  func number(_ key: String) -> Int? {
    let text = cb("status", "x", "--json").outputText
    let parts = text.replacingQuotes().parts(between: "'\(key)':")
    return parts.count < 2 ? nil : Int(parts[1].drop { $0 == " " }.prefix { $0.isNumber || $0 == "-" })
  }
}

extension String {
  fileprivate func replacingQuotes() -> String { String(map { $0 == "\"" ? "'" : $0 }) }

  /// What stands before, between and behind every occurrence of a text.
  func parts(between separator: String) -> [Substring] {
    var parts: [Substring] = []
    var start = startIndex
    var index = startIndex
    while index < endIndex {
      if self[index...].hasPrefix(separator) {
        parts.append(self[start..<index])
        index = self.index(index, offsetBy: separator.count)
        start = index
      } else {
        index = self.index(after: index)
      }
    }
    return parts + [self[start...]]
  }
}

extension Running {
  /// Ends the CMD of `runInFlight`.
  func end(_ code: Int) -> Finished {
    write(Array("\(code)\n".utf8))
    closeInput()
    return wait(seconds: 60)
  }
}

extension Finished {
  /// Standard error is one whole line of cb's, without raw control characters.
  var isOneLine: Bool {
    errorText.hasPrefix("cb: ") && errorText.hasSuffix("\n") && !error.dropLast().contains { $0 < 0x20 || $0 == 0x7F }
  }
}
