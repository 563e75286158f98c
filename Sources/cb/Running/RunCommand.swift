import BreakerStore
import CircuitBreaker
import CommandProcess
import FileStore
import Glibc
import System

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
    session = try Session(options.places, options: options.settings, for: .script, world: world)
  }

  /// Runs to the end, and ends as CMD ended.
  func execute() throws(CommandFailure) -> Int32 {
    // From here on no signal is lost: it ends cb before CMD starts, or reaches CMD.
    world.inherited.holdSignals()
    var admission = try admit(on: session.store)
    if case .failed(let error, let settings) = admission { admission = try instead(of: error, settings) }
    switch admission {
    case .admitted(let admitted): return run(admitted)
    case .rejected(let rejection, let applied, let settings): return reject(rejection, applied, settings)
    case .failed(let error, let settings):
      world.say("\(name): \(error.description); running unguarded")
      return runUnguarded(settings)
    }
  }

  // MARK: Admission

  struct Admitted {
    /// The store that gave the permit, and takes the report.
    var store: any BreakerStorage
    var permit: Permit
    var settings: ResolvedSettings
    var breaker: Breaker?
    var transitions: [Transition]
    var now: Timestamp
  }

  private enum Admission {
    case admitted(Admitted)
    case rejected(Rejection, Applied, ResolvedSettings)
    /// With the settings as far as they could be read.
    case failed(StoreError, ResolvedSettings)
  }

  private func admit(on store: any BreakerStorage) throws(CommandFailure) -> Admission {
    let waiting = options.wait.map { Waiting(limit: $0, clock: world.clock) }
    while true {
      let reading: Reading
      do {
        reading = try store.readToChange(name)
      } catch {
        return .failed(error, try settings(stored: nil))
      }
      let settings = try settings(stored: reading.breaker?.settings)
      if let waiting, let breaker = reading.breaker, !breaker.wouldAdmit(settings.policy, at: reading.now),
        let nap = waiting.nap(until: breaker.retryAfter(settings.policy, at: reading.now))
      {
        store.rest()
        sleep(nap)
        continue
      }
      var request = AdmissionRequest(
        token: world.token(), policy: settings.policy, announcesRejection: options.notice != .none)
      // A look does not show whether the store can be written. Who wants CMD not to be started then pays for a write.
      if settings.settings.onStoreError != .reject, let permit = reading.admitWithoutTrace(request) {
        return .admitted(
          Admitted(
            store: store, permit: permit, settings: settings, breaker: reading.breaker, transitions: [],
            now: reading.now))
      }
      request.holder = ProcessIdentity.current(bootID: world.clock.reading().bootID).holder
      let applied: Applied
      do {
        applied = try store.apply(.admit(request), to: name)
      } catch {
        return .failed(error, settings)
      }
      tell(applied.notices)
      if case .rejected(let rejection) = applied.step.effect {
        // Somebody else took the place between the look and the request: that is worth waiting for too.
        if let waiting, let nap = waiting.nap(until: applied.breaker?.retryAfter(settings.policy, at: applied.now)) {
          store.rest()
          sleep(nap)
          continue
        }
        return .rejected(rejection, applied, settings)
      }
      if case .admitted(let permit) = applied.step.effect {
        return .admitted(
          Admitted(
            store: store, permit: permit, settings: settings, breaker: applied.breaker,
            transitions: applied.step.transitions, now: applied.now))
      }
    }
  }

  private func settings(stored: StoredSettings?) throws(CommandFailure) -> ResolvedSettings {
    try session.settings(for: name, stored: stored)
  }

  /// What `on-store-error` makes of a store that fails at admission (CONTRACT section 6).
  private func instead(of error: StoreError, _ settings: ResolvedSettings) throws(CommandFailure) -> Admission {
    switch settings.settings.onStoreError {
    case .reject:
      throw CommandFailure(
        exitCode: ExitCode.selfFailed, message: "\(name): \(error.description); the command was not started")
    case .run: return .failed(error, settings)
    case .local:
      guard let standIn = session.standIn() else { return .failed(error, settings) }
      if session.store.isNews {
        world.say("\(name): \(error.description); going on with the file store in \(standIn.path) for now")
      }
      return try admit(on: standIn)
    }
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
    if options.notice == .each || (options.notice == .first && rejection.isFirstSinceClosed) {
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
    if let reason = ending.whyNotStarted { world.say("\(name): cannot run the fallback '\(fallback)': \(reason)") }
    endLike(ending)
  }

  // MARK: Running

  private func environment(_ state: CircuitState) -> [(name: String, value: String)] {
    [(name: "CB_BREAKER", value: name.text), (name: "CB_STATE", value: state.rawValue)]
  }

  private func launch(
    _ settings: Settings, _ state: CircuitState, tick: (after: Int64, action: () -> Int64?)?
  ) -> CommandProcess.Ending {
    CommandProcess.run(
      LaunchRequest(
        argv: command, environment: environment(state), timeout: settings.timeout?.milliseconds,
        killAfter: settings.killAfter.milliseconds, stderrTail: settings.excludeIf.isEmpty ? nil : 4096, tick: tick),
      inherited: world.inherited)
  }

  private func runUnguarded(_ settings: ResolvedSettings) -> Int32 {
    session.store.rest()
    let ending = launch(settings.settings, .closed, tick: nil)
    sayNotStarted(ending)
    endLike(ending)
  }

  private func run(_ admitted: Admitted) -> Int32 {
    let announcer = Announcer(name: name, settings: admitted.settings, world: world)
    announcer.announce(admitted.transitions, admitted.breaker, at: admitted.now)
    announcer.announce(.beforeCall, admitted.breaker, at: admitted.now)
    let permit = admitted.permit
    let store = admitted.store
    let ending = launch(
      admitted.settings.settings, permit.isTrial ? .halfOpen : .closed, tick: upkeep(of: permit, on: store))
    sayNotStarted(ending)
    let verdict = Judge(name: name, settings: admitted.settings, isTrial: permit.isTrial, world: world).verdict(
      on: ending)
    let report = RunReport(permit: permit, verdict: verdict, policy: admitted.settings.policy, draw: world.draw())
    do {
      if report.mayChangeState || !announcer.listeners.isEmpty {
        let applied = try store.apply(.record(report), to: name)
        store.rest()
        conclude(applied, ending, announcer)
      } else {
        tell(try store.take(.record(report), to: name))
      }
    } catch {
      // CMD ran: its exit code is the result, whatever became of ours.
      if let applied = count(report, admitted, after: error) { conclude(applied, ending, announcer) }
    }
    endLike(ending)
  }

  private func conclude(_ applied: Applied, _ ending: CommandProcess.Ending, _ announcer: Announcer) {
    tell(applied.notices)
    announcer.announceResult(applied, ending)
    guard options.notice != .none else { return }
    for transition in applied.step.transitions {
      world.say("\(name): " + Messages.transition(transition, applied.breaker, at: applied.now))
    }
  }

  // MARK: While CMD runs

  /// For how long after its start CMD may find the connection kept, in milliseconds: the report of a run that is soon
  /// over then needs no new one, and one that takes its time holds no place of the server's.
  private static let connectionKept: Int64 = 1000

  /// What is to be done meanwhile: the connection is let go of, and a lease renewed.
  private func upkeep(of permit: Permit, on store: any BreakerStorage) -> (after: Int64, action: () -> Int64?)? {
    let renewal = permit.hasLease ? Lease.renewal.milliseconds : nil
    guard store.isHolding || renewal != nil else { return nil }
    var isHolding = store.isHolding
    return (
      after: isHolding ? Self.connectionKept : renewal ?? Self.connectionKept,
      action: {
        if isHolding {
          isHolding = false
          store.rest()
          return renewal.map { $0 - Self.connectionKept }
        }
        renew(permit, on: store)
        return renewal
      }
    )
  }

  /// A renewal that fails is not worth a word: the next may go through, and if none does the lease runs out.
  private func renew(_ permit: Permit, on store: any BreakerStorage) {
    _ = try? store.apply(.renew(permit.token, term: Lease.term), to: name)
    store.rest()
  }

  private func sayNotStarted(_ ending: CommandProcess.Ending) {
    if let reason = ending.whyNotStarted {
      world.say("\(name): cannot run '\(String(cString: command.pointee!))': \(reason)")
    }
  }
}
