import ArgumentParser
import BreakerStore
import CircuitBreaker
import CommandProcess
import Settings

struct Wait: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait",
    abstract: "Sleep until a run would be admitted.",
    usage: "cb wait NAME [--timeout DURATION] [-q]",
    discussion: """
      Exits 0 when a run would be admitted, 124 if the time ran out. Never writes. On a terminal one line counts down. \
      If the store fails, it answers what run would do, as cb check does.
      """)

  @Option(help: ArgumentHelp("Give up after this long (default: never).", valueName: "duration"))
  var timeout: String?
  @Flag(name: .shortAndLong, help: "Do not count down on a terminal.") var quiet = false
  @OptionGroup var common: CommonOptions
  @Argument(help: "The breaker.") var name: String

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    try WaitOptions(name: name, places: common.places, timeout: timeout, isQuiet: quiet).execute(world)
  }
}

extension WaitOptions {
  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let name = try BreakerName(argument: name)
    let limit = try timeout.map { (text) throws(CommandFailure) in try Span(option: "--timeout", text) }
    let session = try Session(places, for: .script, world: world)
    let waiting = Waiting(limit: limit, world: world, name: isQuiet ? nil : name)
    defer { waiting.end() }
    while true {
      let due: Span?
      switch Forecast(name: name, session: session).look() {
      case .admitted: return ExitCode.success
      case .storeFailed: return ExitCode.storeRefuses
      case .rejected(let rejection, _, _):
        if case .open(let retryAfter) = rejection.cause { due = retryAfter } else { due = .zero }
      }
      guard let nap = waiting.nap(until: due) else { return ExitCode.timedOut }
      session.store.rest()
      if let signal = pause(milliseconds: nap.milliseconds, inherited: world.inherited) {
        waiting.end()
        dieOf(signal)
      }
    }
  }
}

extension Span {
  /// The value of an option that takes a duration.
  init(option: String, _ text: String, allowsZero: Bool = true) throws(CommandFailure) {
    guard let span = DurationText.parse(text), allowsZero || span > .zero else {
      let kind = allowsZero ? "a duration" : "a duration above 0"
      throw .usage("\(option): '\(text)' is not valid: it must be \(kind) such as 90s, 5m or 1h30m")
    }
    self = span
  }
}
