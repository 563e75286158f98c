import Glibc

/// An address that a socket can be connected to.
struct SocketAddress {
  var storage = sockaddr_storage()
  var length: socklen_t = 0

  private init() {}

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

  /// Of four bytes in network order.
  init(ipv4 bytes: UnsafeRawBufferPointer, port: UInt16) {
    var four = sockaddr_in()
    four.sin_family = sa_family_t(AF_INET)
    four.sin_port = port.bigEndian
    withUnsafeMutableBytes(of: &four.sin_addr) { $0.copyBytes(from: bytes.prefix(4)) }
    length = socklen_t(MemoryLayout<sockaddr_in>.size)
    copy(four)
  }

  /// Of sixteen bytes in network order, and the number of the interface for a link-local address.
  init(ipv6 bytes: UnsafeRawBufferPointer, scope: UInt32, port: UInt16) {
    var six = sockaddr_in6()
    six.sin6_family = sa_family_t(AF_INET6)
    six.sin6_port = port.bigEndian
    six.sin6_scope_id = scope
    withUnsafeMutableBytes(of: &six.sin6_addr) { $0.copyBytes(from: bytes.prefix(16)) }
    length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    copy(six)
  }

  private mutating func copy<T>(_ value: T) {
    withUnsafeMutableBytes(of: &storage) { to in
      withUnsafeBytes(of: value) { from in to.copyMemory(from: UnsafeRawBufferPointer(rebasing: from.prefix(to.count)))
      }
    }
  }
}
