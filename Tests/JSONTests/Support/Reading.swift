import Testing

@testable import JSON

/// A text and what a parser has to make of it.
struct Reading: Sendable, CustomTestStringConvertible {
  let text: [UInt8]
  /// The value, or else nil and `error`.
  let value: JSONValue?
  /// The whole sentence: place, what was expected, what was found.
  let error: String?

  static func gives(_ text: String, _ value: JSONValue) -> Reading {
    Reading(text: Array(text.utf8), value: value, error: nil)
  }

  static func fails(_ text: String, _ error: String) -> Reading {
    Reading(text: Array(text.utf8), value: nil, error: error)
  }

  static func fails(bytes: [UInt8], _ error: String) -> Reading { Reading(text: bytes, value: nil, error: error) }

  var testDescription: String { String(reflecting: String(decoding: text.prefix(60), as: UTF8.self)) }

  func checkStrict(_ location: SourceLocation = #_sourceLocation) {
    check(location) { text throws(JSONError) in try JSONValue.parse(text) }
  }

  func checkJSON5(_ location: SourceLocation = #_sourceLocation) {
    check(location) { text throws(JSONError) in try LocatedJSON.parse(text).value }
  }

  private func check(_ location: SourceLocation, _ parse: ([UInt8]) throws(JSONError) -> JSONValue) {
    do throws(JSONError) {
      let found = try parse(text)
      #expect(error == nil, "it was read as \(found)", sourceLocation: location)
      // `==` of two Doubles holds for 0 and -0; their text does not.
      #expect(
        found == value && value.map { found.bytes(.compact) == $0.bytes(.compact) } == true, sourceLocation: location)
    } catch {
      #expect(error.description == self.error, sourceLocation: location)
    }
  }
}
