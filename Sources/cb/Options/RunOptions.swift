import CircuitBreaker

/// What stands between `cb run` and `--`, in meanings.
struct RunOptions {
  var name: String
  var places = Places()
  var settings: [(key: SettingKey, text: String)] = []
  var fallback: String?
  var wait: Span?
  var notice = Notice.each
  var rejectedExit = ExitCode.rejected
}

/// Which rejections are reported.
enum Notice: String, CaseIterable {
  case each
  case first
  case none
}

/// The options of `run` that are no settings: their texts become meanings here, for both parsers.
enum RunOptionText {
  static func wait(_ text: String) throws(CommandFailure) -> Span {
    guard let span = DurationText.parse(text) else {
      throw .usage("--wait: '\(text)' is not valid: it must be a duration such as 90s, 5m or 1h30m")
    }
    return span
  }

  /// Empty is an error: `--fallback "$UNSET"` would make a success of every rejection.
  static func fallback(_ text: String) throws(CommandFailure) -> String {
    guard !text.isEmpty else { throw .usage("--fallback: '' is not valid: it must be a shell command") }
    return text
  }

  static func notice(_ text: String) throws(CommandFailure) -> Notice {
    guard let notice = Notice(rawValue: text) else {
      throw .usage("--notice: '\(text)' is not valid: it must be each, first or none")
    }
    return notice
  }

  static func rejectedExit(_ text: String) throws(CommandFailure) -> Int32 {
    guard let code = Int32(text), (0...255).contains(code) else {
      throw .usage("--rejected-exit: '\(text)' is not valid: it must be an exit code from 0 to 255")
    }
    return code
  }
}
