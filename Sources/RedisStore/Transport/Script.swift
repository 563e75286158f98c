/// A Lua script and the name under which a server caches it.
package struct Script: Sendable {
  package let source: [UInt8]
  /// SHA-1 of the source, 40 hexadecimal digits.
  package let digest: [UInt8]

  /// Computes the digest; nothing is sent to a server.
  package init(_ source: String) {
    self.source = Array(source.utf8)
    digest = SHA1.hex(self.source)
  }

  func evalsha(_ keys: [[UInt8]], _ arguments: [[UInt8]]) -> [[UInt8]] {
    [Array("EVALSHA".utf8), digest, Array(String(keys.count).utf8)] + keys + arguments
  }

  func eval(_ keys: [[UInt8]], _ arguments: [[UInt8]]) -> [[UInt8]] {
    [Array("EVAL".utf8), source, Array(String(keys.count).utf8)] + keys + arguments
  }
}
