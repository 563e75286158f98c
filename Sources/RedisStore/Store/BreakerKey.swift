import CircuitBreaker

/// The one key of a breaker: the hash `<prefix>{NAME}`. One, so that a cluster which moves the slot can always say where
/// it is. The braces make NAME the part that decides on the slot; braces and percent signs of a name are written as
/// `%7B`, `%7D`, `%25`, so that no name can end that part early.
struct BreakerKey {
  let bytes: [UInt8]

  init(_ name: BreakerName, prefix: [UInt8]) {
    bytes = prefix + [UInt8(ascii: "{")] + Self.escape(name.text) + [UInt8(ascii: "}")]
  }

  private static func escape(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "{"): bytes += Array("%7B".utf8)
      case UInt8(ascii: "}"): bytes += Array("%7D".utf8)
      case UInt8(ascii: "%"): bytes += Array("%25".utf8)
      default: bytes.append(byte)
      }
    }
    return bytes
  }

  /// The name whose hash has this key; nil for a key of another kind.
  static func name(of key: [UInt8], prefix: [UInt8]) -> BreakerName? {
    guard key.starts(with: prefix), key.last == UInt8(ascii: "}") else { return nil }
    let middle = key.dropFirst(prefix.count)
    guard middle.first == UInt8(ascii: "{") else { return nil }
    var text = String(decoding: middle.dropFirst().dropLast(), as: UTF8.self)
    for (code, character) in [("%7B", "{"), ("%7D", "}"), ("%25", "%")] { text = text.replacing(code, by: character) }
    guard let name = try? BreakerName(text), BreakerKey(name, prefix: prefix).bytes == key else { return nil }
    return name
  }
}

extension String {
  /// Every `part` replaced, from left to right.
  fileprivate func replacing(_ part: String, by other: String) -> String {
    let part = Array(part.utf8)
    var result: [UInt8] = []
    var rest = Array(utf8)[...]
    while !rest.isEmpty {
      if rest.starts(with: part) {
        result += Array(other.utf8)
        rest = rest.dropFirst(part.count)
      } else {
        result.append(rest.removeFirst())
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
