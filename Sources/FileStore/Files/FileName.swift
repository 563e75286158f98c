/// A path or file name as system calls want it: bytes with a zero at the end. Bytes, because a path need not be UTF-8.
struct FileName {
  let cString: [CChar]

  init(_ path: [UInt8]) { self.init([], path, "") }

  /// The four in a row.
  init(_ prefix: [UInt8], _ base: [UInt8], _ suffix: StaticString, _ rest: [UInt8] = []) {
    let length = prefix.count + base.count + suffix.utf8CodeUnitCount + rest.count
    cString = [CChar](unsafeUninitializedCapacity: length + 1) { buffer, count in
      var index = 0
      for byte in prefix {
        buffer[index] = CChar(bitPattern: byte)
        index &+= 1
      }
      for byte in base {
        buffer[index] = CChar(bitPattern: byte)
        index &+= 1
      }
      for offset in 0..<suffix.utf8CodeUnitCount {
        buffer[index] = CChar(bitPattern: suffix.utf8Start[offset])
        index &+= 1
      }
      for byte in rest {
        buffer[index] = CChar(bitPattern: byte)
        index &+= 1
      }
      buffer[index] = 0
      count = length + 1
    }
  }

  /// For messages; invalid UTF-8 is repaired here only.
  var text: String { String(decoding: cString.dropLast().lazy.map(UInt8.init(bitPattern:)), as: UTF8.self) }
}
