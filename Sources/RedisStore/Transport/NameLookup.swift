import CResolver
import Glibc

/// An address that a socket can be connected to.
struct SocketAddress {
  var storage = sockaddr_storage()
  var length: socklen_t = 0

  var family: Int32 { Int32(storage.ss_family) }

  /// A path of at most 107 bytes.
  static func unix(_ path: String) -> SocketAddress {
    var address = SocketAddress()
    var unix = sockaddr_un()
    unix.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8.prefix(107))
    withUnsafeMutableBytes(of: &unix.sun_path) { $0.copyBytes(from: bytes) }
    address.length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count + 1)
    address.copy(unix)
    return address
  }

  /// A numeric IPv4 or IPv6 address; nil for a name.
  static func numeric(_ host: String, port: UInt16) -> SocketAddress? {
    var address = SocketAddress()
    var four = sockaddr_in()
    if inet_pton(AF_INET, host, &four.sin_addr) == 1 {
      four.sin_family = sa_family_t(AF_INET)
      four.sin_port = port.bigEndian
      address.length = socklen_t(MemoryLayout<sockaddr_in>.size)
      address.copy(four)
      return address
    }
    var six = sockaddr_in6()
    if inet_pton(AF_INET6, host, &six.sin6_addr) == 1 {
      six.sin6_family = sa_family_t(AF_INET6)
      six.sin6_port = port.bigEndian
      address.length = socklen_t(MemoryLayout<sockaddr_in6>.size)
      address.copy(six)
      return address
    }
    return nil
  }

  private mutating func copy<T>(_ value: T) {
    withUnsafeMutableBytes(of: &storage) { to in
      withUnsafeBytes(of: value) { from in to.copyMemory(from: UnsafeRawBufferPointer(rebasing: from.prefix(to.count)))
      }
    }
  }
}

/// From a host's name to addresses, within a deadline.
enum NameLookup {
  enum Failure: Error {
    case timedOut
    case failed(String)
  }

  /// All addresses of `host`, in the order that the system prefers.
  ///
  /// Numeric addresses and `localhost` (which RFC 6761 binds to the loopback addresses) cost nothing; for any other
  /// name a child process asks the system's resolver, and is ended at the deadline.
  static func addresses(of host: String, port: UInt16, deadline: Deadline) throws(Failure) -> [SocketAddress] {
    if let address = SocketAddress.numeric(host, port: port) { return [address] }
    if host == "localhost" {
      return ["127.0.0.1", "::1"].compactMap { SocketAddress.numeric($0, port: port) }
    }
    guard !deadline.hasPassed else { throw .timedOut }
    var child = pid_t()
    var descriptor: Int32 = -1
    let error = cresolver_start(host, String(port), &child, &descriptor)
    guard error == 0 else { throw .failed("no process for the look-up: \(SystemReason.text(error))") }
    defer { cresolver_end(child, descriptor) }

    var entries = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
    guard deadline.poll(&entries) > 0 else { throw .timedOut }
    var answer = cresolver_answer()
    let wanted = MemoryLayout<cresolver_answer>.size
    // One write of the child shorter than PIPE_BUF, so one read: whole, or nothing because the child has died.
    let count = read(descriptor, &answer, wanted)
    guard count == wanted else { throw .failed("the look-up ended without an answer") }
    guard answer.gai_error == 0 else {
      let reason =
        answer.gai_error == EAI_SYSTEM
        ? SystemReason.text(answer.system_error) : String(cString: cresolver_reason(answer.gai_error))
      throw .failed(reason)
    }
    return withUnsafeBytes(of: &answer.addresses) { bytes in
      bytes.bindMemory(to: cresolver_address.self).prefix(Int(answer.count)).map {
        SocketAddress(storage: $0.address, length: $0.length)
      }
    }
  }
}
