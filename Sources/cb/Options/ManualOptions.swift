import ArgumentParser
import CircuitBreaker
import Glibc

struct ReasonOption: ParsableArguments {
  @Option(help: ArgumentHelp("Why; shown in status and history.", valueName: "text"))
  var reason: String?

  /// A reason is kept with the breaker and shown in tables: a sentence, not a file.
  private static let longest = 500

  func action(_ world: World) throws(CommandFailure) -> ManualAction {
    if let reason, reason.utf8.count > Self.longest {
      throw .usage("--reason: the text has \(reason.utf8.count) bytes, and \(Self.longest) is the most")
    }
    return ManualAction(by: Operator.name(world), reason: reason)
  }
}

struct HoldOptions: ParsableArguments {
  @Option(name: .customLong("for"), help: ArgumentHelp("Hold the state this long.", valueName: "duration"))
  var lasting: String?
  @Flag(help: "Hold the state until it is changed by hand.")
  var hold = false

  /// nil: no hold. `.some(nil)`: a hold without an end.
  func length() throws(CommandFailure) -> Span?? {
    guard let lasting else { return hold ? .some(nil) : nil }
    if hold { throw .usage("--for and --hold exclude each other") }
    guard let span = DurationText.parse(lasting), span > .zero else {
      throw .usage("--for: '\(lasting)' is not valid: it must be a duration above 0, such as 90s, 5m or 1h30m")
    }
    return span
  }
}

/// Who acts by hand: `alice@web1`, or who called sudo.
enum Operator {
  static func name(_ world: World) -> String {
    let user = getuid()
    let caller = user == 0 ? world.environment("SUDO_USER") : nil
    let name = caller ?? PasswordDatabase.entry(of: user)?.name ?? "uid \(user)"
    var system = utsname()
    guard uname(&system) == 0 else { return name }
    let host = withUnsafeBytes(of: system.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return "\(name)@\(host)"
  }
}
