import CircuitBreaker
import CommandProcess
import Settings

/// OUTCOME of `cb report` and `cb record`.
enum ReportedResult {
  case outcome(Outcome)
  case exit(Int32)
  case signal(Int32)
  /// Its time limit, in the program that ran it, was over.
  case timedOut

  static let range = "success, failure, excluded, ignored, exit:N or signal:N"

  /// nil for a text that is not an outcome.
  init?(_ text: String) {
    if let outcome = Outcome(rawValue: text) {
      self = .outcome(outcome)
      return
    }
    let parts = text.split(separator: ":", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    switch parts[0] {
    case "exit":
      guard let code = NumberText.exitCode(parts[1]) else { return nil }
      self = .exit(code)
    case "signal":
      guard let number = NumberText.exitCode(parts[1]) ?? SignalName.number(of: parts[1]), (1...64).contains(number)
      else { return nil }
      self = .signal(number)
    default: return nil
    }
  }

  /// As if a command had ended so; nil if the outcome itself was given.
  func end(duration: Span?) -> CommandEnd? {
    var end: CommandEnd
    switch self {
    case .outcome: return nil
    case .exit(let code): end = CommandEnd(how: .exited(code))
    case .signal(let number): end = CommandEnd(how: .signaled(number))
    case .timedOut:
      end = CommandEnd(how: .signaled(15))
      end.timeoutSignals = [15]
    }
    end.duration = duration?.milliseconds ?? 0
    return end
  }

  /// - Parameter word: how the outcome came here, for the reason: "reported" or "recorded".
  func verdict(_ end: CommandEnd?, _ judge: Judge, word: String) -> Verdict {
    if let end { return judge.verdict(on: end) }
    guard case .outcome(let outcome) = self else { return Verdict(.ignored, reason: word) }
    return Verdict(outcome, reason: "\(word) \(outcome.rawValue)")
  }

  /// `--retry-after TIME`.
  static func hint(_ text: String?) throws(CommandFailure) -> RetryHint? {
    guard let text else { return nil }
    guard let hint = RetryHintText.parse(text) else {
      throw .usage(
        "--retry-after: '\(text)' is not valid: it must be seconds, a duration, an HTTP date, RFC 3339 or epoch seconds"
      )
    }
    return hint
  }
}
