import ArgumentParser
import BreakerStore
import CircuitBreaker
import CommandProcess
import Settings
import System

struct ProbeCommand: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe",
    abstract: "Run the probe of each breaker that is due, now.",
    usage: "cb probe NAME...",
    discussion: """
      For a timer: a circuit then closes without waiting for the next run. A breaker that is not open, that is not due, \
      or that has no setting 'probe' is left alone. Exits 0 if all are closed after it, 75 if not. NAME may be a \
      quoted glob.
      """)

  @OptionGroup var common: CommonOptions
  @Argument(help: "The breakers.") var names: [String]

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    world.inherited.holdSignals()
    let session = try Session(common.places, for: .script, world: world)
    var areAllClosed = true
    let code = try session.forEachBreaker(names, creating: false) { (name) throws(CommandFailure) in
      if try probe(name, session) != .closed { areAllClosed = false }
    }
    if code != ExitCode.success { return code }
    return areAllClosed ? ExitCode.success : ExitCode.rejected
  }

  /// - Returns: the state afterwards.
  private func probe(_ name: BreakerName, _ session: Session) throws(CommandFailure) -> CircuitState {
    let world = session.world
    let (breaker, now) = try session.existing(name)
    let settings = session.settings(for: name, stored: breaker.settings)
    guard breaker.state != .closed, breaker.rejection(settings.policy, at: now) == nil else { return breaker.state }
    guard let text = settings.settings.probe else {
      world.say("\(name): it has no setting '\(SettingKey.probe.name)'; set one with cb set")
      return breaker.state
    }
    var request = AdmissionRequest(token: world.token(), policy: settings.policy, announcesRejection: false)
    request.caller = world.caller
    request.holder = ProcessIdentity.current(bootID: world.clock.reading().bootID).holder
    let admission = try session.apply(.admit(request), to: name)
    let announcer = Announcer(name: name, settings: settings, world: world)
    guard case .admitted(let permit) = admission.step.effect, permit.isTrial else {
      announcer.announce(admission.step.transitions, admission.breaker, at: admission.now)
      return admission.breaker?.state ?? .closed
    }
    let trial = Admitter.Admitted(
      store: session.store, permit: permit, settings: settings, circuit: admission.reading,
      transitions: admission.step.transitions)
    let (result, transitions) = Probe(name: name, text: text, world: world).toTheEnd(trial, for: nil)
    switch result {
    case .failed(let error): throw .failed("\(name): \(error.description)")
    case .interrupted(let signal, let applied):
      announcer.announce(transitions, applied?.breaker ?? trial.circuit.breaker, at: applied?.now ?? trial.circuit.now)
      dieOf(signal)
    case .decided(let applied, _):
      announcer.announce(transitions, applied.breaker, at: applied.now)
      for transition in applied.step.transitions {
        world.say("\(name): " + Messages(world).transition(transition, applied))
      }
      return applied.breaker?.state ?? .closed
    }
  }
}
