import CTestSupport
import Glibc

/// A redis-server on a private socket, ended with this value.
final class PrivateRedis {
  let url: String
  private let server: Child
  private let path: String

  struct Failed: Error { var what: String }

  init(_ place: Place) throws {
    path = place.path + "/redis.sock"
    server = Child(
      ["/usr/bin/env", "redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--dir", place.path]
        .map { Array($0.utf8) }, environment: place.environment, directory: place.path)
    url = "redis+unix://\(path)?timeout=20s&connect-timeout=20s"
    for _ in 0..<3000 {
      if access(path, F_OK) == 0 { return }
      usleep(10000)
    }
    throw Failed(what: "redis-server does not start")
  }

  /// Waits until the server has taken everything that the dead had sent: it serves its sockets in turns, those that
  /// were there before ours in the first of them at the latest, so that after three answers none is left.
  func settle() throws {
    let connection = try connect()
    defer { close(connection) }
    for _ in 0..<3 { _ = try ask([Array("PING".utf8)], on: connection) }
  }

  func ask(_ words: [String]) throws -> [UInt8] { try ask(words.map { Array($0.utf8) }) }

  /// What the server answers, without its head and end where that is a text of a given length.
  func ask(_ words: [[UInt8]]) throws -> [UInt8] {
    let connection = try connect()
    defer { close(connection) }
    return try ask(words, on: connection)
  }

  private func connect() throws -> Int32 {
    let connection = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    let result = withUnixAddress(path) { Glibc.connect(connection, $0, $1) }
    guard result == 0 else { throw Failed(what: "connect: \(errno)") }
    return connection
  }

  private func ask(_ words: [[UInt8]], on connection: Int32) throws -> [UInt8] {
    var request = Array("*\(words.count)\r\n".utf8)
    for word in words { request += Array("$\(word.count)\r\n".utf8) + word + [13, 10] }
    var rest = request[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { throw Failed(what: "send: \(errno)") }
      rest = rest.dropFirst(count)
    }
    var reply: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      if let end = reply.firstIndex(of: 10) {
        let head = String(decoding: reply[..<(end - 1)], as: UTF8.self)
        if head.hasPrefix("-") { throw Failed(what: head) }
        guard head.hasPrefix("$"), let length = Int(head.dropFirst()) else { return reply }
        if length < 0 { return [] }
        if reply.count >= end + 1 + length + 2 { return Array(reply[(end + 1)..<(end + 1 + length)]) }
      }
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { throw Failed(what: "recv: \(errno)") }
      reply += buffer[..<count]
    }
  }
}
