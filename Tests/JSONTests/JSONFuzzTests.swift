import Testing

@testable import JSON

enum JSONFuzz {
  static func string(_ random: inout SeededRandom) -> String {
    var scalars = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0...20, using: &random) {
      let range: ClosedRange<UInt32> =
        [0...0x1F, 0x20...0x7F, 0x20...0x7F, 0x80...0xFF, 0x2020...0x2070, 0xE000...0x10FFFF].randomElement(
          using: &random)!
      scalars.append(Unicode.Scalar(UInt32.random(in: range, using: &random))!)
    }
    return String(scalars)
  }

  static func number(_ random: inout SeededRandom) -> JSONValue {
    switch Int.random(in: 0..<5, using: &random) {
    case 0: return .integer(Int64(bitPattern: random.next()))
    case 1: return .integer(Int64.random(in: -1000...1000, using: &random))
    case 2: return .number(Double.random(in: -1e6...1e6, using: &random))
    case 3: return .integer(Int64(bitPattern: random.next() >> UInt64.random(in: 0..<64, using: &random)))
    default:
      let value = Double(bitPattern: random.next())
      return .number(value.isFinite ? value : 0.5)
    }
  }

  static func value(_ random: inout SeededRandom, depth: Int) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &random) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &random))
    case 2, 3: return number(&random)
    case 4, 5: return .string(string(&random))
    case 6: return .array((0..<Int.random(in: 0...40, using: &random)).map { _ in number(&random) })
    case 7: return .array((0..<Int.random(in: 0...6, using: &random)).map { _ in value(&random, depth: depth - 1) })
    default:
      var object = JSONObject()
      for _ in 0..<Int.random(in: 0...12, using: &random) { object[string(&random)] = value(&random, depth: depth - 1) }
      return .object(object)
    }
  }
}

@Suite struct JSONFuzzTests {
  @Test func `any value comes back as it was written`() throws {
    var random = SeededRandom(seed: 1)
    for _ in 0..<1500 {
      let value = JSONFuzz.value(&random, depth: 4)
      for style in [JSONWriter.Style.compact, .pretty] {
        let bytes = value.bytes(style)
        #expect(firstInvalidUTF8(in: bytes) == nil)
        #expect(!bytes.contains { $0 == 0x7F || ($0 < 0x20 && $0 != 0x0A) })
        let again = try JSONValue.parse(bytes)
        #expect(again == value)
        #expect(again.bytes(style) == bytes)
      }
    }
  }

  @Test func `a mutated text never crashes, and what is taken can be written and read again`() {
    var random = SeededRandom(seed: 2)
    var taken = 0
    for _ in 0..<6000 {
      var bytes = JSONFuzz.value(&random, depth: 3).bytes(Bool.random(using: &random) ? .compact : .pretty)
      for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: index)
        case 2: bytes.insert(Array("\"\\{}[],:0-eEu+./*'x\u{1}".utf8).randomElement(using: &random)!, at: index)
        case 3: bytes.removeSubrange(index...)
        default: bytes.insert(contentsOf: bytes[index..<min(index + 9, bytes.count)], at: index)
        }
      }
      if let value = try? JSONValue.parse(bytes) {
        taken += 1
        #expect((try? JSONValue.parse(value.bytes(.pretty))) == value)
        // What strict JSON takes, JSON5 takes too, to the same value.
        #expect((try? LocatedJSON.parse(bytes))?.value == value)
      }
      if let located = try? LocatedJSON.parse(bytes) { _ = located.value.bytes(.compact) }
    }
    #expect(taken > 100)
  }

  @Test func `random bytes never crash either parser`() {
    var random = SeededRandom(seed: 3)
    let alphabet = Array("{}[]\"\":,,0123456789.eE+-xtruefalsn\\u/'* \n\u{1}é\u{2028}".utf8)
    for round in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        round % 2 == 0 ? UInt8.random(in: 0...255, using: &random) : alphabet.randomElement(using: &random)!
      }
      _ = try? JSONValue.parse(bytes)
      _ = try? LocatedJSON.parse(bytes)
    }
  }

  @Test func `an object of very many members is read in reasonable time`() throws {
    let text = "{" + (0..<100_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"
    #expect(try JSONValue.parse(Array(text.utf8)).object?.count == 100_000)
    #expect(try LocatedJSON.parse(Array(text.utf8)).object?.count == 100_000)
  }
}

func firstInvalidUTF8(in bytes: [UInt8]) -> Int? {
  bytes.withUnsafeBufferPointer { JSON.firstInvalidUTF8(in: $0) }
}
