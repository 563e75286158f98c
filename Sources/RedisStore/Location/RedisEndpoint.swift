/// One place where a server listens.
package enum RedisEndpoint: Hashable, Sendable, CustomStringConvertible {
  /// A host name or numeric address (without brackets) and a port.
  case tcp(host: String, port: UInt16)
  /// A socket in the file system.
  case unix(path: String)

  /// How it is written in a message; nothing secret is in it, and no control character leaves it raw.
  package var description: String {
    switch self {
    case .tcp(let host, let port): Printable.text(host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)")
    case .unix(let path): Printable.text("unix:\(path)")
    }
  }
}
