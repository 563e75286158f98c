import BreakerStore
import CircuitBreaker
import CommandProcess
import Glibc

/// The life of one `cb run`: settings, admission, process, verdict, report, events, exit status.
struct RunCommand {
  let name: BreakerName
  let options: RunOptions
  let session: Session
  var world: World { session.world }
  /// CMD and its arguments.
  let command: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

  init(_ options: RunOptions, world: World) throws(CommandFailure) {
    guard let command = world.commandLine else {
      throw .usage("run: the command is missing; write cb run \(options.name) -- CMD ARG...")
    }
    guard command.pointee != nil else {
      throw .usage("run: nothing stands behind '--'; write cb run \(options.name) -- CMD ARG...")
    }
    name = try BreakerName(argument: options.name)
    self.options = options
    self.command = command
    session = try Session(options.places, options: options.settings, world: world)
  }

  /// Runs to the end, and ends as CMD ended.
  func execute() throws(CommandFailure) -> Int32 {
    // From here on no signal is lost: it ends cb before CMD starts, or reaches CMD.
    world.inherited.holdSignals()
    switch try admit() {
    case .unguarded(let settings): return runUnguarded(settings)
    case .rejected(let rejection, let applied, let settings): return reject(rejection, applied, settings)
    case .admitted(let admitted): return run(admitted)
    }
  }

  // MARK: Admission

  struct Admitted {
    var permit: Permit
    var settings: ResolvedSettings
    var breaker: Breaker?
    var transitions: [Transition]
    var now: Timestamp
  }

  private enum Admission {
    case admitted(Admitted)
    case rejected(Rejection, Applied, ResolvedSettings)
    /// The store failed, and `on-store-error` says to run all the same.
    case unguarded(ResolvedSettings)
  }

  private func admit() throws(CommandFailure) -> Admission {
    let waiting = options.wait.map { Waiting(limit: $0, clock: world.clock) }
    while true {
      let reading: Reading
      do {
        reading = try session.store.read(name)
      } catch {
        return .unguarded(try settingsWithout(error))
      }
      let settings = try settings(stored: reading.breaker?.settings)
      if let waiting, let breaker = reading.breaker, !breaker.wouldAdmit(settings.policy, at: reading.now),
        let nap = waiting.nap(until: breaker.retryAfter(settings.policy, at: reading.now))
      {
        session.store.rest()
        sleep(nap)
        continue
      }
      var request = AdmissionRequest(
        token: world.token(), policy: settings.policy, announcesRejection: options.notice != .none)
      if let permit = reading.admitWithoutTrace(request) {
        return .admitted(
          Admitted(permit: permit, settings: settings, breaker: reading.breaker, transitions: [], now: reading.now))
      }
      request.holder = ProcessIdentity.current().holder
      let applied: Applied
      do {
        applied = try session.store.apply(.admit(request), to: name)
      } catch {
        return .unguarded(try settingsWithout(error))
      }
      tell(applied.notices)
      if case .rejected(let rejection) = applied.step.effect {
        // Somebody else took the place between the look and the request: that is worth waiting for too.
        if let waiting, let nap = waiting.nap(until: applied.breaker?.retryAfter(settings.policy, at: applied.now)) {
          session.store.rest()
          sleep(nap)
          continue
        }
        return .rejected(rejection, applied, settings)
      }
      if case .admitted(let permit) = applied.step.effect {
        return .admitted(
          Admitted(
            permit: permit, settings: settings, breaker: applied.breaker, transitions: applied.step.transitions,
            now: applied.now))
      }
    }
  }

  private func settings(stored: StoredSettings?) throws(CommandFailure) -> ResolvedSettings {
    try session.settings(for: name, stored: stored)
  }

  /// What `on-store-error` makes of a store that fails at admission.
  private func settingsWithout(_ error: StoreError) throws(CommandFailure) -> ResolvedSettings {
    let settings = try settings(stored: nil)
    if settings.settings.onStoreError == .reject {
      throw CommandFailure(
        exitCode: ExitCode.selfFailed, message: "\(name): \(error.description); the command was not started")
    }
    world.say("\(name): \(error.description); running unguarded")
    return settings
  }

  private func sleep(_ span: Span) {
    if let signal = pause(milliseconds: span.milliseconds, inherited: world.inherited) { dieOf(signal) }
  }

  private func tell(_ notices: [String]) {
    for notice in notices { world.say(notice) }
  }

  // MARK: Rejection

  private func reject(_ rejection: Rejection, _ applied: Applied, _ settings: ResolvedSettings) -> Int32 {
    session.store.rest()
    if options.notice == .each || (options.notice == .first && rejection.isFirstOfTrip) {
      world.say("\(name): " + Messages.rejection(rejection, applied.breaker, at: applied.now))
    }
    let announcer = Announcer(name: name, settings: settings, world: world)
    announcer.announce(applied.step.transitions, applied.breaker, at: applied.now)
    announcer.announce(.rejected, applied.breaker, reason: rejection.cause.reason, at: applied.now)
    guard let fallback = options.fallback else { return options.rejectedExit }
    let ending = ShellArguments(fallback).withPointer { argv in
      CommandProcess.run(
        LaunchRequest(argv: argv, environment: environment(applied.breaker?.state ?? .open)),
        inherited: world.inherited)
    }
    if ending.exitCode == ExitCode.selfFailed { sayNotStarted(ending) }
    endLike(ending)
  }

  // MARK: Running

  private func environment(_ state: CircuitState) -> [(name: String, value: String)] {
    [(name: "CB_BREAKER", value: name.text), (name: "CB_STATE", value: state.rawValue)]
  }

  private func launch(
    _ settings: Settings, _ state: CircuitState, tick: (every: Int64, action: () -> Void)?
  ) -> CommandProcess.Ending {
    session.store.rest()
    return CommandProcess.run(
      LaunchRequest(
        argv: command, environment: environment(state), timeout: settings.timeout?.milliseconds,
        killAfter: settings.killAfter.milliseconds, stderrTail: settings.excludeIf.isEmpty ? nil : 4096, tick: tick),
      inherited: world.inherited)
  }

  private func runUnguarded(_ settings: ResolvedSettings) -> Int32 {
    let ending = launch(settings.settings, .closed, tick: nil)
    sayNotStarted(ending)
    endLike(ending)
  }

  private func run(_ admitted: Admitted) -> Int32 {
    let announcer = Announcer(name: name, settings: admitted.settings, world: world)
    announcer.announce(admitted.transitions, admitted.breaker, at: admitted.now)
    announcer.announce(.beforeCall, admitted.breaker, at: admitted.now)
    let permit = admitted.permit
    let ending = launch(
      admitted.settings.settings, permit.isTrial ? .halfOpen : .closed,
      tick: permit.hasLease ? (every: Lease.renewal.milliseconds, action: { renew(permit) }) : nil)
    sayNotStarted(ending)
    let verdict = Judge(name: name, settings: admitted.settings.settings, world: world).verdict(on: ending)
    do {
      let applied = try session.store.apply(
        .record(
          Report(permit: permit, verdict: verdict, policy: admitted.settings.policy, draw: world.draw())),
        to: name)
      session.store.rest()
      tell(applied.notices)
      announcer.announceResult(applied, ending)
      if options.notice != .none {
        for transition in applied.step.transitions {
          world.say("\(name): " + Messages.transition(transition, applied.breaker, at: applied.now))
        }
      }
    } catch {
      // CMD ran: its exit code is the result, whatever became of ours.
      world.say("\(name): \(error.description); the result of this run (\(verdict.reason)) was not counted")
    }
    endLike(ending)
  }

  /// A renewal that fails is not worth a word: the next may go through, and if none does the lease runs out.
  private func renew(_ permit: Permit) {
    _ = try? session.store.apply(.renew(permit.token, term: Lease.term), to: name)
    session.store.rest()
  }

  private func sayNotStarted(_ ending: CommandProcess.Ending) {
    if let reason = ending.whyNotStarted {
      world.say("\(name): cannot run '\(String(cString: command.pointee!))': \(reason)")
    }
  }
}
