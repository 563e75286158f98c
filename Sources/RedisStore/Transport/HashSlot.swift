/// Which of a cluster's 16384 slots a key is in (Redis Cluster specification, "Key distribution model").
package enum HashSlot {
  /// 0 to 16383, from the bytes of the key.
  package static func of(_ key: [UInt8]) -> UInt16 {
    crc16(hashed(key)) % 16384
  }

  /// The contents of the first `{...}` that is not empty, else the whole key.
  private static func hashed(_ key: [UInt8]) -> ArraySlice<UInt8> {
    guard let open = key.firstIndex(of: UInt8(ascii: "{")),
      let close = key[(open + 1)...].firstIndex(of: UInt8(ascii: "}")), close > open + 1
    else { return key[...] }
    return key[(open + 1)..<close]
  }

  /// CRC-16/XMODEM. Bit by bit: a key is short, and a table of 256 entries would be one more thing to start with.
  private static func crc16(_ bytes: ArraySlice<UInt8>) -> UInt16 {
    bytes.reduce(UInt16(0)) { crc, byte in
      (0..<8).reduce(crc ^ UInt16(byte) << 8) { value, _ in
        value & 0x8000 == 0 ? value << 1 : value << 1 ^ 0x1021
      }
    }
  }
}
