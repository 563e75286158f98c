/// Finds a key that an object has twice.
///
/// A few keys are compared one by one, and that only if a filter of 64 bits says that they may be the same; with more,
/// a set keeps a hostile object of a million members from costing a million times a million comparisons.
struct JSONKeySet {
  private var filter: UInt64 = 0
  private var set: Set<[UInt8]> = []
  private static let linear = 32

  init() {}

  /// False if `key`, written in the text as `quoted`, is among the keys of `object`, to which it is to be added.
  @inline(__always)
  mutating func insert(_ key: String, _ quoted: UnsafeBufferPointer<UInt8>, after object: JSONObject) -> Bool {
    if object.count >= Self.linear { return insertIntoSet(key, after: object.members.lazy.map(\.key)) }
    // One of 64 bits by length and outer bytes. A key with an escape is written otherwise than it reads: all bits.
    let isVerbatim = quoted.count == key.utf8.count &+ 2
    var bits = UInt64.max
    if isVerbatim, quoted.count > 2 {
      let sum = UInt64(quoted[1]) &* 7 &+ UInt64(quoted[quoted.count &- 2]) &* 31 &+ UInt64(quoted.count)
      bits = 1 << (sum & 63)
    }
    defer { filter |= bits }
    return filter & bits == 0 || object[key] == nil
  }

  mutating func insert(_ key: String, after members: [LocatedJSON.Member]) -> Bool {
    if members.count < Self.linear { return !members.contains { hasSameBytes($0.key, key) } }
    return insertIntoSet(key, after: members.lazy.map(\.key))
  }

  @inline(never)
  private mutating func insertIntoSet(_ key: String, after keys: some Sequence<String>) -> Bool {
    if set.isEmpty { for key in keys { set.insert(Array(key.utf8)) } }
    return set.insert(Array(key.utf8)).inserted
  }
}
