import ArgumentParser
import CircuitBreaker
import Settings

struct ReasonOption: ParsableArguments {
  @Option(help: ArgumentHelp("Why; shown in status and history.", valueName: "text"))
  var reason: String?

  /// A reason is kept with the breaker and shown in tables: a sentence, not a file.
  static let longest = 500

  func action(_ world: World, _ command: String) throws(CommandFailure) -> ManualAction {
    if let reason, reason.utf8.count > Self.longest {
      throw .usage("\(command): --reason: the text has \(reason.utf8.count) bytes, and \(Self.longest) is the most")
    }
    return world.action(reason: reason)
  }
}

struct HoldOptions: ParsableArguments {
  @Option(name: .customLong("for"), help: ArgumentHelp("Hold the state this long.", valueName: "duration"))
  var lasting: String?
  @Flag(help: "Hold the state until it is changed by hand.")
  var hold = false

  /// nil: no hold. `.some(nil)`: a hold without an end.
  func length(_ command: String) throws(CommandFailure) -> Span?? {
    guard let lasting else { return hold ? .some(nil) : nil }
    if hold { throw .usage("\(command): --for and --hold exclude each other") }
    guard let span = DurationText.parse(lasting), span > .zero else {
      throw .usage(
        "\(command): --for: '\(lasting)' is not valid: it must be a duration above 0, such as 90s, 5m or 1h30m")
    }
    return span
  }
}
