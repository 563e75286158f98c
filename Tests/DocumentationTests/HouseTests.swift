import Foundation
import Testing

/// CONTRIBUTING.md: what it names is there, and the arrows run one way.
struct HouseTests {
  /// What stands in backticks and has a slash, as a path of the repository has; a path with a word in capitals in it
  /// (`man/cb-COMMAND.1`) stands for several.
  private static func paths(_ text: String) -> [String] {
    text.matches(of: /`([A-Za-z.][\w.+-]*(?:\/[\w.+-]+)+\/?)`/).map { String($0.1) }
      .filter { $0.firstMatch(of: /-[A-Z]+\./) == nil }
  }

  @Test func `every file that CONTRIBUTING names is there`() throws {
    let text = try Repository.text("CONTRIBUTING.md")
    let paths = Self.paths(text)
    try #require(paths.count >= 15)
    for path in paths {
      #expect(FileManager.default.fileExists(atPath: Repository.root + "/" + path), "\(path)")
    }
  }

  @Test func `a path is told from other words in backticks`() {
    let text = "`Sources/cb/Main.swift`, `make test`, `and/or-not/there`, `man/cb-COMMAND.1`, `~Copyable`, `/etc/cb`"
    #expect(Self.paths(text) == ["Sources/cb/Main.swift", "and/or-not/there"])
  }

  @Test func `the walk from the words to the exit status has a file for each step, in the order of a run`() throws {
    let rows = try Repository.text("CONTRIBUTING.md").components(separatedBy: "| step | file |\n|---|---|\n")
    try #require(rows.count == 2)
    let walk = rows[1].components(separatedBy: "\n").prefix { $0.hasPrefix("|") }
    let steps = walk.map { $0.split(separator: "|")[0].trimmingCharacters(in: .whitespaces) }
    #expect(steps.first == "words" && steps.last == "exit status")
    let order = ["options", "settings", "admission", "process", "verdict", "report", "events"]
    #expect(steps.filter { order.contains($0) } == order)
    for row in walk { #expect(!Self.paths(row).isEmpty, "\(row)") }
  }

  @Test func `every target of the house is in CONTRIBUTING's picture, and no arrow runs back up`() throws {
    let result = try Program.run(
      [Repository.root + "/contrib/house", "--check"], environment: ["PATH": "/usr/local/bin:/usr/bin:/bin"],
      directory: Repository.root)
    #expect(result.status == 0, "\(result.error)")
    let targets = result.lines.compactMap { line in line.firstMatch(of: /^  (\w+) +->/).map { String($0.1) } }
    try #require(targets.count >= 9)
    let picture = try Repository.text("CONTRIBUTING.md")
    for target in targets { #expect(picture.contains("  \(target)/ "), "\(target)") }
  }
}
