import ArgumentParser
import CircuitBreaker
import Settings
import Testing

@testable import cb

/// `PlainCommand` against ArgumentParser: what it takes has to mean the same.
@Suite struct RunParserTests {
  private static let plain: [[String]] = [
    ["a"], ["--fail-max", "3", "a"], ["a", "--fail-max", "3"], ["a", "--fail-max=3"],
    ["a", "--fail-max", "3", "--fail-max", "4"], ["a", "--exclude", "3", "--exclude=4", "--only", "5"],
    ["a", "--exclude-if", "test x = y"], ["a", "--exclude-if=a=b"],
    ["a", "--on-event", "any=x", "--on-event", "open=y"],
    ["a", "-q"], ["a", "--quiet"], ["a", "--quiet", "--notice", "each"], ["a", "--notice", "each", "-q"],
    ["a", "--notice", "first"], ["a", "--wait", "90s"], ["a", "--rejected-exit", "0"], ["a", "--fallback", "x y"],
    ["a", "--store", "file:/x", "--store=file:/y"], ["a", "--config", "c"], ["--timeout=-1", "a"],
    ["a", "--fallback=-x"], [""], ["a", "--color", "never"], ["--force", "a", "--result", "r.json"],
  ]

  /// What `PlainCommand` leaves to ArgumentParser, for its help or its error.
  private static let left: [[String]] = [
    [], ["a", "b"], ["-x", "a"], ["a", "--help"], ["a", "--fail"], ["a", "--fail-max"], ["a", "--fail-max", "-1"],
    ["a", "--quiet=1"], ["a", "--color", "blue"], ["a", "-qq"], ["-", "a"], ["a", "--=x"],
  ]

  private func described(_ options: RunOptions) -> [String] {
    let settings = SettingKey.allCases.flatMap { key in
      options.settings.filter { $0.key == key }.map { "\(key.name)=\($0.text)" }
    }
    return settings + [
      options.name, "\(options.places)", "\(options.isForced)", "\(String(describing: options.resultFile))",
    ]
  }

  private func quick(_ words: [String]) -> RunOptions? {
    guard case .run(let options) = PlainCommand(["run"] + words) else { return nil }
    return options
  }

  @Test(arguments: plain) func `what it takes means what ArgumentParser makes of it`(_ words: [String]) throws {
    let options = try #require(quick(words))
    let full = try #require(try CB.parseAsRoot(["run"] + words) as? Run)
    #expect(full.strayWords == [])
    #expect(described(options) == described(full.options))
  }

  @Test(arguments: left) func `what is not plain is left to ArgumentParser`(_ words: [String]) {
    #expect(quick(words).map { described($0) } == nil)
  }

  @Test func `every setting is an option of run, in both`() throws {
    for key in SettingKey.allCases {
      let words = ["a", "--\(key.name)", "x"]
      #expect(quick(words)?.settings.map(\.key) == [key])
      #expect(try (CB.parseAsRoot(["run"] + words) as? Run)?.settings.values.map(\.key) == [key])
    }
  }
}
