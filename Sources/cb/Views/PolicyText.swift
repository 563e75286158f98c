import CircuitBreaker
import Settings

/// The settings that a run used, where they are not those that `status` works out: options on a command line, or the
/// environment of another host.
enum PolicyText {
  /// The keys to which `policy` gives another value than `settings` does, with that value.
  static func differences(_ policy: Policy, from settings: Settings) -> [(key: SettingKey, value: SettingValue)] {
    let used = settings.with(policy)
    return SettingKey.allCases.compactMap { key in
      let value = used.value(key)
      return value == settings.value(key) ? nil : (key, value)
    }
  }

  /// `fail-max 3, reset-timeout 5s`; empty if they agree.
  static func text(_ policy: Policy, from settings: Settings) -> String {
    differences(policy, from: settings).map { "\($0.key.name)\u{A0}\($0.value.people)" }.joined(separator: ", ")
  }
}
