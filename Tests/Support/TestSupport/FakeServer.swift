import Glibc
package import Synchronization

/// A server that behaves as badly as a test tells it, on loopback or on a unix socket.
package final class FakeServer: Sendable {
  /// 0 on a unix socket.
  package let port: UInt16
  private let listener: Int32
  private let takesNobody: Bool
  private let taken = Counter()

  package var url: String { "redis://127.0.0.1:\(port)" }

  /// Connections that were taken.
  package var connections: Int { taken.value.load(ordering: .relaxed) }

  /// - Parameter path: of a unix socket; nil: a port on loopback.
  /// - Parameter handle: is called on a thread of its own for each connection; the descriptor is closed after it. Nil: no
  ///   connection is taken.
  package init(at path: String? = nil, _ handle: (@Sendable (Int32) -> Void)?) {
    let listener = socket(
      path == nil ? AF_INET : AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    self.listener = listener
    takesNobody = handle == nil
    if let path {
      port = 0
      precondition(withUnixAddress(path) { bind(listener, $0, $1) } == 0, "bind \(path): \(errno)")
    } else {
      port = bindLoopback(listener)
    }
    precondition(listen(listener, 64) == 0)
    guard let handle else { return }
    let taken = taken
    Self.thread {
      while true {
        // A socket that a child inherits between here and its exec is closed by CTestSupport.
        let descriptor = accept(listener, nil, nil)
        if descriptor < 0 {
          if errno == EINTR || errno == ECONNABORTED { continue }
          close(listener)
          return
        }
        taken.value.add(1, ordering: .relaxed)
        Self.thread {
          handle(descriptor)
          close(descriptor)
        }
      }
    }
  }

  /// A server that understands commands. ROLE says master unless `answer` says something else.
  /// - Parameter answer: the reply in the form of the protocol; nil for the usual one, `""` to close.
  package static func answering(_ answer: @escaping @Sendable ([String]) -> String?) -> FakeServer {
    FakeServer { descriptor in
      var input: [UInt8] = []
      while let words = Self.command(descriptor, &input) {
        let usual = words.first == "ROLE" ? "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n" : "+OK\r\n"
        let reply = answer(words) ?? usual
        guard !reply.isEmpty, Self.send(descriptor, reply) else { return }
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    // Otherwise the thread in accept owns the descriptor and closes it.
    if takesNobody { close(listener) }
  }

  @discardableResult
  package static func send(_ descriptor: Int32, _ text: String) -> Bool { send(descriptor, Array(text.utf8)) }

  /// False where the other side has gone.
  @discardableResult
  package static func send(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool { writeAll(descriptor, bytes) }

  /// Sends `bytes` again and again, as long as somebody takes them.
  package static func pour(_ descriptor: Int32, _ bytes: [UInt8]) {
    while send(descriptor, bytes) {}
  }

  /// Waits for what is asked; false where the other side has gone.
  @discardableResult
  package static func hear(_ descriptor: Int32) -> Bool {
    var input: [UInt8] = []
    return fill(descriptor, &input, 1)
  }

  /// The words of the next command; nil where the other side has gone, or sends none.
  package static func command(_ descriptor: Int32, _ input: inout [UInt8]) -> [String]? {
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
      var chunk = [UInt8](repeating: 0, count: 65536)
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      input += chunk[..<count]
    }
    return true
  }

  package static func thread(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
      let body: @Sendable () -> Void
      init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, Unmanaged.passRetained(Box(body)).toOpaque())
    pthread_detach(thread)
  }
}

/// A number that a server's threads share with the test.
package final class Counter: Sendable {
  package let value = Atomic<Int>(0)
  package init() {}
}
