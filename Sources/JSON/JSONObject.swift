import Glibc

/// The members of a JSON object in the order in which they were read or added.
///
/// An array with linear look-up: our objects have about twenty members, a dictionary costs more to fill than it saves,
/// and it loses the order, which keeps a document readable and its diffs small.
package struct JSONObject: Equatable, Sendable {
  /// A key with its value.
  package struct Member: Equatable, Sendable {
    package var key: String
    package var value: JSONValue

    /// Neither is checked: a key may hold any text.
    package init(key: String, value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  package private(set) var members: [Member]

  /// An object without members.
  package init() { members = [] }

  /// An object without members that has room for `capacity` of them.
  package init(reservingCapacity capacity: Int) {
    members = []
    members.reserveCapacity(capacity)
  }

  package var count: Int { members.count }
  package var isEmpty: Bool { members.isEmpty }

  /// The value of this key; nil if it is not there. Setting replaces the value in its place or appends a member;
  /// setting nil removes the member.
  package subscript(key: String) -> JSONValue? {
    get {
      guard let index = index(of: key) else { return nil }
      return members[index].value
    }
    set {
      switch (index(of: key), newValue) {
      case (let index?, let value?): members[index].value = value
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): members.append(Member(key: key, value: value))
      case (nil, nil): break
      }
    }
  }

  /// Adds a member without looking for the key, which the caller knows is not there.
  package mutating func append(_ key: String, _ value: JSONValue) {
    members.append(Member(key: key, value: value))
  }

  /// The place of this key among `members`; nil if it is not there. Compares bytes: see `hasSameBytes`.
  package func index(of key: String) -> Int? {
    for index in members.indices where hasSameBytes(members[index].key, key) { return index }
    return nil
  }
}

/// Whether two strings are the same bytes. Swift's `==` holds canonically equivalent strings for equal ("é" in one
/// scalar and in two), but those are two keys, as they are two breaker names.
@inline(__always)
func hasSameBytes(_ left: String, _ right: String) -> Bool {
  // Lengths tell most keys apart, and `==` is quick for equal bytes; only what it calls equal is looked at by bytes.
  left.utf8.count == right.utf8.count && left == right && hasSameMemory(left, right)
}

/// For texts of the same length. `elementsEqual` takes ten times what comparing memory takes (callgrind).
@inline(never)
private func hasSameMemory(_ left: String, _ right: String) -> Bool {
  let isSame = left.utf8.withContiguousStorageIfAvailable { left in
    right.utf8.withContiguousStorageIfAvailable { right in
      guard let first = left.baseAddress, let second = right.baseAddress else { return true }
      return memcmp(first, second, left.count) == 0
    }
  }
  return (isSame ?? nil) ?? left.utf8.elementsEqual(right.utf8)
}
