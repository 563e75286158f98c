import BreakerStore
import CircuitBreaker
import JSON

/// The configuration file (CONTRACT section 3), checked as a whole when it is read.
struct Configuration {
  struct Pattern {
    var pattern: String
    var values: [(key: SettingKey, text: String)]
  }

  var file = ""
  var store: String?
  var defaults: [(key: SettingKey, text: String)] = []
  var patterns: [Pattern] = []

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
      levels.append(
        SettingsLevel(source: .configuration(file: file, pattern: best.pattern), values: best.values))
    }
    return levels
  }
}

extension Configuration {
  /// Reads the text of a file. What it does not understand is an error with line and column.
  init(file: String, text: [UInt8]) throws(CommandFailure) {
    self.file = file
    let root: LocatedJSON
    do {
      root = try LocatedJSON.parse(text)
    } catch {
      throw Self.fault(file, error.position, "\(error.reason)")
    }
    guard let members = root.object else { throw Self.fault(file, root.position, "an object is expected here: {...}") }
    for member in members {
      switch member.key {
      case "store":
        guard let store = member.value.string else {
          throw Self.fault(file, member.value.position, "store: a text is expected, such as \"redis://localhost\"")
        }
        self.store = store
      case "defaults": defaults = try Self.settings(file, member.value)
      case "breakers":
        guard let breakers = member.value.object else {
          throw Self.fault(file, member.value.position, "breakers: an object is expected: {\"db-*\": {...}}")
        }
        for breaker in breakers {
          patterns.append(Pattern(pattern: breaker.key, values: try Self.settings(file, breaker.value)))
        }
      default:
        throw Self.fault(
          file, member.keyPosition, "unknown key '\(member.key)': it must be store, defaults or breakers")
      }
    }
  }

  private static func settings(
    _ file: String, _ value: LocatedJSON
  ) throws(CommandFailure) -> [(key: SettingKey, text: String)] {
    guard let members = value.object else {
      throw fault(file, value.position, "an object of settings is expected here: {\"fail-max\": 3}")
    }
    var values: [(key: SettingKey, text: String)] = []
    for member in members {
      guard let key = SettingKey(rawValue: member.key) else {
        throw fault(
          file, member.keyPosition,
          "unknown key '\(member.key)': the settings are \(SettingKey.allCases.map(\.name).joined(separator: ", "))")
      }
      let elements = member.value.array ?? [member.value]
      if member.value.array != nil, !key.isList {
        throw fault(file, member.value.position, "\(key.name): one value is expected, not a list")
      }
      for element in elements {
        guard let text = text(element) else {
          throw fault(file, element.position, "\(key.name): a text or a number is expected; it must be \(key.range)")
        }
        var scratch = Settings()
        do {
          try scratch.apply(key, text)
        } catch {
          throw fault(file, element.position, error.message)
        }
        values.append((key, text))
      }
    }
    return values
  }

  /// A value as it would stand on a command line.
  private static func text(_ value: LocatedJSON) -> String? {
    if let string = value.string { return string }
    if let int = value.int { return String(int) }
    if let double = value.double, double.isFinite { return "\(double)" }
    return nil
  }

  private static func fault(_ file: String, _ position: JSONPosition, _ reason: String) -> CommandFailure {
    .usage("configuration file \(file): \(position): \(reason)")
  }
}
