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
    discussion: "Exits 0 when a run would be admitted, 124 if the time ran out. Never writes.")

  @Option(help: ArgumentHelp("Give up after this long; without it, never.", valueName: "duration"))
  var timeout: String?
  @Flag(name: .shortAndLong, help: "Do not show on a terminal how long it still takes.") var quiet = false
  @OptionGroup var common: CommonOptions
  @Argument(help: "The breaker.") var name: String

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    try WaitOptions(name: name, places: common.places, timeout: timeout, isQuiet: quiet).execute(world)
  }
}

extension WaitOptions {
  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let name = try BreakerName(argument: name)
    var limit: Span?
    if let timeout {
      limit = DurationText.parse(timeout)
      if limit == nil {
        throw .usage("--timeout: '\(timeout)' is not valid: it must be a duration such as 90s, 5m or 1h30m")
      }
    }
    let session = try Session(places, for: .script, world: world)
    let waiting = Waiting(limit: limit, clock: world.clock)
    while true {
      let (isAdmitted, due) = try session.wouldAdmit(name)
      if isAdmitted { return ExitCode.success }
      guard let nap = waiting.nap(until: due) else { return ExitCode.timedOut }
      session.store.rest()
      if let signal = pause(milliseconds: nap.milliseconds, inherited: world.inherited) { dieOf(signal) }
    }
  }
}
