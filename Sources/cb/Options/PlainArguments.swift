import Settings

/// The words of a command in its usual forms (`--key value`, `--key=value`, flags, operands), read without
/// ArgumentParser.
///
/// Why: ArgumentParser takes 11 million instructions for a command with as many options as `run`, several times what
/// all else of a run takes (`Benchmarks/instructions`). It stays the source of help and errors: whatever is not plain
/// here (an unknown or abbreviated option, a missing value, `--help`) is left to it, and a test holds the two against
/// each other.
struct PlainArguments {
  private(set) var operands: [String] = []
  private(set) var values: [(name: String, text: String)] = []
  private(set) var flags: [String] = []
  var places = Places()

  /// - Parameters:
  ///   - flags: the options without a value, long and short, as they are typed.
  ///   - takesValue: whether an option of this name takes a value; those of all commands are known here.
  /// - Returns: nil for anything that is not plain.
  init?(_ arguments: ArraySlice<String>, flags known: [String] = [], takesValue: (String) -> Bool = { _ in false }) {
    var index = arguments.startIndex
    while index < arguments.endIndex {
      let argument = arguments[index]
      index += 1
      guard argument.utf8.first == UInt8(ascii: "-") else {
        operands.append(argument)
        continue
      }
      if known.contains(argument) {
        flags.append(argument)
        continue
      }
      guard argument.hasPrefix("--") else { return nil }
      let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = parts.first.map(String.init) else { return nil }
      let isCommon = Places.options.contains(name)
      guard isCommon || takesValue(name) else { return nil }
      let text: String
      if parts.count == 2 {
        // Also an empty one, which is refused by its key: ArgumentParser would take the next word for the value.
        text = String(parts[1])
      } else {
        guard index < arguments.endIndex, arguments[index].utf8.first != UInt8(ascii: "-") else { return nil }
        text = arguments[index]
        index += 1
      }
      if !isCommon {
        values.append((name, text))
      } else if !places.set(name, to: text) {
        return nil
      }
    }
  }

  /// The last value of an option, as ArgumentParser takes it.
  func value(_ name: String) -> String? { values.last { $0.name == name }?.text }

  func has(_ flags: String...) -> Bool { self.flags.contains(where: flags.contains) }
}

/// The commands that scripts start often, made without ArgumentParser.
enum PlainCommand {
  case run(RunOptions)
  case check(CheckOptions)
  case permit(PermitOptions)
  case report(ReportOptions)
  case wait(WaitOptions)
  case get(GetOptions)

  /// nil for another command, and for words that are not plain.
  init?(_ arguments: [String]) {
    guard let command = arguments.first else { return nil }
    let words = arguments.dropFirst()
    switch command {
    case "run":
      guard
        let plain = PlainArguments(
          words, flags: ["--quiet", "-q", "--force"],
          takesValue: { $0 == "result" || SettingKey(named: $0) != nil }),
        plain.operands.count == 1
      else { return nil }
      self = .run(RunOptions(plain))
    case "check":
      let rejectedExit = SettingKey.rejectedExit.name
      guard let plain = PlainArguments(words, flags: ["--explain"], takesValue: { $0 == rejectedExit }),
        plain.operands.count == 1
      else { return nil }
      self = .check(
        CheckOptions(
          name: plain.operands[0], places: plain.places, rejectedExit: plain.value(rejectedExit),
          explains: plain.has("--explain")))
    case "permit":
      guard let plain = PlainArguments(words, takesValue: { $0 == "lease" }), plain.operands.count == 1 else {
        return nil
      }
      self = .permit(PermitOptions(name: plain.operands[0], places: plain.places, lease: plain.value("lease")))
    case "report":
      guard let plain = PlainArguments(words, takesValue: { $0 == "retry-after" }), plain.operands.count == 3 else {
        return nil
      }
      self = .report(
        ReportOptions(
          name: plain.operands[0], token: plain.operands[1], outcome: plain.operands[2], places: plain.places,
          retryAfter: plain.value("retry-after")))
    case "wait":
      guard let plain = PlainArguments(words, flags: ["--quiet", "-q"], takesValue: { $0 == "timeout" }),
        plain.operands.count == 1
      else { return nil }
      self = .wait(
        WaitOptions(
          name: plain.operands[0], places: plain.places, timeout: plain.value("timeout"),
          isQuiet: plain.has("--quiet", "-q")))
    case "get":
      guard let plain = PlainArguments(words), plain.operands.count == 2 else { return nil }
      self = .get(GetOptions(name: plain.operands[0], key: plain.operands[1], places: plain.places))
    default: return nil
    }
  }
}

extension RunOptions {
  fileprivate init(_ plain: PlainArguments) {
    self.init(name: plain.operands[0], places: plain.places)
    for (name, text) in plain.values {
      guard let key = SettingKey(named: name) else {
        resultFile = text
        continue
      }
      // As with ArgumentParser, the last value of an option that is not a list counts.
      if !key.isList { settings.removeAll { $0.key == key } }
      settings.append((key, text))
    }
    isForced = plain.has("--force")
    if plain.has("--quiet", "-q") { beQuiet() }
  }

  /// `--quiet` is `--notice none`.
  mutating func beQuiet() {
    settings.removeAll { $0.key == .notice }
    settings.append((.notice, Notice.none.rawValue))
  }
}
