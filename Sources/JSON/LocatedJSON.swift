/// A JSON5 value with its place in the text, so that "unknown key" can say line and column.
///
/// A type beside `JSONValue` rather than positions in it: documents are read in every run and need none.
package struct LocatedJSON: Equatable, Sendable {
  /// The value itself, as in `JSONValue`.
  package enum Content: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Unlike in `JSONValue`, may be infinite or not-a-number: JSON5 has words for them.
    case number(Double)
    case string(String)
    case array([LocatedJSON])
    case object([Member])
  }

  /// A member of an object, with the place of its key.
  package struct Member: Equatable, Sendable {
    package var key: String
    package var keyPosition: JSONPosition
    package var value: LocatedJSON
  }

  package var content: Content
  /// Of the first byte of the value.
  package var position: JSONPosition
}

extension LocatedJSON {
  package subscript(key: String) -> LocatedJSON? {
    guard case .object(let members) = content else { return nil }
    return members.first { hasSameBytes($0.key, key) }?.value
  }

  package var isNull: Bool { content == .null }

  package var bool: Bool? {
    guard case .bool(let value) = content else { return nil }
    return value
  }

  package var int: Int? { value.int }
  package var double: Double? { value.double }

  package var string: String? {
    guard case .string(let value) = content else { return nil }
    return value
  }

  package var array: [LocatedJSON]? {
    guard case .array(let value) = content else { return nil }
    return value
  }

  package var object: [Member]? {
    guard case .object(let value) = content else { return nil }
    return value
  }

  /// The value without its positions.
  package var value: JSONValue {
    switch content {
    case .null: return .null
    case .bool(let value): return .bool(value)
    case .integer(let value): return .integer(value)
    case .number(let value): return .number(value)
    case .string(let value): return .string(value)
    case .array(let elements): return .array(elements.map(\.value))
    case .object(let members):
      var object = JSONObject(reservingCapacity: members.count)
      for member in members { object.append(member.key, member.value.value) }
      return .object(object)
    }
  }
}
