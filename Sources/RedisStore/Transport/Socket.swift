import Glibc
import System

/// A connected, or connecting, stream socket that closes exactly once: non-blocking, and not inherited by CMD.
struct Socket: ~Copyable {
  let descriptor: Int32

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  init(adopting descriptor: Int32) { self.descriptor = descriptor }

  /// Gives up the descriptor, which the caller then closes.
  consuming func release() -> Int32 {
    let descriptor = descriptor
    discard self
    return descriptor
  }

  enum Outcome {
    /// Bytes sent or received; 0 received bytes are the end.
    case count(Int)
    case wouldBlock
    case failed(Int32)
  }

  /// - Throws: nothing; nil with `errno` set where the system has no socket to give.
  init?(family: Int32) {
    descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | cloexecNonBlocking, 0)
    if descriptor < 0 { return nil }
    if family != AF_UNIX {
      // Small requests and replies: waiting to fill a packet only adds 40 ms.
      var on: Int32 = 1
      setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }
  }

  /// Begins to connect: 0 when done, EINPROGRESS while under way, or why not.
  func connect(to address: SocketAddress) -> Int32 {
    var storage = address.storage
    let result = withUnsafePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, address.length) }
    }
    if result == 0 { return 0 }
    // Interrupted: connecting goes on in the background (connect(2)), as with EINPROGRESS.
    return errno == EINTR ? EINPROGRESS : errno
  }

  /// How connecting ended: 0, or an errno.
  var pendingError: Int32 {
    var error: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno
  }

  /// MSG_NOSIGNAL: a reset peer must not kill cb by SIGPIPE, whose disposition is CMD's to inherit.
  func send(_ bytes: UnsafeRawBufferPointer) -> Outcome {
    outcome { Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)) }
  }

  func receive(into buffer: UnsafeMutableRawBufferPointer) -> Outcome {
    outcome { recv(descriptor, buffer.baseAddress, buffer.count, 0) }
  }

  /// What has come since the last reply: nothing (would block), the end or an error, or bytes nobody asked for.
  func peek() -> Outcome {
    var byte: UInt8 = 0
    return outcome { recv(descriptor, &byte, 1, Int32(MSG_PEEK)) }
  }

  private func outcome(_ call: () -> Int) -> Outcome {
    let count = retryingInterrupts(call)
    if count >= 0 { return .count(count) }
    return errno == EAGAIN || errno == EWOULDBLOCK ? .wouldBlock : .failed(errno)
  }
}

private var cloexecNonBlocking: Int32 { Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue) }
