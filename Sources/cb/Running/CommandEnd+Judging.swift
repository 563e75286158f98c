import CircuitBreaker
import CommandProcess
import Settings
import System

extension CommandEnd {
  /// As the core judges it.
  var forCore: RunEnding {
    let how: RunEnding.How =
      if timedOut {
        .timedOut
      } else {
        switch self.how {
        case .exited(let code): .exited(code)
        case .signaled(let signal): .signaled(signal)
        case .notFound, .notExecutable: .notStarted(exitCode)
        case .interrupted(let signal): .signaled(signal)
        case .notStarted, .endUnknown: .exited(exitCode)
        }
      }
    // Not CMD's doing: a signal that came to cb, a reader that went away, a process table that was full.
    let isForeign = relayed != nil || readerGone || exitCode == ExitCode.selfFailed && whyNotStarted != nil
    return RunEnding(how: how, duration: Span(milliseconds: duration), isForeignSignal: isForeign)
  }

  /// Why CMD was not started, or why its end is not known; nil for any other end.
  var whyNotStarted: String? {
    switch how {
    case .notFound:
      missingInterpreter.map { "its interpreter '\(ByteText.decode($0))' was not found" } ?? "not found"
    case .notExecutable(let code), .notStarted(let code), .endUnknown(let code): systemMessage(code)
    case .exited, .signaled, .interrupted: nil
    }
  }

  /// The name of the signal that ended it; nil for any other end.
  var signalName: String? {
    if case .signaled(let number) = how { SignalName.name(of: number) } else { nil }
  }

  /// `CB_EXIT_STATUS` (as the shell shows it), `CB_SIGNAL` (a name, or empty), `CB_DURATION` (seconds).
  var environment: [String] {
    [
      "CB_EXIT_STATUS=\(exitCode)", "CB_SIGNAL=" + (signalName ?? ""),
      "CB_DURATION=" + DurationText.decimal(thousandths: duration),
    ]
  }
}
