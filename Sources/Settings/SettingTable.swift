import CircuitBreaker

extension SettingKey {
  /// One row a setting: what it takes, what it is for, and its place in `Settings`.
  package var row: SettingRow {
    switch self {
    case .failMax: .count("Consecutive failures that open the circuit.", { $0.failMax }, { $0.failMax = $1 })
    case .resetTimeout:
      .duration("How long the circuit stays open before a trial run.", { $0.resetTimeout }, { $0.resetTimeout = $1 })
        .applyingToOpenCircuit()
    case .successThreshold:
      .count("Trial successes needed to close the circuit.", { $0.successThreshold }, { $0.successThreshold = $1 })
    case .halfOpenMax: .count("Trial runs at once while half-open.", { $0.halfOpenMax }, { $0.halfOpenMax = $1 })
    case .exclude:
      .codes(
        "Exit codes and signals that prove that the system answered: as good as a success. Repeatable.",
        { $0.rules.exclude }, { $0.rules.exclude.elements += $1.elements })
    case .excludeIf:
      .shellTexts(
        "Shell predicate asked of a failure; exit 0: as good as a success. Repeatable.", { $0.excludeIf },
        { $0.excludeIf.append($1) })
    case .ignore:
      .codes(
        "Exit codes and signals that prove nothing: the run gives no verdict. Repeatable.", { $0.rules.ignore },
        { $0.rules.ignore.elements += $1.elements })
    case .ignoreIf:
      .shellTexts(
        "Shell predicate asked of a run that did not exit 0, before exclude; exit 0: no verdict. Repeatable.",
        { $0.ignoreIf }, { $0.ignoreIf.append($1) })
    case .failIf:
      .shellTexts(
        "Shell predicate asked of a run that exits 0; exit 0 makes it a failure. Repeatable.", { $0.failIf },
        { $0.failIf.append($1) })
    case .only:
      .codes(
        "The only exit codes and signals that are failures. Repeatable.", { $0.rules.only },
        { $0.rules.only.elements += $1.elements })
    case .tripOn:
      .codes(
        "Exit codes and signals of which one failure opens the circuit. Repeatable.", { $0.rules.tripOn },
        { $0.rules.tripOn.elements += $1.elements })
    case .holdOn:
      .codes(
        "Exit codes and signals of which one failure opens and holds until a person acts. Repeatable.",
        { $0.rules.holdOn }, { $0.rules.holdOn.elements += $1.elements })
    case .holdIf:
      .shellTexts(
        "Shell predicate asked of a failure; exit 0 opens and holds. Repeatable.", { $0.holdIf },
        { $0.holdIf.append($1) })
    case .holdAfter: .count("Hold at this many trips in a row.", { $0.holdAfter }, { $0.holdAfter = $1 })
    case .retryHint:
      .shellTexts(
        "Shell text run after a failure; prints when the other side wants to be asked again. Repeatable.",
        { $0.retryHint }, { $0.retryHint.append($1) })
    case .retryHintMax:
      .duration(
        "The longest that a hint is believed.", allowsZero: false, { $0.retryHintMax }, { $0.retryHintMax = $1 })
    case .probe:
      .shellText("Shell text that is the trial in the command's place.", { $0.probe }, { $0.probe = $1 })
    case .probeTimeout:
      .duration(
        "A probe that takes longer has failed.", allowsZero: false, { $0.probeTimeout }, { $0.probeTimeout = $1 }
      )
      .needing(.probe)
    case .preset: .preset
    case .mode:
      .choice("enforce; observe: decide but reject nothing; bypass: no breaker.", "mode", { $0.mode }, { $0.mode = $1 })
    case .remind:
      .duration(
        "While open, announce the first rejection after each such time.", allowsZero: false, { $0.remind },
        { $0.remind = $1 })
    case .window: .window
    case .failureRate:
      .rate("With --window: the share of failures that opens.", { $0.failureRate }, { $0.failureRate = $1 })
        .needing(.window)
    case .minCalls:
      .count("With --window: fewer runs than this never open.", { $0.minCalls }, { $0.minCalls = $1 })
        .needing(.window)
    case .slowAfter:
      .duration(
        "A run that takes longer is slow; without --window, a failure.", allowsZero: false, { $0.slowAfter },
        { $0.slowAfter = $1 })
    case .slowRate:
      .rate("With --window: the share of slow runs that opens.", { $0.slowRate }, { $0.slowRate = $1 })
        .needing(.window)
    case .resetBackoff: .resetBackoff
    case .resetMax:
      .duration(
        "The longest that backoff makes the reset timeout.", allowsZero: false, { $0.resetMax }, { $0.resetMax = $1 }
      ).applyingToOpenCircuit()
    case .jitter:
      .rate(
        "Lengthens the reset timeout by up to this share, drawn once a trip.", allowsZero: true, { $0.jitter },
        { $0.jitter = $1 }
      ).applyingToOpenCircuit()
    case .maxConcurrent:
      .count("Runs at once; one more is rejected.", { $0.maxConcurrent }, { $0.maxConcurrent = $1 })
    case .timeout:
      // 0 is no limit, as for timeout(1).
      .duration(
        "End the command after this long (exit 124, a failure).", { $0.timeout },
        { $0.timeout = $1 == .zero ? nil : $1 })
    case .timeoutSignal: .timeoutSignal
    case .killAfter:
      .duration("SIGKILL this long after the signal of --timeout.", { $0.killAfter }, { $0.killAfter = $1 })
    case .onEvent: .onEvent
    case .onStoreError:
      .choice("If the store fails: local, run or reject.", "policy", { $0.onStoreError }, { $0.onStoreError = $1 })
    case .fallback:
      .shellText("Shell text run in place of a rejected command.", { $0.fallback }, { $0.fallback = $1 })
    case .wait:
      .duration("Instead of being rejected, wait this long for admission.", { $0.wait }, { $0.wait = $1 })
    case .notice: .choice("Rejections reported: each, first or none.", "which", { $0.notice }, { $0.notice = $1 })
    case .rejectedExit: .rejectedExit
    }
  }
}

/// The rows whose texts are like no other's.
extension SettingRow {
  fileprivate static var preset: SettingRow {
    SettingRow(
      placeholder: "tool", range: "one of " + Preset.all.map(\.name).joined(separator: ", "),
      help: "Exit codes of a well-known tool, below the lists of your own. Repeatable.", isList: true,
      apply: { settings, text in
        guard let preset = Preset.named(text) else { return false }
        settings.presets.append(preset)
        return true
      }, value: { .list($0.presets.map(\.name)) })
  }

  fileprivate static var window: SettingRow {
    SettingRow(
      placeholder: "window",
      range: "a number of runs from 1 to 10000, such as 20, or a duration from 100ms with a unit, such as 1h",
      help: "Judge by rate over the last runs (20) or a time (1h).",
      apply: { settings, text in
        guard let window = WindowSize(text) else { return false }
        settings.window = window
        return true
      },
      value: { settings in
        switch settings.window {
        case nil: .none
        case .runs(let count): .count(count)
        case .time(let span): .text(DurationText.format(span))
        }
      })
  }

  fileprivate static var resetBackoff: SettingRow {
    SettingRow(
      placeholder: "factor", range: "a number from 1 to 1000, such as 2",
      help: "Each trip in a row multiplies the reset timeout by this.", appliesToOpenCircuit: true,
      apply: { settings, text in
        guard let factor = NumberText.decimal(text), (1...1000).contains(factor) else { return false }
        settings.resetBackoff = factor
        return true
      }, value: { .number($0.resetBackoff) })
  }

  fileprivate static var timeoutSignal: SettingRow {
    SettingRow(
      placeholder: "signal", range: "the name of a signal, such as TERM, INT or HUP",
      help: "The signal with which --timeout ends the command.",
      apply: { settings, text in
        guard let signal = SignalName.number(of: text) else { return false }
        settings.timeoutSignal = signal
        return true
      }, value: { .text(String(SignalName.name(of: $0.timeoutSignal).dropFirst(3))) })
  }

  fileprivate static var onEvent: SettingRow {
    SettingRow(
      placeholder: "event=cmd",
      range: "EVENT=CMD with EVENT one of \(ListenedEvent.allCases.map(\.rawValue).joined(separator: ", "))",
      help: "Run CMD on an event: EVENT=CMD. Repeatable.", isList: true,
      apply: { settings, text in
        guard let listener = Listener(text) else { return false }
        settings.listeners.append(listener)
        return true
      }, value: { .list($0.listeners.map(\.text)) })
  }

  fileprivate static var rejectedExit: SettingRow {
    SettingRow(
      placeholder: "n", range: "an exit code from 0 to 255", help: "The exit code of a rejected run.",
      apply: { settings, text in
        guard let code = NumberText.exitCode(text) else { return false }
        settings.rejectedExit = code
        return true
      }, value: { .count(Int($0.rejectedExit)) })
  }
}
