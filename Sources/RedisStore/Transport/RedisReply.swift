/// A reply of a server (RESP2), copied out of hiredis' hands.
package enum RedisReply: Sendable, Equatable {
  case status([UInt8])
  case error([UInt8])
  case integer(Int64)
  case bulk([UInt8])
  case null
  case array([RedisReply])

  /// The bytes of a status or bulk reply.
  package var bytes: [UInt8]? {
    switch self {
    case .status(let bytes), .bulk(let bytes): bytes
    default: nil
    }
  }

  package var string: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

  /// An integer reply, or a bulk that is a decimal number.
  package var integer: Int64? {
    switch self {
    case .integer(let value): value
    case .bulk(let bytes): Int64(String(decoding: bytes, as: UTF8.self))
    default: nil
    }
  }

  package var array: [RedisReply]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  /// What it is, in a word, for messages about replies that make no sense.
  var kind: String {
    switch self {
    case .status: "a status"
    case .error: "an error"
    case .integer: "an integer"
    case .bulk: "a string"
    case .null: "nothing"
    case .array: "an array"
    }
  }
}
