import System

/// A line for people, put together as the bytes that are written. What could drive a terminal is escaped as it comes in.
///
/// Not a `String`: to let go of one of more than 64 bytes the Swift runtime makes a description of a type of its own, for
/// 15,000 of the instructions of a rejected run (Benchmarks/STARTUP.md).
struct Line: ExpressibleByStringInterpolation {
  private(set) var bytes: [UInt8] = []

  init(_ text: String) { append(text) }
  init(stringLiteral text: String) { append(text) }
  init(stringInterpolation: StringInterpolation) { bytes = stringInterpolation.bytes }

  mutating func append(_ text: String) { bytes += ByteText.encode(text.escapingControls()) }

  var text: String { ByteText.decode(bytes) }

  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var bytes: [UInt8] = []

    init(literalCapacity: Int, interpolationCount: Int) { bytes.reserveCapacity(128) }

    mutating func appendLiteral(_ text: String) { bytes += text.utf8 }
    mutating func appendInterpolation(_ line: Line) { bytes += line.bytes }
    mutating func appendInterpolation(_ value: some CustomStringConvertible) { bytes += Line(value.description).bytes }
  }
}
