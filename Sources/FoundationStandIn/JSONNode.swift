/// A JSON value while it is being encoded: containers are filled in after they have been handed out.
final class JSONNode {
  enum Content {
    case null
    /// A number, true or false, as it is written.
    case literal(String)
    case string(String)
    case array([JSONNode])
    case object([String: JSONNode])
  }

  var content = Content.null

  init() {}

  init(encoding value: some Encodable, path: [any CodingKey]) throws {
    switch value {
    case let value as String: content = .string(value)
    case let value as Bool: content = .literal(value ? "true" : "false")
    case let value as any BinaryInteger: content = .literal(String(describing: value))
    case let value as Double: content = .literal(value.description)
    case let value as Float: content = .literal(value.description)
    default: try value.encode(to: JSONNodeEncoder(node: self, codingPath: path))
    }
  }

  func append(_ node: JSONNode) {
    guard case .array(var elements) = content else { return }
    content = .null
    elements.append(node)
    content = .array(elements)
  }

  func set(_ key: String, _ node: JSONNode) {
    guard case .object(var members) = content else { return }
    content = .null
    members[key] = node
    content = .object(members)
  }

  func write(to text: inout String, indent: String) {
    let inner = indent + "  "
    switch content {
    case .null: text += "null"
    case .literal(let literal): text += literal
    case .string(let string): Self.write(string, to: &text)
    case .array(let elements):
      text += "["
      for (index, element) in elements.enumerated() {
        text += (index == 0 ? "\n" : ",\n") + inner
        element.write(to: &text, indent: inner)
      }
      text += elements.isEmpty ? "\n\n\(indent)]" : "\n\(indent)]"
    case .object(let members):
      text += "{"
      for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
        text += (index == 0 ? "\n" : ",\n") + inner
        Self.write(member.key, to: &text)
        text += " : "
        member.value.write(to: &text, indent: inner)
      }
      text += members.isEmpty ? "\n\n\(indent)}" : "\n\(indent)}"
    }
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "/": text += "\\/"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{8}": text += "\\b"
      case "\u{c}": text += "\\f"
      case ..."\u{1f}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

/// Hands out the containers that fill one node.
struct JSONNodeEncoder: Encoder {
  let node: JSONNode
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    if case .object = node.content {} else { node.content = .object([:]) }
    return KeyedEncodingContainer(ObjectContainer(node: node, codingPath: codingPath))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    if case .array = node.content {} else { node.content = .array([]) }
    return ArrayContainer(node: node, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer {
    ValueContainer(node: node, codingPath: codingPath)
  }
}

private struct ObjectContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let node: JSONNode
  let codingPath: [any CodingKey]

  private func child(_ key: any CodingKey) -> JSONNodeEncoder {
    let child = JSONNode()
    node.set(key.stringValue, child)
    return JSONNodeEncoder(node: child, codingPath: codingPath + [key])
  }

  func encodeNil(forKey key: Key) { _ = child(key) }

  func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
    node.set(key.stringValue, try JSONNode(encoding: value, path: codingPath + [key]))
  }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested>
  {
    child(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { child(key).unkeyedContainer() }

  func superEncoder() -> any Encoder { child(SuperKey()) }

  func superEncoder(forKey key: Key) -> any Encoder { child(key) }
}

/// The key under which a class that inherits encodes what it inherits.
private struct SuperKey: CodingKey {
  var stringValue: String { "super" }
  var intValue: Int? { nil }
  init() {}
  init?(stringValue: String) { nil }
  init?(intValue: Int) { nil }
}

private struct ArrayContainer: UnkeyedEncodingContainer {
  let node: JSONNode
  let codingPath: [any CodingKey]

  var count: Int {
    guard case .array(let elements) = node.content else { return 0 }
    return elements.count
  }

  private func child() -> JSONNodeEncoder {
    let child = JSONNode()
    node.append(child)
    return JSONNodeEncoder(node: child, codingPath: codingPath)
  }

  func encodeNil() { _ = child() }

  func encode<Value: Encodable>(_ value: Value) throws {
    node.append(try JSONNode(encoding: value, path: codingPath))
  }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    child().container(keyedBy: type)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { child().unkeyedContainer() }

  func superEncoder() -> any Encoder { child() }
}

private struct ValueContainer: SingleValueEncodingContainer {
  let node: JSONNode
  let codingPath: [any CodingKey]

  func encodeNil() { node.content = .null }

  func encode<Value: Encodable>(_ value: Value) throws {
    node.content = try JSONNode(encoding: value, path: codingPath).content
  }
}
