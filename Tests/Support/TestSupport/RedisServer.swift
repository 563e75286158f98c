package import Glibc

/// A redis-server of a test's own, on loopback and on a unix socket; or a sentinel. A shell stands between, which kills it
/// as soon as our end of a pipe closes: with the last reference to this, or with the test process, however it ends. One
/// that several tests share is started and stopped by none of them.
package final class RedisServer: @unchecked Sendable {
  package let sandbox = Sandbox()
  package private(set) var port: UInt16 = 0
  package private(set) var pid: pid_t = -1
  private let isSentinel: Bool
  private var arguments: [String] = []
  private var shell: Running?

  /// Long enough for any machine; a test of time-outs says its own.
  package static let patience = "connect-timeout=60s&timeout=60s"

  package var url: String { "\(bare)?\(Self.patience)" }
  package var bare: String { "redis://127.0.0.1:\(port)" }
  package var socketPath: String { sandbox.path + "/redis.sock" }

  /// - Parameter arguments: for its command line; `PORT2` stands for another free port. With `--port 0` it is on its unix
  ///   socket alone.
  /// - Parameter sentinel: the lines of a sentinel's configuration, where it is to be one.
  package init(_ arguments: [String] = [], sentinel: String? = nil, tls: Bool = false) throws {
    isSentinel = sentinel != nil
    // Another process may take a port between our looking and the server's binding: the server ends, and others are tried.
    for _ in 0..<5 {
      port = freePort()
      var words = ["redis-server"]
      if let sentinel { words.append(sandbox.file("sentinel.conf", sentinel)) }
      words += ["--bind", "127.0.0.1", "--dir", sandbox.path]
      words += tls ? ["--port", "0", "--tls-port", String(port)] : ["--port", String(port)]
      if !isSentinel {
        words += ["--save", "", "--enable-debug-command", "local", "--tcp-backlog", "4096", "--unixsocket", socketPath]
      }
      let other = String(freePort())
      self.arguments = words + arguments.map { $0 == "PORT2" ? other : $0 } + (isSentinel ? ["--sentinel"] : [])
      if start() { return }
    }
    throw TestFailure("redis-server does not start: \(sandbox.read("log") ?? "no log")")
  }

  deinit { stop() }

  /// Starts it (again), with no more than it has saved. Its own log tells that it is this server that listens.
  ///
  /// - Parameter more: for its command line.
  /// - Parameter sign: what its log says when it is as far as wanted.
  @discardableResult
  package func start(_ more: [String] = [], until sign: String? = nil) -> Bool {
    // "Ready" on a port, "is now ready" on a unix socket.
    let sign = sign ?? (isSentinel ? "Sentinel ID" : "eady to accept connections")
    stop()
    unlink(sandbox.path + "/log")
    let script = """
      trap '' HUP INT QUIT TERM
      "$@" </dev/null >log 2>&1 &
      echo $!
      read x
      kill -9 $!; wait
      """
    let shell = sandbox.start(["/bin/sh", "-c", script, "sh"] + arguments + more, input: nil)
    self.shell = shell
    guard shell.expect("\n"), let pid = pid_t(shell.text.dropLast()) else { return false }
    self.pid = pid
    return eventually(seconds: 60) { sandbox.read("log")?.contains(sign) == true || !isAlive(pid) } && isAlive(pid)
  }

  /// SIGKILL, and its end.
  package func stop() {
    shell?.closeInput()
    shell?.wait()
    shell = nil
  }

  package func send(_ signal: Int32) { kill(pid, signal) }

  /// What redis-cli prints.
  @discardableResult
  package func cli(_ words: String...) -> String { cli(words) }

  @discardableResult
  package func cli(_ words: [String], input: [UInt8] = []) -> String {
    String(decoding: answer(words, input: input), as: UTF8.self)
  }

  /// The bytes that redis-cli prints.
  ///
  /// - Parameter input: its standard input, which is the last word after `-x`.
  package func answer(_ words: [String], input: [UInt8] = []) -> [UInt8] {
    let place = isSentinel ? ["-p", String(port)] : ["-s", socketPath]
    return sandbox.execute(["/usr/bin/redis-cli"] + place + words, input: input).output
  }

  /// One number of `INFO`.
  package func info(_ key: String) -> Int {
    let line = cli("INFO").split(whereSeparator: \.isNewline).first { $0.hasPrefix(key + ":") }
    return line.flatMap { Int($0.dropFirst(key.count + 1)) } ?? -1
  }
}
