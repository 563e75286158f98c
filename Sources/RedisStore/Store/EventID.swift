/// The numbers by which events are told apart: 48 random bits. Among the thousand or two that are remembered at a time
/// two are the same once in six years of an event a millisecond, and a snapshot holds each in 8 bytes: after a
/// herd it is handed to everybody.
enum EventID {
  static func draw(_ random: () -> UInt64) -> String {
    String(random() >> 16, radix: 16)
  }

  private static let width = 8
  /// 64 characters that JSON writes unescaped.
  private static let signs = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_".utf8)

  /// All of them in one text, without anything in between.
  static func text(_ ids: [UInt64]) -> String {
    String(unsafeUninitializedCapacity: ids.count * width) { buffer in
      for (index, id) in ids.enumerated() {
        for place in 0..<width { buffer[index * width + place] = signs[Int(id >> UInt64(6 * place) & 63)] }
      }
      return ids.count * width
    }
  }

  /// The numbers of such a text; of a text that is none, what can be read.
  static func list(_ text: String) -> [UInt64] {
    let bytes = Array(text.utf8)
    return stride(from: 0, to: bytes.count / width * width, by: width).compactMap { start in
      var id: UInt64 = 0
      for place in 0..<width {
        guard let value = value(of: bytes[start + place]) else { return nil }
        id |= value << UInt64(6 * place)
      }
      return id
    }
  }

  private static func value(of sign: UInt8) -> UInt64? {
    switch sign {
    case 0x30...0x39: UInt64(sign - 0x30)
    case 0x41...0x5A: UInt64(sign - 0x41) + 10
    case 0x61...0x7A: UInt64(sign - 0x61) + 36
    case UInt8(ascii: "-"): 62
    case UInt8(ascii: "_"): 63
    default: nil
    }
  }
}
