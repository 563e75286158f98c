import CircuitBreaker
import System

/// Text from outside (URLs, servers) made fit for one line of a terminal.
enum Printable {
  /// Longer texts are cut: an error message of a hostile server may be 64 MiB.
  static let longest = 240

  /// UTF-8 with its control characters shown, the rest cut off.
  static func text(_ bytes: some Sequence<UInt8>) -> String {
    text(String(decoding: Array(bytes.prefix(4 * longest)), as: UTF8.self))
  }

  static func text(_ string: String) -> String {
    let scalars = string.unicodeScalars
    let cut = String(scalars.prefix(longest)).escapingControls()
    return scalars.dropFirst(longest).isEmpty ? cut : cut + "..."
  }
}
