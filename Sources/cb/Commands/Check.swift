import ArgumentParser
import BreakerStore
import CircuitBreaker
import Settings

struct Check: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Exit 0 if a run would be admitted now, 75 if not.",
    usage: "cb check NAME [--rejected-exit N] [--explain]",
    discussion: """
      Silent, and never writes. Fits systemd's ExecCondition=, 'if cb check NAME; then', and hooks that block a tool \
      call by their exit code and show the reason: --rejected-exit 2 --explain.
      """)

  @Option(help: ArgumentHelp("The exit code where a run would be rejected (0 to 254).", valueName: "n"))
  var rejectedExit: String?
  @Flag(help: "Write the line that a rejected run would write to standard error.") var explain = false

  @OptionGroup var common: CommonOptions
  @Argument(help: "The breaker.") var name: String

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    try CheckOptions(name: name, places: common.places, rejectedExit: rejectedExit, explains: explain).execute(world)
  }
}

extension CheckOptions {
  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let name = try BreakerName(argument: name)
    let session = try Session(places, for: .script, world: world)
    return try session.wouldAdmit(name).isAdmitted ? ExitCode.success : ExitCode.rejected
  }
}

extension Session {
  /// Whether a run would be admitted now, and how long until a trial is due.
  func wouldAdmit(_ name: BreakerName) throws(CommandFailure) -> (isAdmitted: Bool, due: Span?) {
    let reading = try storeResult { () throws(StoreError) in try store.read(name) }
    guard let breaker = reading.breaker else { return (true, nil) }
    let policy = settings(for: name, stored: breaker.settings).policy
    return (breaker.wouldAdmit(policy, at: reading.now), breaker.retryAfter(policy, at: reading.now))
  }
}
