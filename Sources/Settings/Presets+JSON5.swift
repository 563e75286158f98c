/// What `cb preset NAME` prints.
extension Preset {
  /// A configuration file with the preset spelled out, a comment for each rule; its entry of `breakers` can be pasted
  /// into another file and changed.
  package var json5: String {
    """
    // \(name): \(about).
    // Source: \(source).
    // exclude: the other side answered. ignore: proves nothing. hold: needs a person. All else is a failure.\
    \(texts.isEmpty ? "" : "\n// Texts are those of LC_ALL=C\(name == "ansible-playbook" ? ".UTF-8" : ""), which is not set for you.")
    {
      breakers: {
        "\(name)-*": {
    \(body.map { "      " + $0 }.joined(separator: "\n"))
        },
      },
    }

    """
  }

  private var body: [String] {
    var lines: [String] = []
    let failures = codes.filter { $0.verdict == .failure }
    if !failures.isEmpty { lines.append("// Failures, as all that is not named:") }
    for entry in failures { lines.append("//   \(Self.list(entry.codes)): \(entry.reason)") }
    for verdict in [Verdict.ignore, .exclude, .hold] {
      let named = codes.filter { $0.verdict == verdict }
      if !named.isEmpty {
        lines.append("\"\(Self.listKey(verdict))\": [")
        for entry in named { lines.append("  \"\(Self.list(entry.codes))\", // \(entry.reason)") }
        lines.append("],")
      }
      let asked = texts.filter { $0.verdict == verdict }
      if !asked.isEmpty {
        lines.append("\"\(Self.predicateKey(verdict))\": [")
        for entry in asked {
          lines.append("  // \(Self.list(entry.codes)): \(entry.reason)")
          lines.append("  '\(entry.shell)',")
        }
        lines.append("],")
      }
    }
    return lines
  }

  /// As `exclude` takes them: `3,64-78`.
  private static func list(_ codes: [ClosedRange<Int32>]) -> String {
    codes.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
  }

  private static func listKey(_ verdict: Verdict) -> String {
    switch verdict {
    case .ignore: SettingKey.ignore.name
    case .exclude: SettingKey.exclude.name
    case .hold, .failure: SettingKey.holdOn.name
    }
  }

  private static func predicateKey(_ verdict: Verdict) -> String {
    switch verdict {
    case .ignore: SettingKey.ignoreIf.name
    case .exclude: SettingKey.excludeIf.name
    case .hold, .failure: SettingKey.holdIf.name
    }
  }
}

extension Preset.Text {
  /// The same as a shell predicate: it starts no process of its own.
  package var shell: String {
    let codes = codes.flatMap { Array($0) }.map(String.init).joined(separator: "|")
    var tail: [String] = []
    if !noneOf.isEmpty { tail.append("\(Self.pattern(noneOf))) exit 1;;") }
    if !anyOf.isEmpty { tail.append("\(Self.pattern(anyOf))) exit 0;;") }
    let asked = tail.isEmpty ? "" : " case $CB_STDERR_TAIL in \(tail.joined(separator: " ")) esac;"
    return "case $CB_EXIT_STATUS in \(codes)) ;; *) exit 1;; esac;\(asked) exit \(anyOf.isEmpty ? 0 : 1)"
  }

  private static func pattern(_ texts: [String]) -> String {
    texts.map { "*\"\($0)\"*" }.joined(separator: "|")
  }
}
