import CircuitBreaker

/// Reads the usual forms of `cb run [--key value | --key=value | --quiet]... NAME` without ArgumentParser.
///
/// Why: ArgumentParser takes 11 million instructions for a command of this many options, several times what all else
/// of a run takes (measured by `make bench`). It stays the one source of options, help and errors: whatever is not
/// plain here (an unknown or abbreviated option, a missing value, `--help`) is left to it, and a test holds the two
/// against each other.
enum PlainRunParser {
  static func parse(_ arguments: ArraySlice<String>) throws(CommandFailure) -> RunOptions? {
    var options = RunOptions(name: "")
    var name: String?
    var isQuiet = false
    var index = arguments.startIndex
    while index < arguments.endIndex {
      let argument = arguments[index]
      index += 1
      guard argument.utf8.first == UInt8(ascii: "-") else {
        if name != nil { return nil }
        name = argument
        continue
      }
      if argument == "--quiet" || argument == "-q" {
        isQuiet = true
        continue
      }
      guard argument.hasPrefix("--") else { return nil }
      let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let key = parts.first else { return nil }
      let value: String
      if parts.count == 2 {
        value = String(parts[1])
      } else {
        guard index < arguments.endIndex, arguments[index].utf8.first != UInt8(ascii: "-") else { return nil }
        value = arguments[index]
        index += 1
      }
      guard try take(String(key), value, into: &options) else { return nil }
    }
    guard let name else { return nil }
    options.name = name
    if isQuiet { options.notice = .none }
    return options
  }

  private static func take(_ key: String, _ value: String, into options: inout RunOptions) throws(CommandFailure)
    -> Bool
  {
    switch key {
    case "store": options.places.store = value
    case "config": options.places.config = value
    case "fallback": options.fallback = try RunOptionText.fallback(value)
    case "wait": options.wait = try RunOptionText.wait(value)
    case "notice": options.notice = try RunOptionText.notice(value)
    case "rejected-exit": options.rejectedExit = try RunOptionText.rejectedExit(value)
    default:
      guard let setting = SettingKey(rawValue: key) else { return false }
      // As with ArgumentParser, the last value of an option that is no list stands.
      if !setting.isList { options.settings.removeAll { $0.key == setting } }
      options.settings.append((setting, value))
    }
    return true
  }
}
