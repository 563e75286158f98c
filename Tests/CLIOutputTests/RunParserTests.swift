import ArgumentParser
import CircuitBreaker
import Testing

@testable import cb

/// `PlainRunParser` against ArgumentParser: what it takes has to mean the same.
@Suite struct RunParserTests {
  private static let plain: [[String]] = [
    ["a"], ["--fail-max", "3", "a"], ["a", "--fail-max", "3"], ["a", "--fail-max=3"],
    ["a", "--fail-max", "3", "--fail-max", "4"], ["a", "--exclude", "3", "--exclude=4", "--only", "5"],
    ["a", "--exclude-if", "test x = y"], ["a", "--exclude-if=a=b"],
    ["a", "--on-event", "any=x", "--on-event", "open=y"],
    ["a", "-q"], ["a", "--quiet"], ["a", "--quiet", "--notice", "each"], ["a", "--notice", "each", "-q"],
    ["a", "--notice", "first"], ["a", "--wait", "90s"], ["a", "--rejected-exit", "0"], ["a", "--fallback", "x y"],
    ["a", "--store", "file:/x", "--store=file:/y"], ["a", "--config", "c"], ["--timeout=-1", "a"],
    ["a", "--fallback=-x"], [""],
  ]

  /// What `PlainRunParser` leaves to ArgumentParser, for its help or its error.
  private static let left: [[String]] = [
    [], ["a", "b"], ["-x", "a"], ["a", "--help"], ["a", "--fail"], ["a", "--fail-max"], ["a", "--fail-max", "-1"],
    ["a", "--quiet=1"], ["a", "--color", "never"], ["a", "-qq"], ["-", "a"], ["a", "--=x"],
  ]

  private func described(_ options: RunOptions) -> [String] {
    let settings = SettingKey.allCases.flatMap { key in
      options.settings.filter { $0.key == key }.map { "\(key.name)=\($0.text)" }
    }
    return settings + [
      options.name, "\(options.places)", "\(String(describing: options.fallback))",
      "\(String(describing: options.wait))", "\(options.notice)", "\(options.rejectedExit)",
    ]
  }

  @Test(arguments: plain) func `what it takes means what ArgumentParser makes of it`(_ words: [String]) throws {
    let quick = try #require(try PlainRunParser.parse(words[...]))
    let full = try #require(try CB.parseAsRoot(["run"] + words) as? Run)
    #expect(full.rest == [])
    #expect(described(quick) == described(try full.options()))
  }

  @Test(arguments: left) func `what is not plain is left to ArgumentParser`(_ words: [String]) throws {
    let options = try PlainRunParser.parse(words[...])
    #expect(options.map { described($0) } == nil)
  }

  @Test func `every setting is an option of run, in both`() throws {
    for key in SettingKey.allCases {
      let words = ["a", "--\(key.name)", "x"]
      #expect(try PlainRunParser.parse(words[...])?.settings.map(\.key) == [key])
      #expect(try (CB.parseAsRoot(["run"] + words) as? Run)?.settings.values.map(\.key) == [key])
    }
  }
}
