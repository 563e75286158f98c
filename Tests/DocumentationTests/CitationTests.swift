import Foundation
import Testing

/// What sources and tests cite: the contract, by the titles of its parts.
struct CitationTests {
  private let files: [(path: String, text: String)]

  init() throws {
    files = try ["Sources", "Tests"].flatMap { try Citations.files(under: $0) }
  }

  @Test func `nothing cites the contract by number, or a page that is not in the repository`() throws {
    try #require(files.count >= 200)
    for file in files { #expect(Citations.forbidden(in: file.text) == [], "\(file.path)") }
  }

  @Test func `every title that is cited is one of the contract's`() throws {
    let titles = Set(
      try Repository.text("docs/CONTRACT.md").matches(of: /(?m)^##+ (?:[0-9]+\. )?(.+)$/).map { String($0.1) })
    try #require(titles.count >= 7)
    for file in files {
      #expect(Citations.titles(in: file.text).subtracting(titles) == [], "\(file.path)")
    }
  }

  @Test func `a citation by number, and one of a title that is not there, are found out`() {
    #expect(Citations.forbidden(in: "// CONTRACT sec" + "tion 4") == ["CONTRACT sec" + "tion"])
    #expect(Citations.titles(in: "// docs/CONTRACT" + ".md, \"No such\"") == ["No such"])
  }
}

enum Citations {
  /// Put together, as this file, too, is looked through.
  private static let words = ["CONTRACT sec" + "tion", "DESIGN" + ".md"]

  static func forbidden(in text: String) -> [String] {
    words.filter { text.contains($0) }
  }

  static func titles(in text: String) -> Set<String> {
    Set(text.matches(of: /docs\/CONTRACT\.md, "([^"\\]+)"/).map { String($0.1) })
  }

  static func files(under directory: String) throws -> [(path: String, text: String)] {
    let root = Repository.root + "/" + directory
    let found = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
    return try found.filter { $0.hasSuffix(".swift") || $0.hasSuffix(".c") || $0.hasSuffix(".h") }.sorted()
      .map { (path: directory + "/" + $0, text: try Repository.text(directory + "/" + $0)) }
  }
}
