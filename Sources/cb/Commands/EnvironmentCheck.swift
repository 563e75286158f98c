import BreakerStore
import CircuitBreaker
import Settings
import System

/// The variables whose names begin with `CB_`: which settings have effect, which values cannot be used, and names that
/// mean nothing.
enum EnvironmentCheck {
  /// Beside the settings: what cb reads.
  private static let places = [
    "CB_STORE", "CB_CONFIG", "CB_STATE_DIR", "CB_REDIS_PASSWORD", "CB_REDIS_PASSWORD_FILE", "CB_BYPASS",
    "CB_RESULT_FILE",
  ]

  /// What cb gives to CMD, listeners and predicates, which may run cb.
  private static let given = [
    "CB_BREAKER", "CB_EVENT", "CB_OLD_STATE", "CB_NEW_STATE", "CB_REASON", "CB_EXIT_STATUS", "CB_SIGNAL",
    "CB_DURATION", "CB_FAIL_COUNTER", "CB_RETRY_AFTER", "CB_STDERR_TAIL", "CB_STATE", "CB_HOST", "CB_PID", "CB_USER",
    "CB_BY",
  ]

  static func checks(_ names: [String], value: (String) -> String?) -> [StoreCheck] {
    let ours = names.filter { $0.utf8.starts(with: SettingKey.environmentPrefix.utf8) }.sorted()
    var checks: [StoreCheck] = []
    var inForce: [String] = []
    let known = SettingKey.allCases.map(\.environmentName) + places + given
    for name in ours {
      let text = value(name) ?? ""
      if let key = SettingKey(environmentName: name) {
        let faults = faults(key, text)
        for fault in faults {
          checks.append(
            StoreCheck(
              "environment", .failure, "\(name): \(fault.message)",
              advice: "correct it or unset it; until then it has no effect"))
        }
        // Empty counts as not set.
        if faults.isEmpty, !text.isEmpty { inForce.append("\(name)=\(shown(text))") }
      } else if places.contains(name) {
        if !text.isEmpty { inForce.append(name) }
      } else if !given.contains(name) {
        let guess = NearestWord.of(name, in: known).map { "; did you mean \($0)?" } ?? ""
        checks.append(
          StoreCheck(
            "environment", .warning, "\(name.escapingControls()) has no meaning to cb\(guess)",
            advice: "correct its name or unset it"))
      }
    }
    let seen = inForce.isEmpty ? "no settings" : inForce.joined(separator: ", ")
    return [StoreCheck("environment", .ok, seen)] + checks
  }

  /// A value as far as a line has room for it.
  private static func shown(_ text: String) -> String { text.escapingControls().cutAtTheEnd(to: 40, "...") }

  private static func faults(_ key: SettingKey, _ text: String) -> [SettingFault] {
    let values = key.isList ? text.split(separator: "\n").map(String.init) : text.isEmpty ? [] : [text]
    var faults: [SettingFault] = []
    for value in values {
      do throws(SettingFault) {
        try Settings.check(key, value)
      } catch {
        faults.append(error)
      }
    }
    return faults
  }
}
