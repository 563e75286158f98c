/// A Lua script and the name under which a server caches it.
package struct Script: Sendable {
  /// SHA-1 of the source, 40 hexadecimal digits.
  package let digest: [UInt8]
  private let text: @Sendable () -> String

  /// Puts the text together: a server is sent it only where it does not know the digest (yet, or after a failover).
  package var source: [UInt8] { Array(text().utf8) }

  /// Computes the digest; nothing is sent to a server.
  package init(_ source: String) {
    text = { source }
    digest = SHA1.hex(Array(source.utf8))
  }

  /// - Parameter digest: what SHA-1 makes of the text; a test holds it against that. Computed at each start, the digests
  ///   of two scripts are 0.3 million instructions, as many as a whole run on files takes.
  init(digest: StaticString, _ text: @escaping @Sendable () -> String) {
    self.digest = digest.withUTF8Buffer { Array($0) }
    self.text = text
  }

  func evalsha(_ keys: [[UInt8]], _ arguments: [[UInt8]]) -> [[UInt8]] {
    [Array("EVALSHA".utf8), digest, Array(String(keys.count).utf8)] + keys + arguments
  }

  func eval(_ keys: [[UInt8]], _ arguments: [[UInt8]]) -> [[UInt8]] {
    [Array("EVAL".utf8), source, Array(String(keys.count).utf8)] + keys + arguments
  }
}
