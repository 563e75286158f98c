import ArgumentParser
import BreakerStore
import CircuitBreaker
import Settings

struct PermitCommand: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "permit",
    abstract: "Ask for admission without running anything; prints a token.",
    usage: "cb permit NAME [--lease DURATION]",
    discussion: """
      For work that is no single command. Exits 0 and prints a token for 'cb report', or exits 75. A permit that is \
      not reported within its lease is lost: its place is free again, without a verdict.
      """)

  /// How long a permit lasts where --lease does not say.
  static let defaultLease = Span.seconds(600)

  @Option(help: ArgumentHelp("How long the permit lasts (default: 10m).", valueName: "duration"))
  var lease: String?
  @OptionGroup var common: CommonOptions
  @Argument(help: "The breaker.") var name: String

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    try PermitOptions(name: name, places: common.places, lease: lease).execute(world)
  }
}

extension PermitOptions {
  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let name = try BreakerName(argument: name)
    let term = try term()
    let session = try Session(places, for: .script, world: world)
    let reading = try session.storeResult { () throws(StoreError) in try session.store.readToChange(name) }
    let settings = session.settings(for: name, stored: reading.breaker?.settings)
    let request = AdmissionRequest(token: world.token(), policy: settings.policy, kind: .permit, term: term)
    let applied = try session.apply(.admit(request), to: name)
    let announcer = Announcer(name: name, settings: settings, world: world)
    announcer.announce(applied.step.transitions, applied.breaker, at: applied.now)
    if case .rejected(let rejection) = applied.step.effect {
      announcer.announce(.rejected, applied.breaker, reason: rejection.cause.reason, at: applied.now)
      throw CommandFailure(
        exitCode: ExitCode.rejected,
        message: "\(name): " + Messages.rejection(rejection, applied.breaker, at: applied.now))
    }
    announcer.announce(.beforeCall, applied.breaker, at: applied.now)
    try world.print(request.token.text + "\n")
    return ExitCode.success
  }

  private func term() throws(CommandFailure) -> Span {
    guard let lease else { return PermitCommand.defaultLease }
    guard let span = DurationText.parse(lease), span > .zero else {
      throw .usage("--lease: '\(lease)' is not valid: it must be a duration above 0, such as 90s, 5m or 1h30m")
    }
    return span
  }
}
