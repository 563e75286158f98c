import ArgumentParser
import BreakerStore
import CircuitBreaker

struct Check: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Exit 0 if a run would be admitted now, 75 if not.",
    usage: "cb check NAME",
    discussion: "Silent, and never writes. Fits systemd's ExecCondition= and 'if cb check NAME; then'.")

  @OptionGroup var common: CommonOptions
  @Argument(help: "The breaker.") var name: String

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let name = try BreakerName(argument: name)
    let session = try Session(common.places, for: .script, world: world)
    return try session.wouldAdmit(name).isAdmitted ? ExitCode.success : ExitCode.rejected
  }
}

extension Session {
  /// Whether a run would be admitted now, and how long until a trial is due.
  func wouldAdmit(_ name: BreakerName) throws(CommandFailure) -> (isAdmitted: Bool, due: Span?) {
    let reading = try storeResult { () throws(StoreError) in try store.read(name) }
    guard let breaker = reading.breaker else { return (true, nil) }
    let policy = try settings(for: name, stored: breaker.settings).policy
    return (breaker.wouldAdmit(policy, at: reading.now), breaker.retryAfter(policy, at: reading.now))
  }
}
