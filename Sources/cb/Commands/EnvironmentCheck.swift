import BreakerStore
import CircuitBreaker
import Settings
import System

/// The variables whose names begin with `CB_`: settings whose values do not hold, and names that mean nothing.
enum EnvironmentCheck {
  /// Beside the settings: what cb reads, and what it gives to CMD, listeners and predicates, which may run cb.
  private static let others = [
    "CB_STORE", "CB_CONFIG", "CB_STATE_DIR", "CB_REDIS_PASSWORD", "CB_REDIS_PASSWORD_FILE", "CB_BREAKER", "CB_STATE",
    "CB_EVENT", "CB_OLD_STATE", "CB_NEW_STATE", "CB_REASON", "CB_EXIT_STATUS", "CB_SIGNAL", "CB_DURATION",
    "CB_FAIL_COUNTER", "CB_RETRY_AFTER", "CB_STDERR_TAIL",
  ]

  static func checks(_ names: [String], value: (String) -> String?) -> [StoreCheck] {
    let ours = names.filter { $0.utf8.starts(with: "CB_".utf8) }.sorted()
    var checks: [StoreCheck] = []
    let settings = SettingKey.allCases.map(\.environmentName)
    for name in ours {
      if let key = SettingKey.allCases.first(where: { $0.environmentName == name }) {
        if let fault = fault(key, value(name) ?? "") {
          checks.append(
            StoreCheck(
              "environment", .failure, "\(name): \(fault.message)",
              advice: "correct it or unset it; until then nothing is run"))
        }
      } else if !others.contains(name) {
        let meant = (settings + others).min { distance($0, name) < distance($1, name) }
        let guess = meant.flatMap { distance($0, name) <= 3 ? " (\($0)?)" : nil } ?? ""
        checks.append(
          StoreCheck(
            "environment", .warning, "\(name.escapingControls()) means nothing to cb\(guess)",
            advice: "correct its name or unset it"))
      }
    }
    guard checks.isEmpty else { return checks }
    let seen = ours.filter(settings.contains).joined(separator: ", ")
    return [StoreCheck("environment", .ok, seen.isEmpty ? "no settings" : seen)]
  }

  private static func fault(_ key: SettingKey, _ text: String) -> SettingFault? {
    // Empty counts as not set.
    let values = key.isList ? text.split(separator: "\n").map(String.init) : text.isEmpty ? [] : [text]
    var scratch = Settings()
    for value in values {
      do throws(SettingFault) {
        try scratch.apply(key, value)
      } catch {
        return error
      }
    }
    return nil
  }

  /// How many letters have to be put in, taken out or replaced to make one word of the other (Levenshtein).
  private static func distance(_ left: String, _ right: String) -> Int {
    let right = Array(right.utf8)
    var row = Array(0...right.count)
    for (index, letter) in left.utf8.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for column in right.indices {
        let cost = min(row[column + 1] + 1, row[column] + 1, diagonal + (right[column] == letter ? 0 : 1))
        diagonal = row[column + 1]
        row[column + 1] = cost
      }
    }
    return row[right.count]
  }
}
