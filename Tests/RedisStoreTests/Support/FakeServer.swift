import Glibc

@testable import RedisStore

/// A server that behaves as badly as a test tells it.
final class FakeServer: @unchecked Sendable {
  let port: UInt16
  private let listener: Int32

  var url: String { "redis://127.0.0.1:\(port)" }

  /// - Parameter handle: is called on a thread of its own for each connection; the descriptor is closed after it.
  init(_ handle: @escaping @Sendable (Int32) -> Void) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    self.listener = listener
    port = try RedisServer.bindLoopback(listener)
    listen(listener, 16)
    Self.thread {
      while true {
        var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        poll(&entry, 1, -1)
        // A socket that a child inherits between here and its exec is closed by CTestSupport.
        let descriptor = accept(listener, nil, nil)
        if descriptor < 0 {
          if errno == EINTR || errno == ECONNABORTED { continue }
          close(listener)
          return
        }
        Self.thread {
          handle(descriptor)
          close(descriptor)
        }
      }
    }
  }

  /// A server that understands commands. ROLE says master unless `answer` says something else.
  /// - Parameter answer: the reply in the form of the protocol; nil for the usual one, `""` to close.
  static func answering(_ answer: @escaping @Sendable ([String]) -> String?) throws -> FakeServer {
    try FakeServer { descriptor in
      var input: [UInt8] = []
      while let words = Self.command(descriptor, &input) {
        var reply = answer(words)
        if reply == nil {
          reply = words.first == "ROLE" ? "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n" : "+OK\r\n"
        }
        guard let reply, !reply.isEmpty, Self.send(descriptor, reply) else { return }
      }
    }
  }

  // shutdown, not close: the thread in accept owns the descriptor and closes it.
  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  @discardableResult
  static func send(_ descriptor: Int32, _ text: String) -> Bool { send(descriptor, Array(text.utf8)) }

  @discardableResult
  static func send(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  static func command(_ descriptor: Int32, _ input: inout [UInt8]) -> [String]? {
    guard let count = number("*", descriptor, &input) else { return nil }
    var words: [String] = []
    for _ in 0..<count {
      guard let length = number("$", descriptor, &input), fill(descriptor, &input, length + 2) else { return nil }
      words.append(String(decoding: input[..<length], as: UTF8.self))
      input.removeFirst(length + 2)
    }
    return words
  }

  private static func number(_ kind: String, _ descriptor: Int32, _ input: inout [UInt8]) -> Int? {
    while true {
      if let end = input.firstIndex(of: 10) {
        let line = String(decoding: input[..<(end - 1)], as: UTF8.self)
        input.removeFirst(end + 1)
        return line.hasPrefix(kind) ? Int(line.dropFirst()) : nil
      }
      guard fill(descriptor, &input, input.count + 1) else { return nil }
    }
  }

  private static func fill(_ descriptor: Int32, _ input: inout [UInt8], _ wanted: Int) -> Bool {
    while input.count < wanted {
      var chunk = [UInt8](repeating: 0, count: 4096)
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      input += chunk[..<count]
    }
    return true
  }

  static func thread(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
      let body: @Sendable () -> Void
      init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(body)).toOpaque()
    pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, box)
    pthread_detach(thread)
  }
}
