import CResolver

/// From a host's name to addresses, within a deadline.
enum NameLookup {
  enum Failure: Error, Equatable {
    case timedOut
    case failed(String)
  }

  /// All addresses of `host`, in the order to try them (RFC 6724), at most 16: no budget of a second can try more.
  ///
  /// Numeric addresses and `localhost` (which RFC 6761 binds to the loopback addresses) cost nothing; any other name is
  /// looked for in /etc/hosts and asked of the name servers in /etc/resolv.conf, in the order of /etc/nsswitch.conf.
  ///
  /// - Parameter server: a name server on 127.0.0.1 to ask in place of the system's, for tests.
  static func addresses(
    of host: String, port: UInt16, deadline: Deadline, server: UInt16? = nil
  ) throws(Failure) -> [SocketAddress] {
    if let address = SocketAddress.numeric(host, port: port) { return [address] }
    if host == "localhost" {
      return ["127.0.0.1", "::1"].compactMap { SocketAddress.numeric($0, port: port) }
    }
    guard !deadline.hasPassed else { throw .timedOut }
    var answer = cresolver_answer()
    // Rounded up, so that the last millisecond is not lost.
    let left = (min(deadline.remainingNanoseconds, 3_600_000_000_000) + 999_999) / 1_000_000
    let status = cresolver_look_up(host, left, server ?? 0, &answer)
    guard status != CRESOLVER_TIMED_OUT else { throw .timedOut }
    guard status == 0 else { throw .failed(String(cString: cresolver_reason(status))) }
    return withUnsafeBytes(of: &answer.addresses) { bytes in
      bytes.bindMemory(to: cresolver_address.self).prefix(Int(answer.count)).map { SocketAddress($0, port: port) }
    }
  }
}

extension SocketAddress {
  fileprivate init(_ found: cresolver_address, port: UInt16) {
    self = withUnsafeBytes(of: found.bytes) { bytes in
      found.is_ipv6 != 0
        ? SocketAddress(ipv6: bytes, scope: found.scope, port: port) : SocketAddress(ipv4: bytes, port: port)
    }
  }
}
