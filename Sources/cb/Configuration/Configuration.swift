import CircuitBreaker
import JSON
import Settings
import System

/// The configuration file (docs/CONTRACT.md, "Settings"), checked as a whole when it is read.
struct Configuration {
  struct Pattern {
    var pattern: String
    var values: [(key: SettingKey, text: String)]
  }

  var file = ""
  var store: String?
  var passwordFile: String?
  var defaults: [(key: SettingKey, text: String)] = []
  var patterns: [Pattern] = []
  /// What the file says and this version cannot use, each as one line with its place: it is left out.
  var warnings: [String] = []

  /// The levels that hold for a breaker, lowest first. Of several patterns that match, the longest wins, and of two
  /// that are as long the first.
  func levels(for name: BreakerName) -> [SettingsLevel] {
    var levels: [SettingsLevel] = []
    if !defaults.isEmpty {
      levels.append(SettingsLevel(source: .configuration(file: file, pattern: nil), values: defaults))
    }
    var best: Pattern?
    for pattern in patterns where pattern.pattern.utf8.count > best?.pattern.utf8.count ?? -1 {
      if Glob(pattern.pattern).matches(name.text) { best = pattern }
    }
    if let best {
      levels.append(SettingsLevel(source: .configuration(file: file, pattern: best.pattern), values: best.values))
    }
    return levels
  }
}

extension Configuration {
  /// Reads the text of a file. What is not JSON5, or is not an object, makes the whole file unusable; what it holds
  /// beside that and is not understood is a warning with line and column.
  init(file: String, text: [UInt8]) throws(ConfigurationFault) {
    self.file = file
    let root: LocatedJSON
    do {
      root = try LocatedJSON.parse(text)
    } catch {
      throw ConfigurationFault(file: file, reason: "\(error.position): \(error.reason)")
    }
    guard let members = root.object else {
      throw ConfigurationFault(file: file, reason: "\(root.position): an object is expected here: {...}")
    }
    for member in members {
      let value = member.value
      switch member.key {
      case "store":
        store = value.string
        if store == nil { warn(value.position, "store: a text is expected, such as \"redis://localhost\"") }
      case "redis-password-file":
        passwordFile = value.string
        if passwordFile == nil { warn(value.position, "redis-password-file: the path of a file is expected") }
      case "defaults": defaults = settings(value)
      case "breakers":
        guard let breakers = value.object else {
          warn(value.position, "breakers: an object is expected: {\"db-*\": {...}}")
          continue
        }
        for breaker in breakers { patterns.append(Pattern(pattern: breaker.key, values: settings(breaker.value))) }
      default:
        warn(
          member.keyPosition,
          "unknown key '\(member.key)': it must be store, redis-password-file, defaults or breakers")
      }
    }
  }

  private mutating func settings(_ value: LocatedJSON) -> [(key: SettingKey, text: String)] {
    guard let members = value.object else {
      warn(value.position, "an object of settings is expected here: {\"fail-max\": 3}")
      return []
    }
    var values: [(key: SettingKey, text: String)] = []
    for member in members {
      guard let key = SettingKey(named: member.key) else {
        warn(member.keyPosition, SettingKey.unknownBriefly(member.key))
        continue
      }
      let elements = member.value.array ?? [member.value]
      if member.value.array != nil, !key.isList {
        warn(member.value.position, "\(key.name): one value is expected, not a list")
        continue
      }
      for element in elements {
        guard let text = Self.text(element) else {
          warn(element.position, "\(key.name): a text or a number is expected; it must be \(key.range)")
          continue
        }
        do {
          try Settings.check(key, text)
          values.append((key, text))
        } catch {
          warn(element.position, error.message)
        }
      }
    }
    return values
  }

  /// A value as it would be typed on a command line.
  private static func text(_ value: LocatedJSON) -> String? {
    if let string = value.string { return ByteText.decode(Array(string.utf8)) }
    if let int = value.int { return String(int) }
    if let double = value.double, double.isFinite { return "\(double)" }
    return nil
  }

  private mutating func warn(_ position: JSONPosition, _ reason: String) {
    warnings.append("configuration file \(file): \(position): \(reason); it is left out")
  }
}

/// Why a configuration file cannot be used at all.
struct ConfigurationFault: Error {
  var file: String
  /// The reason and what to do.
  var reason: String
  /// Whether there is no such file: where it was named on the command line, a usage error.
  var isMissing = false

  var message: String { "configuration file \(file): \(reason)" }
}

extension SettingKey {
  /// A key that no setting has, in a warning: with the nearest.
  static func unknownBriefly(_ text: String) -> String {
    let nearest = NearestWord.of(text, in: allCases.lazy.map(\.name)).map { " (did you mean \($0)?)" } ?? ""
    return "unknown key '\(text.escapingControls())'\(nearest)"
  }

  /// The end of the sentence about a key that no setting has: the nearest first.
  static func unknown(_ text: String) -> String {
    let nearest = NearestWord.of(text, in: allCases.lazy.map(\.name)).map { "did you mean \($0)? " } ?? ""
    let all = allCases.map(\.name).joined(separator: ", ")
    return "unknown key '\(text.escapingControls())': \(nearest)The keys are \(all)"
  }
}
