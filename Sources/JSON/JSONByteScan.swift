/// Eight bytes at a time: strings are most of a document, and byte by byte they were a third of the cost of reading
/// one (callgrind).

/// A word whose lowest set high bit marks the first byte that is a control character (DEL included), a quote, a
/// backslash or not ASCII; 0 if there is none. Bits above the first may be wrong (borrows), so only that one counts.
@inline(__always)
func specialBytes(_ word: UInt64) -> UInt64 {
  let ones: UInt64 = 0x0101_0101_0101_0101
  let highs: UInt64 = 0x8080_8080_8080_8080
  let quote = word ^ (ones &* 0x22)
  let backslash = word ^ (ones &* 0x5C)
  let delete = word ^ (ones &* 0x7F)
  let controls = (word &- ones &* 0x20) & ~word
  let matches = ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((delete &- ones) & ~delete)
  return (controls | matches | word) & highs
}

/// The offset of the first byte of that kind in `start..<end`, or `end`. All bytes up to `readable`, which is not less
/// than `end`, may be loaded.
@inline(__always)
func firstSpecialByte(_ base: UnsafePointer<UInt8>, from start: Int, to end: Int, readable: Int) -> Int {
  let raw = UnsafeRawPointer(base)
  var index = start
  while index < end, index &+ 8 <= readable {
    let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
    let special = specialBytes(word)
    if special != 0 { return min(index &+ special.trailingZeroBitCount >> 3, end) }
    index &+= 8
  }
  while index < end {
    let byte = base[index]
    if byte < 0x20 || byte == 0x22 || byte == 0x5C || byte >= 0x7F { return index }
    index &+= 1
  }
  return end
}
