// The three things that ArgumentParser takes from FoundationEssentials, all in its Utilities/Foundation.swift: a JSON encoder
// for --experimental-dump-help, a string of UTF-8, and a protocol to ask an error for its sentence. FoundationEssentials
// and what it draws in (collections, regular expressions) are 6 MB of a static program, a third of it. The Makefile's
// release build has the compiler read this module under that name (-module-alias); every other build uses Foundation's own,
// so that a version of ArgumentParser that wants more still builds, and the release build says what is missing here.

/// An error with a sentence of its own.
public protocol LocalizedError: Error {
  /// The sentence, or nil for the error's description.
  var errorDescription: String? { get }
}

/// Bytes.
public struct Data {
  let bytes: [UInt8]
}

extension String {
  /// How bytes make a string.
  public enum Encoding {
    case utf8
  }

  /// The string of these bytes. Nil if they are not of that encoding.
  public init?(data: Data, encoding: Encoding) {
    self.init(validating: data.bytes, as: UTF8.self)
  }
}

/// Encodes values as JSON, in the form that Foundation's encoder writes.
public final class JSONEncoder {
  /// How the text is laid out: both are always in force, since ArgumentParser asks for both.
  public struct OutputFormatting: OptionSet, Sendable {
    /// The bits.
    public let rawValue: UInt
    /// Of these bits.
    public init(rawValue: UInt) { self.rawValue = rawValue }
    /// A line for each member, indented by two spaces.
    public static let prettyPrinted = OutputFormatting(rawValue: 1)
    /// The members of an object in the order of their keys.
    public static let sortedKeys = OutputFormatting(rawValue: 2)
  }

  /// What was asked for.
  public var outputFormatting: OutputFormatting = []

  /// With nothing asked for.
  public init() {}

  /// The JSON text of `value`. Throws what the value's own `encode(to:)` throws.
  public func encode(_ value: some Encodable) throws -> Data {
    var text = ""
    try JSONNode(encoding: value, path: []).write(to: &text, indent: "")
    return Data(bytes: Array(text.utf8))
  }
}
