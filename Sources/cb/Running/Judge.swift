import CircuitBreaker
import CommandProcess
import Glibc

/// Judges how CMD ended by the breaker's rules; asks the predicates of `exclude-if` where they can matter.
struct Judge {
  let name: BreakerName
  let settings: ResolvedSettings
  let isTrial: Bool
  let world: World

  func verdict(on ending: CommandProcess.Ending) -> Verdict {
    settings.settings.rules.judge(ending.forCore, policy: settings.policy, isTrial: isTrial) { question in
      question == .excludeIf && settings.settings.excludeIf.contains { isExcluded(by: $0, ending) }
    }
  }

  /// What a predicate sees: CONTRACT section 3. The tail may begin within a character, and be in any encoding.
  private func isExcluded(by predicate: String, _ ending: CommandProcess.Ending) -> Bool {
    let result = runShell(
      predicate, inherited: world.inherited,
      environment: [(name: "CB_BREAKER", value: name.text)] + ending.environment,
      bytes: (name: "CB_STDERR_TAIL", value: ending.stderrTail), input: [], timeout: 10_000)
    if result.timedOut { world.say("\(name): exclude-if '\(predicate)' took over 10 s and was ended") }
    return result.how == .exited(0)
  }
}

extension CommandProcess.Ending {
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
        case .failed: .exited(exitCode)
        }
      }
    // Not CMD's doing: a signal that came to cb, a reader that went away, a process table that was full.
    let isForeign = relayed != nil || readerGone || exitCode == ExitCode.selfFailed && whyNotStarted != nil
    return RunEnding(how: how, duration: Span(milliseconds: duration), isForeignSignal: isForeign)
  }

  /// Why CMD was not started; nil where it was.
  var whyNotStarted: String? {
    switch how {
    case .notFound: "not found"
    case .notExecutable(let code), .failed(let code): String(cString: strerror(code))
    case .exited, .signaled, .interrupted: nil
    }
  }

  /// `CB_EXIT_STATUS` (as the shell shows it), `CB_SIGNAL` (a name, or empty), `CB_DURATION` (seconds).
  var environment: [(name: String, value: String)] {
    var signal = ""
    if case .signaled(let number) = how { signal = SignalName.name(of: number) }
    return [
      (name: "CB_EXIT_STATUS", value: String(exitCode)), (name: "CB_SIGNAL", value: signal),
      (name: "CB_DURATION", value: DurationText.decimal(thousandths: duration)),
    ]
  }
}
