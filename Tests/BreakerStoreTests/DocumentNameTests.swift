import CircuitBreaker
import Testing

@testable import BreakerStore
@testable import FileStore

private func base(_ name: String) throws -> String {
  String(decoding: DocumentName(try BreakerName(name)).base, as: UTF8.self)
}

@Suite struct DocumentNameTests {
  @Test(arguments: [
    ("db-backup", "db-backup"), ("A.b_C-9", "A.b_C-9"), (".hidden", "%2Ehidden"), ("...", "%2E.."), ("a b", "a%20b"),
    ("100%", "100%25"),
    ("é", "%C3%A9"), ("+", "%2B"), ("x.json", "x.json"),
    (String(repeating: "a", count: 128), String(repeating: "a", count: 128)),
    (String(repeating: " ", count: 66), String(repeating: "%20", count: 66)),
  ])
  func `a name has a readable file name`(name: String, file: String) throws {
    #expect(try base(name) == file)
  }

  @Test func `a name whose file name would be too long is in base32`() throws {
    let name = String(repeating: "é", count: 64)
    #expect(try base(name).hasPrefix("%%"))
    #expect(try base(name).utf8.count == 207)
    #expect(try base(String(repeating: " ", count: 67)).hasPrefix("%%eaqcaiba"))
  }

  @Test func `no two names share a file name, and each can be told again from it`() throws {
    var random = SeededRandom(seed: 9)
    var seen: [String: String] = [:]
    let alphabet: [Unicode.Scalar] = [
      "a", "A", "%", "2", "0", ".", "-", "_", " ", "é", "e", "\u{301}", "€", "😀", "~", "j", "s", "o", "n",
    ]
    for _ in 0..<20_000 {
      var scalars = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 1...(Bool.random(using: &random) ? 4 : 60), using: &random) {
        scalars.append(alphabet.randomElement(using: &random)!)
      }
      guard let text = try? BreakerName(String(scalars)) else { continue }
      let name = DocumentName(text)
      let base = String(decoding: name.base, as: UTF8.self)
      #expect(base.utf8.count <= 207)
      #expect(base.utf8.first != UInt8(ascii: "."))
      #expect(base.unicodeScalars.allSatisfy { $0.isASCII && $0 != "/" && $0.value > 0x20 })
      let other = seen.updateValue(name.name.text, forKey: base)
      #expect(other == nil || Array(other!.utf8) == Array(name.name.text.utf8))
      #expect(DocumentName(base: name.base).map { Array($0.name.text.utf8) } == Array(name.name.text.utf8))
    }
    #expect(seen.count > 10_000)
  }

  @Test(arguments: [
    "", "a b", "%", "%4", "%41", "%2f", "%2F", "a%c3%a9", "%C3", "%ZZ", ".x", "%%", "%%me", "%%MFRGG", "%2E", "%2D",
    "-x", "a/b", "é",
    "a%0A",
  ])
  func `a file name that stands for no name is told apart`(base: String) {
    #expect(DocumentName(base: Array(base.utf8)) == nil)
  }

  @Test func `names are ordered by their bytes`() throws {
    let names = try ["b", "a", "é", "B", "a.b", "a-b"].map { DocumentName(try BreakerName($0)) }
    #expect(names.sorted().map(\.name.text) == ["B", "a", "a-b", "a.b", "b", "é"])
  }
}
