import Glibc
import Synchronization

/// A server on a unix socket that answers whatever it is told to, and nothing that makes sense.
final class HostileServer: @unchecked Sendable {
  let path: String
  private let listener: Int32
  private let served = Atomic<Int>(0)

  /// Connections that were taken.
  var connections: Int { served.load(ordering: .relaxed) }

  /// - Parameter handle: is called on a thread of its own for each connection; nil: none is taken.
  init(_ place: Place, _ handle: (@Sendable (Int32) -> Void)?) {
    path = place.path + "/hostile.sock"
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    self.listener = listener
    let bound = withUnixAddress(path) { bind(listener, $0, $1) }
    precondition(bound == 0 && Glibc.listen(listener, 64) == 0)
    guard let handle else { return }
    startThread { [weak self] in
      // A socket that another test's child inherits between here and its exec is closed by CTestSupport.
      while case let connection = accept(listener, nil, nil), connection >= 0 {
        self?.served.add(1, ordering: .relaxed)
        startThread {
          handle(connection)
          close(connection)
        }
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  /// Sends `bytes` again and again, as long as somebody takes them.
  static func pour(_ connection: Int32, _ bytes: [UInt8]) {
    while send(connection, bytes) {}
  }

  /// False where the other side has gone.
  @discardableResult
  static func send(_ connection: Int32, _ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Waits for what is asked; false where the other side has gone.
  @discardableResult
  static func hear(_ connection: Int32) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65536)
    return recv(connection, &buffer, buffer.count, 0) > 0
  }
}

/// A socket address of the unix family.
func withUnixAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
  return withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
  }
}

private func startThread(_ body: @escaping @Sendable () -> Void) {
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
