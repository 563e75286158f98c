/// A JSON value (RFC 8259) with objects that keep the order of their members.
///
/// Why no library. `Benchmarks/JSONLibraries/measure` has each do what a closed run does with its document (two reads
/// and one write), in a static program of its own, beside one that does nothing; Swift 6.3.1, Debian 12, November 2026:
///
///     library                                      instructions    time, us
///     this one                                          127,123         152
///     libjansson 2.14, as JSONValue by a shim           679,635         200
///     libjansson 2.14, its own tree, no look-up         535,730
///     FoundationEssentials, JSONDecoder/Encoder       2,496,394       1,000
///     Foundation, JSONSerialization                   7,182,767
///
/// A closed run is about 0.5 million instructions. libjansson would double that, and take over `JSONParser.swift` only,
/// a sixth of these lines: it knows no JSON5, whose nodes need positions (an unknown key is reported with its line), and
/// its writer neither escapes what could drive a terminal, nor writes a Double in its shortest form, nor keeps a long
/// array on few lines. So: a strict parser for documents (`JSONValue.parse`), a JSON5 parser (`LocatedJSON.parse`) that
/// shares its numbers and escapes, and a writer (`JSONValue.bytes`), all on bytes.
///
/// `==` compares strings as Swift does (canonical equivalence) and objects member by member, in order.
package enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  /// A number written without fraction and exponent that fits 64 bits; read and written exactly.
  case integer(Int64)
  /// Any other number. Never infinite or not-a-number in what `parse` returns; the writer makes `null` of those.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

extension JSONValue {
  /// The member of this name, if this is an object that has it.
  package subscript(key: String) -> JSONValue? {
    guard case .object(let object) = self else { return nil }
    return object[key]
  }

  package var isNull: Bool {
    guard case .null = self else { return false }
    return true
  }

  package var bool: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  /// A whole number; one written with a fraction or an exponent counts if it is whole (`3.0`, `1e3`).
  package var int64: Int64? {
    switch self {
    case .integer(let value): return value
    case .number(let value): return Int64(exactly: value)
    default: return nil
    }
  }

  /// As `int64`, in the native width.
  package var int: Int? {
    guard let value = int64 else { return nil }
    return Int(exactly: value)
  }

  /// Any number; an integer beyond 2^53 is rounded.
  package var double: Double? {
    switch self {
    case .integer(let value): return Double(value)
    case .number(let value): return value
    default: return nil
    }
  }

  package var string: String? {
    guard case .string(let value) = self else { return nil }
    return value
  }

  package var array: [JSONValue]? {
    guard case .array(let value) = self else { return nil }
    return value
  }

  package var object: JSONObject? {
    guard case .object(let value) = self else { return nil }
    return value
  }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// `null`.
  package init(nilLiteral: ()) { self = .null }
  /// `true` or `false`.
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  /// A whole number.
  package init(integerLiteral value: Int64) { self = .integer(value) }
  /// A number, also if it is whole: `5.0` is not `5`.
  package init(floatLiteral value: Double) { self = .number(value) }
  /// A string.
  package init(stringLiteral value: String) { self = .string(value) }
  /// An array of the elements.
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

  /// The keys of a literal are the programmer's to keep distinct; they are not checked.
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    var object = JSONObject()
    for (key, value) in elements { object.append(key, value) }
    self = .object(object)
  }
}
