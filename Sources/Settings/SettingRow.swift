import CircuitBreaker

/// All that is to be known of a setting but its name: how its text becomes a value, and how the value is shown.
package struct SettingRow: Sendable {
  /// The kind of value, as help shows it behind the option: `--fail-max <n>`.
  package var placeholder: String
  /// What a value may be, as the end of the sentence "it must be ...".
  package var range: String
  /// One line for `--help`, without the default.
  package var help: String
  /// Whether the values of all levels add up.
  package var isList = false
  /// Whether it says how long a circuit stays open: a change of it then applies to a circuit that is open, too.
  package var appliesToOpenCircuit = false
  /// The setting without which this one has no effect.
  package var needs: SettingKey?
  /// Gives the setting the value of a text, or adds it to a list; false for a text that is not a value of it.
  let apply: @Sendable (inout Settings, String) -> Bool
  /// The effective value.
  package let value: @Sendable (Settings) -> SettingValue

  /// The same row for a setting that has an effect only beside another.
  func needing(_ key: SettingKey) -> SettingRow {
    var row = self
    row.needs = key
    return row
  }

  /// The same row for a setting that says how long a circuit stays open.
  func applyingToOpenCircuit() -> SettingRow {
    var row = self
    row.appliesToOpenCircuit = true
    return row
  }
}

/// The kinds of rows: each with the one parser of its texts.
extension SettingRow {
  private static let durationRange = "a duration such as 250ms, 90s, 5m or 1h30m (up to 100 years)"
  private static let positiveDurationRange = "a duration above 0, such as 250ms, 90s, 5m or 1h30m (up to 100 years)"
  private static let codesRange = "exit codes 0 to 255, ranges, signals or 'timeout', such as 3,64-78,SIGINT,timeout"

  /// A whole number, 1 or more.
  static func count(
    _ help: String, _ get: @escaping @Sendable (Settings) -> Int?,
    _ set: @escaping @Sendable (inout Settings, Int) -> Void
  ) -> SettingRow {
    SettingRow(
      placeholder: "n", range: "a whole number, 1 or more (up to 2147483647)", help: help,
      apply: { settings, text in
        guard let count = NumberText.count(text) else { return false }
        set(&settings, count)
        return true
      }, value: { get($0).map { .count($0) } ?? .none })
  }

  /// A duration; `allowsZero` where 0 has a meaning.
  static func duration(
    _ help: String, allowsZero: Bool = true, _ get: @escaping @Sendable (Settings) -> Span?,
    _ set: @escaping @Sendable (inout Settings, Span) -> Void
  ) -> SettingRow {
    SettingRow(
      placeholder: "duration", range: allowsZero ? durationRange : positiveDurationRange, help: help,
      apply: { settings, text in
        guard let span = DurationText.parse(text), allowsZero || span > .zero else { return false }
        set(&settings, span)
        return true
      }, value: { get($0).map { .duration($0) } ?? .none })
  }

  /// A rate up to 1; `allowsZero` where 0 has a meaning.
  static func rate(
    _ help: String, allowsZero: Bool = false, _ get: @escaping @Sendable (Settings) -> Double,
    _ set: @escaping @Sendable (inout Settings, Double) -> Void
  ) -> SettingRow {
    SettingRow(
      placeholder: "rate",
      range: allowsZero ? "a rate from 0 to 1, such as 20% or 0.2" : "a rate above 0 and up to 1, such as 50% or 0.5",
      help: help,
      apply: { settings, text in
        guard let rate = NumberText.rate(text), allowsZero || rate > 0 else { return false }
        set(&settings, rate)
        return true
      }, value: { .rate(get($0)) })
  }

  /// Exit codes and signals; a list.
  static func codes(
    _ help: String, _ get: @escaping @Sendable (Settings) -> OutcomeSet,
    _ add: @escaping @Sendable (inout Settings, OutcomeSet) -> Void
  ) -> SettingRow {
    SettingRow(
      placeholder: "codes", range: codesRange, help: help, isList: true,
      apply: { settings, text in
        guard let set = OutcomeSet(text) else { return false }
        add(&settings, set)
        return true
      }, value: { .list(get($0).texts) })
  }

  /// Shell texts; a list.
  static func shellTexts(
    _ help: String, _ get: @escaping @Sendable (Settings) -> [String],
    _ add: @escaping @Sendable (inout Settings, String) -> Void
  ) -> SettingRow {
    SettingRow(
      placeholder: "command", range: "a shell command", help: help, isList: true,
      apply: { settings, text in
        guard isShellText(text) else { return false }
        add(&settings, text)
        return true
      }, value: { .list(get($0)) })
  }

  /// One shell text.
  static func shellText(
    _ help: String, _ get: @escaping @Sendable (Settings) -> String?,
    _ set: @escaping @Sendable (inout Settings, String) -> Void
  ) -> SettingRow {
    SettingRow(
      placeholder: "command", range: "a shell command", help: help,
      apply: { settings, text in
        guard isShellText(text) else { return false }
        set(&settings, text)
        return true
      }, value: { get($0).map { .text($0) } ?? .none })
  }

  /// Empty is refused: `--fallback "$UNSET"` would make a success of every rejection. A NUL cannot reach a shell.
  private static func isShellText(_ text: String) -> Bool { !text.isEmpty && !text.utf8.contains(0) }

  /// One of a few words.
  static func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
    _ help: String, _ placeholder: String, _ get: @escaping @Sendable (Settings) -> Choice,
    _ set: @escaping @Sendable (inout Settings, Choice) -> Void
  ) -> SettingRow {
    let words = Choice.allCases.map(\.rawValue)
    return SettingRow(
      placeholder: placeholder,
      range: words.dropLast().joined(separator: ", ") + " or " + (words.last ?? ""), help: help,
      apply: { settings, text in
        guard let choice = Choice(rawValue: text) else { return false }
        set(&settings, choice)
        return true
      }, value: { .text(get($0).rawValue) })
  }
}
