import CircuitBreaker
import CommandProcess
import Settings
import System

/// A shell text that is asked about a run that ended (docs/CONTRACT.md, "Settings", `exclude-if`). What it sees: the end
/// in `CB_EXIT_STATUS`, `CB_SIGNAL` and `CB_DURATION`, and the tail of standard error, to the byte, in
/// `CB_STDERR_TAIL`. One that cannot be run or takes too long is reported and changes nothing.
struct Predicate {
  let name: BreakerName
  let end: CommandEnd
  let world: World

  /// Milliseconds.
  private static let limit: Int64 = 10_000
  /// The longest line that can be a time, in bytes.
  private static let longestLine = 256

  enum Answer {
    case yes
    case no
    /// A signal to cb ended it, or came before it.
    case cutShort(Int32)
  }

  /// Yes where the text exits 0.
  func answer(_ text: String, to question: Judging.Question) -> Answer {
    guard let result = run(text, as: question.settingName) else { return .no }
    if let signal = result.interruption { return .cutShort(signal) }
    return result.how == .exited(0) ? .yes : .no
  }

  /// The time that the first line names which the text prints; nil if it prints none. A line that is not a time is
  /// reported.
  func hint(_ text: String) -> RetryHint? {
    let key = SettingKey.retryHint.name
    guard let result = run(text, as: key, output: .firstLine(Self.longestLine)), result.interruption == nil else {
      return nil
    }
    let line = ByteText.decode(result.output)
    if line.allSatisfy(\.isWhitespace) { return nil }
    if let hint = RetryHintText.parse(line) { return hint }
    world.say(
      "\(name): \(key) '\(text)' printed '\(line)', which is not a time: it must be seconds, a duration, an HTTP date "
        + "or RFC 3339")
    return nil
  }

  /// How it ended; nil where it could not be run, or took too long.
  private func run(_ text: String, as key: String, output: ShellOutput = .toStandardError) -> CommandEnd? {
    let result = runShell(
      ByteText.encode(text), inherited: world.inherited,
      environment: ["CB_BREAKER=" + name.text] + end.environment,
      bytes: (name: "CB_STDERR_TAIL", value: end.stderrTail), withholding: world.secretVariables, input: [],
      timeout: Self.limit, output: output)
    if let reason = result.whyNotStarted {
      world.say("\(name): \(key) '\(text)' cannot be run: /bin/sh: \(reason)")
      return nil
    }
    if result.timedOut {
      world.say("\(name): \(key) '\(text)' took over 10 s and was ended")
      return nil
    }
    return result
  }
}

extension Judging.Question {
  /// The key of the setting that asks it.
  var settingName: String {
    switch self {
    case .ignoreIf: SettingKey.ignoreIf.name
    case .excludeIf: SettingKey.excludeIf.name
    case .failIf: SettingKey.failIf.name
    case .holdIf: SettingKey.holdIf.name
    }
  }
}
