import ArgumentParser
import CircuitBreaker
import Settings
import Testing

@testable import cb

/// The settings as options of `run`, by both parsers: ArgumentParser (`SettingOptions`), which people meet in help and
/// errors, and `PlainArguments`, which nearly every run takes.
struct SettingOptionsTests {
  private func described(_ settings: [(key: SettingKey, text: String)]) -> [String] {
    // The order of different keys has no meaning; that of one key's values has.
    SettingKey.allCases.flatMap { key in settings.filter { $0.key == key }.map { "\(key.name)=\($0.text)" } }
  }

  private func plain(_ words: [String]) throws -> RunOptions {
    guard case .run(let options) = PlainCommand(["run"] + words) else {
      throw CommandFailure(exitCode: 1, message: "PlainArguments left \(words) to ArgumentParser")
    }
    return options
  }

  private func full(_ words: [String]) throws -> RunOptions {
    try #require(try CB.parseAsRoot(["run"] + words) as? Run).options
  }

  /// Checks that both parsers make the same of the words, and that.
  private func expectBoth(
    _ words: [String], _ expected: [String], _ location: SourceLocation = #_sourceLocation
  ) throws {
    for options in [try plain(words), try full(words)] {
      #expect(described(options.settings) == expected, sourceLocation: location)
      #expect(options.name == "x", sourceLocation: location)
    }
  }

  @Test("--key value, --key=value, before NAME and behind it", arguments: SettingKey.allCases)
  func forms(_ key: SettingKey) throws {
    let expected = ["\(key.name)=v w"]
    #expect(described(try plain(["--\(key.name)", "v w", "x"]).settings) == expected)
    #expect(described(try plain(["x", "--\(key.name)", "v w"]).settings) == expected)
    #expect(described(try plain(["--\(key.name)=v w", "x"]).settings) == expected)
    // What comes behind the first '=' is the value, to the last character.
    #expect(described(try plain(["x", "--\(key.name)=a=b="]).settings) == ["\(key.name)=a=b="])
    #expect(described(try plain(["x", "--\(key.name)=-1"]).settings) == ["\(key.name)=-1"])
    // ArgumentParser would take the next word.
    #expect(described(try plain(["x", "--\(key.name)="]).settings) == ["\(key.name)="])
  }

  /// All keys in one line: ArgumentParser takes a tenth of a second for each line, however much is in it.
  @Test("all keys at once, in each form that both parsers take")
  func all() throws {
    let keys = SettingKey.allCases
    try expectBoth(
      keys.flatMap { ["--\($0.name)", "v-\($0.name)"] } + ["x"], keys.map { "\($0.name)=v-\($0.name)" })
    try expectBoth(["x"] + keys.map { "--\($0.name)=a=b=" }, keys.map { "\($0.name)=a=b=" })
  }

  @Test("a list takes all values in their order; of another key the last has effect")
  func repeated() throws {
    let keys = SettingKey.allCases
    try expectBoth(
      keys.flatMap { ["--\($0.name)", "b"] } + ["x"] + keys.map { "--\($0.name)=a" }
        + keys.flatMap { ["--\($0.name)", "c"] },
      keys.flatMap { key in (key.isList ? ["b", "a", "c"] : ["c"]).map { "\(key.name)=\($0)" } })
  }

  @Test("--quiet is notice none, whatever else --notice says, before or behind it")
  func quiet() throws {
    for words in [["-q"], ["--quiet"], ["--notice", "each", "-q"], ["--quiet", "--notice=first"]] {
      try expectBoth(words + ["x"], ["notice=none"])
    }
  }

  @Test("what is missing or unknown is left to ArgumentParser, which refuses it", arguments: SettingKey.allCases)
  func refused(_ key: SettingKey) {
    let misspelt = "--" + key.name + "x"
    for words in [
      ["x", "--\(key.name)"], ["x", "--\(key.name)", "-1"], ["x", misspelt, "1"],
    ] {
      #expect(throws: CommandFailure.self) { try plain(words) }
      #expect(throws: (any Error).self) { try CB.parseAsRoot(["run"] + words) }
    }
  }

  @Test("help shows each key with its placeholder, its sentence and its default", arguments: SettingKey.allCases)
  func help(_ key: SettingKey) {
    // Words alone: how lines are broken is ArgumentParser's business.
    let text = Run.helpMessage(columns: 400).split { $0 == " " || $0 == "\n" }.joined(separator: " ")
    let standard = key.row.value(Settings()).people
    let entry = "--\(key.name) <\(key.row.placeholder)> \(key.row.help)"
    #expect(text.contains(standard == "none" ? entry + " --" : "\(entry) (default: \(standard))"), "\(text)")
  }
}
