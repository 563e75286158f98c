import ArgumentParser
import BreakerStore
import CircuitBreaker
import CommandProcess
import Settings

struct PermitCommand: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "permit",
    abstract: "Ask for admission without running anything; prints a token.",
    usage: "cb permit NAME [--lease DURATION]",
    discussion: """
      For work that is not a single command. Exits 0 and prints a token for 'cb report', or exits 75. A permit that is \
      not reported within its lease is lost: its place is free again, without a verdict. If nothing guards the \
      work (CB_BYPASS=1, mode bypass, a store that failed), the token is empty, and 'cb report' accepts it without \
      effect.
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
    let term =
      try lease.map { (text) throws(CommandFailure) in try Span(option: "--lease", text, allowsZero: false) }
      ?? PermitCommand.defaultLease
    // A signal that comes between the admission and the token is to leave no place taken.
    world.inherited.holdSignals()
    let session = try Session(places, for: .script, world: world)
    switch try decision(name, term, session) {
    case .unguarded(let settings, let error):
      if let error, settings.settings.notice != .none {
        world.say("\(name): \(error.description); the work goes on unguarded")
      }
      try world.print("\n")
      return ExitCode.success
    case .rejected(let rejected):
      let announcer = Announcer(name: name, settings: rejected.settings, world: world)
      announcer.announce(rejected.transitions, rejected.circuit.breaker, at: rejected.circuit.now)
      announcer.announceRejection(rejected.rejection, rejected.circuit.breaker, at: rejected.circuit.now)
      throw CommandFailure(
        exitCode: ExitCode.rejected, message: "\(name): " + Messages(world).rejection(rejected).text)
    case .interrupted(let interrupted):
      Announcer(name: name, settings: interrupted.settings, world: world)
        .announce(interrupted.transitions, interrupted.circuit.breaker, at: interrupted.circuit.now)
      dieOf(interrupted.signal)
    case .admitted(let admitted):
      let announcer = Announcer(name: name, settings: admitted.settings, world: world)
      announcer.announce(admitted.transitions, admitted.circuit.breaker, at: admitted.circuit.now)
      if let observed = admitted.observed {
        announcer.announceRejection(observed, admitted.circuit.breaker, at: admitted.circuit.now)
      }
      announcer.announce(.beforeCall, admitted.circuit.breaker, at: admitted.circuit.now)
      if let signal = world.inherited.pendingInterruption() {
        _ = try? admitted.store.storage.apply(.lose([admitted.permit.token]), to: name)
        dieOf(signal)
      }
      do throws(CommandFailure) {
        try world.print(admitted.permit.token.text + "\n")
      } catch {
        // Nobody has the token: the place is given back.
        _ = try? admitted.store.storage.apply(.lose([admitted.permit.token]), to: name)
        throw error
      }
      return ExitCode.success
    }
  }

  private func decision(
    _ name: BreakerName, _ term: Span, _ session: Session
  ) throws(CommandFailure) -> Admitter.Decision {
    do throws(CommandFailure) {
      return try Admitter(name: name, session: session, kind: .permit, term: term).decide()
    } catch {
      // `on-store-error reject`: as `cb check` answers.
      throw CommandFailure(
        exitCode: error.exitCode == ExitCode.selfFailed ? ExitCode.storeRefuses : error.exitCode,
        message: error.message)
    }
  }
}
