import System
import TestSupport
import Testing

/// Bytes from outside come back as they were, whatever they are (docs/CONTRACT.md, "cb run as a process": text passes on
/// byte for byte).
@Suite("Bytes as text")
struct ByteTextTests {
  private func expectRoundTrip(_ bytes: [UInt8], _ location: SourceLocation = #_sourceLocation) {
    #expect(ByteText.encode(ByteText.decode(bytes)) == bytes, "\(bytes)", sourceLocation: location)
  }

  @Test("any bytes come back as they were")
  func randomBytes() {
    var random = SeededRandom(seed: 1)
    for _ in 1...20_000 {
      expectRoundTrip(
        (0..<Int.random(in: 0...12, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
  }

  @Test("pieces of valid, broken and private characters come back as they were, in any order")
  func randomPieces() {
    let pieces: [[UInt8]] = [
      Array("a".utf8), Array("é".utf8), Array("日".utf8), Array("🙂".utf8), [0xE9], [0xC3], [0xA9], [0xE2, 0x82],
      [0xF0, 0x9F, 0x99], [0x80], [0xFF], [0xFE], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xED, 0xB0, 0x80],
      [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xEF, 0x9E, 0x80], [0xEF, 0x9F, 0xBF],
      [0xEF, 0x9E, 0xBF], [0xEF, 0x9F, 0x80], [0xEF, 0x9E], [0xEF, 0x9D, 0xBF], [0xEF, 0xA0, 0x80], [0xEF, 0xBF, 0xBD],
    ]
    var random = SeededRandom(seed: 2)
    for _ in 1...20_000 {
      let count = Int.random(in: 0...6, using: &random)
      expectRoundTrip((0..<count).flatMap { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)] })
    }
  }

  @Test("every byte alone, and every pair of bytes from 0x80 up, come back as they were")
  func all() {
    for byte in UInt8.min...UInt8.max { expectRoundTrip([byte]) }
    for first in UInt8(0x80)...UInt8.max {
      for second in UInt8(0x80)...UInt8.max { expectRoundTrip([first, second]) }
    }
  }

  /// With work that grew as the square of the invalid bytes this would take hours.
  @Test(
    "128 KiB of bytes that are not UTF-8 come back as they were",
    arguments: [[0xE9], [0xC3, 0x61], [0xEF, 0x9F]] as [[UInt8]])
  func large(_ piece: [UInt8]) {
    let bytes = Array(repeatElement(piece, count: (1 << 17) / piece.count).joined())
    #expect(ByteText.encode(ByteText.decode(bytes)) == bytes)
  }

  @Test("valid text is itself", arguments: ["", "a", "é", "日本語", "🙂", "\u{301}", "a\u{0}b", "\u{F77F}", "\u{F800}"])
  func valid(_ text: String) {
    #expect(ByteText.decode(Array(text.utf8)) == text)
    #expect(ByteText.encode(text) == Array(text.utf8))
    #expect(!ByteText.holdsOtherBytes(text))
  }

  @Test("a byte that is not UTF-8 is one private character, and is not taken for the text's own")
  func marked() {
    #expect(ByteText.decode([0x63, 0x61, 0x66, 0xE9]) == "caf\u{F7E9}")
    #expect(ByteText.holdsOtherBytes(ByteText.decode([0xE9])))
    // U+F7E9 in the text itself is told apart from the byte 0xE9.
    let own = Array("caf\u{F7E9}".utf8)
    #expect(ByteText.decode(own) == "caf\u{F7EF}\u{F79F}\u{F7A9}")
    #expect(ByteText.decode(own) != ByteText.decode([0x63, 0x61, 0x66, 0xE9]))
    // What comes behind a broken character is read by itself.
    #expect(ByteText.decode([0xC3, 0x61, 0xC3, 0xA9]) == "\u{F7C3}aé")
  }

  @Test("different bytes are different texts")
  func distinct() {
    var random = SeededRandom(seed: 3)
    var seen: [String: [UInt8]] = [:]
    for _ in 1...20_000 {
      let bytes = (0..<Int.random(in: 0...3, using: &random)).map { _ in UInt8.random(in: 0x7E...255, using: &random) }
      let text = ByteText.decode(bytes)
      #expect(seen[text] ?? bytes == bytes)
      seen[text] = bytes
    }
  }

  @Test("a C string and a path are read and written in the same way")
  func cStrings() {
    let bytes: [UInt8] = [0x63, 0x61, 0x66, 0xE9]
    let cString = bytes.map { CChar(bitPattern: $0) } + [0, 0x61]
    #expect(cString.withUnsafeBufferPointer { $0.baseAddress.map { ByteText.decode(cString: $0) } } == "caf\u{F7E9}")
    #expect(ByteText.path("caf\u{F7E9}") == Array(cString.dropLast()))
  }
}
