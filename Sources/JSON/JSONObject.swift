/// The members of a JSON object in the order in which they were read or added.
///
/// An array with linear look-up: our objects have some twenty members, and a dictionary costs more to fill than it
/// saves, besides losing the order that keeps a document readable and its diffs small.
package struct JSONObject: Equatable, Sendable {
  package struct Member: Equatable, Sendable {
    package var key: String
    package var value: JSONValue

    package init(key: String, value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  package private(set) var members: [Member]

  package init() { members = [] }

  package init(reservingCapacity capacity: Int) {
    members = []
    members.reserveCapacity(capacity)
  }

  package var count: Int { members.count }
  package var isEmpty: Bool { members.isEmpty }

  /// The value of this key. Setting replaces it in its place or appends it; setting nil takes the member away.
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

  /// Adds a member without looking whether the key is there: for callers that know it is not.
  package mutating func append(_ key: String, _ value: JSONValue) {
    members.append(Member(key: key, value: value))
  }

  private func index(of key: String) -> Int? {
    for index in members.indices where hasSameBytes(members[index].key, key) { return index }
    return nil
  }
}

/// Whether two strings are the same bytes. Swift's `==` holds canonically equivalent strings for equal ("é" in one
/// scalar and in two), but those are two keys, as they are two breaker names.
@inline(__always)
func hasSameBytes(_ left: String, _ right: String) -> Bool {
  // Lengths tell most keys apart, and `==` is quick for equal bytes; only what it calls equal is looked at by bytes.
  left.utf8.count == right.utf8.count && left == right && left.utf8.elementsEqual(right.utf8)
}
