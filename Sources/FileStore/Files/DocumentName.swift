package import CircuitBreaker
import JSON

/// The name of a breaker and its file name.
///
/// The file name is the name's bytes, those outside of `[A-Za-z0-9._-]` and a leading dot as `%XX`; if that is longer
/// than 200 bytes, `%%` and the lower-case base32 of the name (128 bytes make 205 characters), so that with every
/// suffix it stays below the 255 bytes that file systems take. Two names never share a file name, and from each file
/// name its name can be told again. On a file system that folds case, names that differ in case alone would collide;
/// the document holds its breaker's name so that its reader can tell.
package struct DocumentName: Hashable, Sendable {
  package let name: BreakerName
  /// The file name without a suffix.
  package let base: [UInt8]

  /// Every name has a file name.
  package init(_ name: BreakerName) {
    self.name = name
    base = Self.encode(Array(name.text.utf8))
  }

  /// The name that `encode` gives this file name, or nil if there is none.
  package init?(base: some Sequence<UInt8>) {
    let base = Array(base)
    guard let bytes = Self.decode(base), let text = String(validating: bytes, as: UTF8.self),
      let name = try? BreakerName(text)
    else { return nil }
    self.init(name)
    // Another spelling of it is not ours.
    if self.base != base { return nil }
  }

  /// By the file name, which tells all names apart.
  package static func == (left: Self, right: Self) -> Bool { left.base == right.base }
  /// Of the file name, to agree with `==`.
  package func hash(into hasher: inout Hasher) { hasher.combine(base) }

  // MARK: Encoding

  private static let longest = 200

  private static func encode(_ name: [UInt8]) -> [UInt8] {
    var base: [UInt8] = []
    base.reserveCapacity(name.count + 16)
    for (index, byte) in name.enumerated() {
      if isPlain(byte), !(index == 0 && byte == UInt8(ascii: ".")) {
        base.append(byte)
      } else {
        base.append(UInt8(ascii: "%"))
        base.append(upperHexadecimal(byte >> 4))
        base.append(upperHexadecimal(byte & 0xF))
      }
    }
    return base.count <= longest ? base : Array("%%".utf8) + Base32.encode(name)
  }

  private static func decode(_ base: [UInt8]) -> [UInt8]? {
    if base.starts(with: "%%".utf8) { return Base32.decode(base.dropFirst(2)) }
    var name: [UInt8] = []
    var index = 0
    while index < base.count {
      if base[index] == UInt8(ascii: "%") {
        guard index + 2 < base.count, let high = hexadecimalDigit(base[index + 1]),
          let low = hexadecimalDigit(base[index + 2])
        else { return nil }
        name.append(high << 4 | low)
        index += 3
      } else {
        name.append(base[index])
        index += 1
      }
    }
    return name
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  private static func upperHexadecimal(_ digit: UInt8) -> UInt8 {
    digit < 10 ? digit + UInt8(ascii: "0") : digit - 10 + UInt8(ascii: "A")
  }
}

extension DocumentName: Comparable {
  /// By the bytes of the name, so that every listing has one order whatever the locale.
  package static func < (left: Self, right: Self) -> Bool {
    left.name < right.name
  }
}

/// RFC 4648 base32 without padding, in lower case.
private enum Base32 {
  static func encode(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var buffer: UInt32 = 0
    var bits = 0
    for byte in bytes {
      buffer = (buffer << 8 | UInt32(byte)) & 0xFFF
      bits += 8
      while bits >= 5 {
        bits -= 5
        result.append(digit(UInt8(buffer >> UInt32(bits) & 31)))
      }
    }
    if bits > 0 { result.append(digit(UInt8(buffer << UInt32(5 - bits) & 31))) }
    return result
  }

  /// Takes what is not canonical, too; the caller encodes again and compares.
  static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    var buffer: UInt32 = 0
    var bits = 0
    for character in text {
      let value: UInt8
      switch character {
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - UInt8(ascii: "a")
      case UInt8(ascii: "2")...UInt8(ascii: "7"): value = character - UInt8(ascii: "2") + 26
      default: return nil
      }
      buffer = (buffer << 5 | UInt32(value)) & 0xFFF
      bits += 5
      if bits >= 8 {
        bits -= 8
        result.append(UInt8(buffer >> UInt32(bits) & 0xFF))
      }
    }
    return result
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 26 ? value + UInt8(ascii: "a") : value - 26 + UInt8(ascii: "2")
  }
}
