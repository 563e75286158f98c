import Glibc

/// Growing memory for the writer: reserve once, then store without checks. With `Array.append` the check for
/// uniqueness and room at each piece was a third of the cost of writing a document (callgrind).
struct JSONOutput: ~Copyable {
  private(set) var base: UnsafeMutablePointer<UInt8>
  private(set) var count = 0
  private var capacity: Int

  init(capacity: Int) {
    self.capacity = max(capacity, 64)
    base = UnsafeMutablePointer<UInt8>.allocate(capacity: self.capacity)
  }

  deinit { base.deallocate() }

  /// Makes room for `more` bytes, and for eight beyond, which a scan by words may load.
  @inline(__always)
  mutating func reserve(_ more: Int) {
    if count &+ more &+ 8 > capacity { grow(to: count + more + 8) }
  }

  @inline(never)
  private mutating func grow(to needed: Int) {
    capacity = max(needed, capacity * 2)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    larger.update(from: base, count: count)
    base.deallocate()
    base = larger
  }

  /// Needs room that was reserved, as do all `store`s.
  @inline(__always)
  mutating func store(_ byte: UInt8) {
    base[count] = byte
    count &+= 1
  }

  @inline(__always)
  mutating func store(_ text: StaticString) {
    let length = text.utf8CodeUnitCount
    for offset in 0..<length { base[count &+ offset] = text.utf8Start[offset] }
    count &+= length
  }

  @inline(__always)
  mutating func store(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
    memcpy(base + count, source, bytes.count)
    count &+= bytes.count
  }

  @inline(__always)
  mutating func store(_ byte: UInt8, times: Int) {
    memset(base + count, Int32(byte), times)
    count &+= times
  }

  mutating func truncate(to length: Int) { count = length }

  /// Moves the bytes from `start` on further back by `gap` bytes, which are left to be stored.
  mutating func open(gap: Int, at start: Int) {
    reserve(gap)
    memmove(base + start + gap, base + start, count - start)
    count += gap
  }

  var bytes: [UInt8] { Array(UnsafeBufferPointer(start: base, count: count)) }
}
