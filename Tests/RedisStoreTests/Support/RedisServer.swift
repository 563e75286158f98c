import Glibc
import System

@testable import RedisStore

/// A redis-server of a test's own: on loopback, or on a unix socket in a directory of its own.
final class RedisServer: Sendable {
  let port: UInt16
  let directory: Scratch
  private let process: Supervised

  var url: String { "redis://127.0.0.1:\(port)" }
  var socketPath: String { directory.path + "/redis.sock" }
  var pid: pid_t { process.pid }

  /// - Parameter arguments: options for its command line; `PORT` stands for the port, `PORT2` for another free one.
  init(
    _ arguments: [String] = [], sentinel: String? = nil, tls: Bool = false, directory: Scratch? = nil
  ) throws {
    let directory = try directory ?? Scratch()
    self.directory = directory
    // Another process may take the port between our looking and the server's binding: try another then.
    for attempt in 0..<5 {
      let port = try Self.freePort()
      let other = try Self.freePort()
      var words = ["redis-server"]
      if let sentinel {
        let file = directory.path + "/sentinel.conf"
        try Files.write(sentinel, to: file)
        words.append(file)
      }
      words += ["--bind", "127.0.0.1", "--save", "", "--dir", directory.path]
      words += ["--unixsocket", directory.path + "/redis.sock", "--enable-debug-command", "local"]
      words += tls ? ["--port", "0", "--tls-port", String(port)] : ["--port", String(port)]
      words += arguments.map { $0 == "PORT" ? String(port) : $0 == "PORT2" ? String(other) : $0 }
      if sentinel != nil {
        words = Array(words[..<2]) + ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory.path]
        words.append("--sentinel")
      }
      let log = directory.path + "/log\(attempt)"
      let process = try Supervised(words, log: log)
      if Self.listens(port, directory.path, log: sentinel == nil ? nil : log) {
        self.port = port
        self.process = process
        return
      }
      if attempt == 4 { throw TestFailure("redis-server does not start: \(Files.text(log) ?? "")") }
    }
    throw TestFailure("redis-server does not start")
  }

  func signal(_ number: Int32) { process.signal(number) }

  /// A client with generous time-outs.
  func client(_ query: String = "") throws -> RedisClient { try Self.client(url + query) }

  static func client(_ url: String, password: String? = nil) throws -> RedisClient {
    var location = try RedisLocation.parse(
      url, environment: .init(password: password.map { Array($0.utf8) }))
    if !url.contains("timeout=") {
      location.connectTimeout = .seconds(10)
      location.timeout = .seconds(10)
    }
    return try RedisClient(location)
  }

  /// A port that nobody listens on.
  static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    return try bindLoopback(descriptor)
  }

  /// Binds to a port that the system chooses.
  static func bindLoopback(_ descriptor: Int32) throws -> UInt16 {
    guard var address = SocketAddress.numeric("127.0.0.1", port: 0) else { throw TestFailure("address") }
    var length = address.length
    let good = withUnsafeMutablePointer(to: &address.storage) {
      $0.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
        }
      }
    }
    guard good else { throw TestFailure("bind: \(errno)") }
    return withUnsafeBytes(of: &address.storage) { UInt16($0[2]) << 8 | UInt16($0[3]) }
  }

  /// Whether it is our server that listens on `port`, and not another that was quicker to bind to it: redis-server makes
  /// its unix socket after it has bound to its port; a sentinel, which has none, says so in its log.
  private static func listens(_ port: UInt16, _ directory: String, log: String?) -> Bool {
    for _ in 0..<1000 {
      if let log, let text = Files.text(log) {
        if text.contains("Sentinel ID") { return true }
        if text.contains("Could not create server TCP") { return false }
      } else {
        let socket = RedisEndpoint.unix(path: directory + "/redis.sock")
        if (try? Dialer.dial(socket, deadline: .after(.seconds(1)))) != nil { return true }
        let text = (0..<5).compactMap { Files.text(directory + "/log\($0)") }.last ?? ""
        if text.contains("Failed listening on port") { return false }
      }
      usleep(10000)
    }
    return false
  }
}

extension RedisClient {
  /// One command in words, within ten seconds.
  @discardableResult
  func say(_ words: String...) throws(RedisError) -> RedisReply {
    try command(.init(words), deadline: .after(.seconds(10)))
  }
}

/// The error that `body` throws.
func redisError(_ body: () throws -> Void) throws -> RedisError {
  do {
    try body()
  } catch let error as RedisError {
    return error
  }
  throw TestFailure("no error was thrown")
}

/// Tries until `condition` holds, for at most `seconds`.
func eventually(_ what: String, seconds: Int = 30, _ condition: () -> Bool) throws {
  let end = Deadline.after(.seconds(seconds))
  while !condition() {
    guard !end.hasPassed else { throw TestFailure("not in \(seconds) s: \(what)") }
    usleep(20000)
  }
}

/// How long `body` takes.
func duration(_ body: () throws -> Void) rethrows -> Duration {
  let start = monotonicNanoseconds()
  try body()
  return .nanoseconds(monotonicNanoseconds() - start)
}
