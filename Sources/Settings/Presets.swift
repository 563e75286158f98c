package import CircuitBreaker

/// What the exit codes of a well-known tool prove, for the setting `preset` and for `cb preset NAME`.
///
/// What decides: *exclude* proves that the other side answered, *ignore* proves nothing, *hold* needs a person. What a
/// preset does not name stays a failure. A preset judges only what no list of the user's names; see docs/CONTRACT.md,
/// "Settings".
package struct Preset: Hashable, Sendable {
  /// What a code of the tool means to the breaker; `exclude`, `ignore` and `hold` are the lists of these names.
  package enum Verdict: Hashable, Sendable, CaseIterable {
    case failure
    case exclude
    case ignore
    case hold
  }

  /// Exit codes that mean one thing, whatever the tool says with them.
  package struct Codes: Hashable, Sendable {
    package let verdict: Verdict
    package let codes: [ClosedRange<Int32>]
    /// What the codes mean, from the tool's own document.
    package let reason: String
  }

  /// Exit codes that mean different things, told apart by what the tool wrote to standard error under `LC_ALL=C`.
  package struct Text: Hashable, Sendable {
    package let verdict: Verdict
    package let codes: [ClosedRange<Int32>]
    /// One of these is there; empty: any text will do.
    package let anyOf: [String]
    /// None of these is there.
    package let noneOf: [String]
    package let reason: String
  }

  /// As `--preset` takes it: the name of the tool.
  package let name: String
  /// For which versions and programs, and what to know before using it.
  package let about: String
  /// The document that the codes come from.
  package let source: String
  package let codes: [Codes]
  package let texts: [Text]

  /// By name, as the contract lists them.
  package static let all: [Preset] = [
    curl, wget, rsync, ssh, psql, git, restic, borg, rclone, aws, msmtp, ansiblePlaybook,
  ]

  /// The preset of that name; nil if there is none.
  package static func named(_ name: String) -> Preset? { all.first { $0.name == name } }

  /// How the preset judges a run; nil for a success, which is not its to judge, as is an end by a signal.
  /// - Parameters:
  ///   - code: of CMD.
  ///   - stderrTail: the end of CMD's standard error, in any encoding.
  package func verdict(onExit code: Int32, stderrTail: some Collection<UInt8>) -> Verdict? {
    if code == 0 { return nil }
    // The order of docs/CONTRACT.md, "The state machine".
    for verdict in [Verdict.ignore, .exclude, .hold] {
      if names(verdict, code) || says(verdict, onExit: code, stderrTail: stderrTail) { return verdict }
    }
    return .failure
  }

  /// Whether a list of the preset names the code.
  package func names(_ verdict: Verdict, _ code: Int32) -> Bool {
    codes.contains { $0.verdict == verdict && $0.codes.contains { $0.contains(code) } }
  }

  /// Whether a text rule of the preset does: its `ignore-if`, `exclude-if` or `hold-if`, answered without a process.
  package func says(_ verdict: Verdict, onExit code: Int32, stderrTail: some Collection<UInt8>) -> Bool {
    texts.contains { $0.verdict == verdict && $0.matches(code, stderrTail) }
  }

  /// The lists alone, as the core takes them.
  package var rules: JudgingRules {
    var rules = JudgingRules()
    for entry in codes {
      let elements = entry.codes.map(OutcomeSet.Element.codes)
      switch entry.verdict {
      case .ignore: rules.ignore.elements += elements
      case .exclude: rules.exclude.elements += elements
      case .hold: rules.holdOn.elements += elements
      case .failure: break
      }
    }
    return rules
  }
}

extension Preset.Text {
  func matches(_ code: Int32, _ tail: some Collection<UInt8>) -> Bool {
    guard codes.contains(where: { $0.contains(code) }) else { return false }
    let tail = Array(tail)
    return !noneOf.contains { tail.containsText($0) } && (anyOf.isEmpty || anyOf.contains { tail.containsText($0) })
  }
}

extension [UInt8] {
  /// Whether the bytes hold the text's.
  fileprivate func containsText(_ text: String) -> Bool {
    let wanted = Array(text.utf8)
    guard let first = wanted.first else { return true }
    guard count >= wanted.count else { return false }
    return (0...(count - wanted.count)).contains { start in
      self[start] == first && self[start..<(start + wanted.count)].elementsEqual(wanted)
    }
  }
}

// How the table is written.
extension Preset {
  static func failure(_ codes: ClosedRange<Int32>..., reason: String) -> Codes {
    Codes(verdict: .failure, codes: codes, reason: reason)
  }

  static func exclude(_ codes: ClosedRange<Int32>..., reason: String) -> Codes {
    Codes(verdict: .exclude, codes: codes, reason: reason)
  }

  static func ignore(_ codes: ClosedRange<Int32>..., reason: String) -> Codes {
    Codes(verdict: .ignore, codes: codes, reason: reason)
  }

  static func hold(_ codes: ClosedRange<Int32>..., reason: String) -> Codes {
    Codes(verdict: .hold, codes: codes, reason: reason)
  }

  static func text(
    _ verdict: Verdict, on codes: ClosedRange<Int32>..., anyOf: [String] = [], noneOf: [String] = [], reason: String
  ) -> Text {
    Text(verdict: verdict, codes: codes, anyOf: anyOf, noneOf: noneOf, reason: reason)
  }
}
