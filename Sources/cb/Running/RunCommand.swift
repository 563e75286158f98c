import BreakerStore
import CircuitBreaker
import CommandProcess
import Glibc
import Settings
import System

/// The life of one `cb run`: settings, admission, process, verdict, report, events, exit status.
struct RunCommand {
  let name: BreakerName
  /// Admitted whatever the state.
  let isForced: Bool
  let session: Session
  let result: ResultFile?
  var world: World { session.world }
  /// CMD and its arguments.
  let command: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

  /// Runs to the end, and ends as CMD ended.
  static func execute(_ options: RunOptions, _ world: World) throws(CommandFailure) -> Int32 {
    let result = ResultFile(options.resultFile, world)
    result?.remove()
    do throws(CommandFailure) {
      return try RunCommand(options, result, world: world).execute()
    } catch {
      let outcome = RunResult(breaker: options.name, exit: error.exitCode)
      outcome.reason = error.message
      result?.write(outcome)
      throw error
    }
  }

  private init(_ options: RunOptions, _ result: ResultFile?, world: World) throws(CommandFailure) {
    guard let command = world.commandLine else {
      throw .usage("run: the command is missing; write cb run \(options.name) -- CMD ARG...")
    }
    guard command.pointee != nil else {
      throw .usage("run: nothing is behind '--'; write cb run \(options.name) -- CMD ARG...")
    }
    name = try BreakerName(argument: options.name)
    isForced = options.isForced
    self.command = command
    self.result = result
    session = try Session(options.places, options: options.settings, for: .script, world: world)
  }

  private func execute() throws(CommandFailure) -> Int32 {
    // From here on no signal is lost: it ends cb before CMD starts, or reaches CMD.
    world.inherited.holdSignals()
    let admitter = Admitter(name: name, session: session, isForced: isForced)
    switch try admitter.decide() {
    case .admitted(let admitted): return run(admitted)
    case .rejected(let rejected): return reject(rejected)
    case .interrupted(let interrupted): interrupt(interrupted)
    case .unguarded(let settings, let error): return runUnguarded(settings, error)
    }
  }

  // MARK: Rejection

  private func reject(_ rejected: Admitter.Rejected) -> Int32 {
    session.store.rest()
    let own = rejected.settings.settings
    let rejection = rejected.rejection
    let isReported =
      switch own.notice {
      case .each: true
      case .first: rejection.isFirstSinceClosed || rejection.isReminder
      case .none: false
      }
    if isReported { world.say("\(name): \(Messages(world).rejection(rejected))" as Line) }
    let announcer = Announcer(name: name, settings: rejected.settings, world: world)
    announcer.announce(rejected.transitions, rejected.circuit.breaker, at: rejected.circuit.now)
    announcer.announceRejection(rejection, rejected.circuit.breaker, at: rejected.circuit.now)
    let outcome = RunResult(breaker: name.text, exit: own.rejectedExit)
    outcome.isRejected = true
    outcome.reason = rejected.probe ?? rejection.cause.reason
    outcome.state = rejected.circuit.breaker?.state
    outcome.retryAfter = rejected.circuit.breaker?.retryAfter(rejected.settings.policy, at: rejected.circuit.now)
    outcome.store = session.store.label
    guard let fallback = own.fallback else {
      // It ended a listener.
      if let signal = world.inherited.pendingInterruption() { end(of: signal, outcome) }
      result?.write(outcome)
      return own.rejectedExit
    }
    let end = ShellArguments(ByteText.encode(fallback)).withPointer { argv in
      world.outside.launch(
        LaunchRequest(argv: argv, environment: environment(rejected.circuit.breaker?.state ?? .open)),
        inherited: world.inherited)
    }
    if let reason = end.whyNotStarted { world.say("\(name): cannot run the fallback '\(fallback)': \(reason)") }
    outcome.exit = end.exitCode
    outcome.signal = end.signalName
    result?.write(outcome)
    endLike(end)
  }

  // MARK: Signals before CMD

  /// A signal ended the probe, and ends cb, as it would have ended CMD.
  private func interrupt(_ interrupted: Admitter.Interrupted) -> Never {
    session.store.rest()
    let announcer = Announcer(name: name, settings: interrupted.settings, world: world)
    announcer.announce(interrupted.transitions, interrupted.circuit.breaker, at: interrupted.circuit.now)
    let outcome = RunResult(breaker: name.text, exit: 0)
    outcome.outcome = .ignored
    outcome.reason = "probe: \(SignalName.name(of: interrupted.signal))"
    outcome.state = interrupted.circuit.breaker?.state
    outcome.isTrial = true
    outcome.store = session.store.label
    end(of: interrupted.signal, outcome)
  }

  /// Ends as CMD would have ended of the signal.
  private func end(of signal: Int32, _ outcome: RunResult) -> Never {
    let end = CommandEnd(how: .interrupted(signal))
    outcome.exit = end.exitCode
    outcome.signal = SignalName.name(of: signal)
    result?.write(outcome)
    endLike(end)
  }

  // MARK: Running

  private func environment(_ state: CircuitState) -> [String] {
    ["CB_BREAKER=" + name.text, "CB_STATE=" + state.rawValue]
  }

  private func launch(
    _ settings: Settings, _ state: CircuitState, tick: (after: Int64, action: () -> Int64?)?
  ) -> CommandEnd {
    let end = world.outside.launch(
      LaunchRequest(
        argv: command, environment: environment(state), timeout: settings.timeout?.milliseconds,
        timeoutSignal: settings.timeoutSignal, killAfter: settings.killAfter.milliseconds,
        stderrTail: Judge.needsTail(settings) ? Judge.tail : nil, tick: tick, onTrouble: say),
      inherited: world.inherited)
    sayHowItEnded(end, settings)
    return end
  }

  /// No breaker guards the run: on request, or because the store failed and `on-store-error` is `run`, or no stand-in
  /// can be had.
  private func runUnguarded(_ settings: ResolvedSettings, _ error: StoreError?) -> Int32 {
    if let error, settings.settings.notice != .none {
      world.say("\(name): \(error.description); running unguarded")
    }
    session.store.rest()
    let end = launch(settings.settings, .closed, tick: nil)
    if let result {
      let verdict = Judge(name: name, settings: settings, isTrial: false, world: world).verdict(on: end)
      let outcome = RunResult(end, verdict, name)
      outcome.store = error == nil ? nil : session.store.label
      result.write(outcome)
    }
    endLike(end)
  }

  private func run(_ admitted: Admitter.Admitted) -> Int32 {
    let announcer = Announcer(name: name, settings: admitted.settings, world: world)
    announcer.announce(admitted.transitions, admitted.circuit.breaker, at: admitted.circuit.now)
    if let observed = admitted.observed {
      announcer.announceRejection(observed, admitted.circuit.breaker, at: admitted.circuit.now)
    }
    // Of a signal that ended a listener CMD is not started.
    if world.inherited.pendingInterruption() == nil {
      announcer.announce(.beforeCall, admitted.circuit.breaker, at: admitted.circuit.now)
    }
    let permit = admitted.permit
    let end = launch(
      admitted.settings.settings, permit.isTrial ? .halfOpen : admitted.circuit.breaker?.state ?? .closed,
      tick: upkeep(of: permit, on: admitted.store))
    let judge = Judge(name: name, settings: admitted.settings, isTrial: permit.isTrial, world: world)
    let verdict = judge.verdict(on: end)
    let outcome = result == nil ? nil : RunResult(end, verdict, name)
    outcome?.isTrial = permit.isTrial
    outcome?.state = admitted.circuit.breaker?.state ?? .closed
    outcome?.store = admitted.store.label
    if permit.role != .observed {
      report(admitted, end, verdict, judge.hint(end, verdict), announcer, outcome)
    } else {
      admitted.store.rest()
    }
    if let outcome { result?.write(outcome) }
    endLike(end)
  }

  private func report(
    _ admitted: Admitter.Admitted, _ end: CommandEnd, _ verdict: Verdict, _ hint: RetryHint?, _ announcer: Announcer,
    _ outcome: RunResult?
  ) {
    var report = RunReport(
      permit: admitted.permit, verdict: verdict, policy: admitted.settings.policy, draw: world.draw(), hint: hint)
    var applied: Applied?
    do {
      if report.mayChangeState || !announcer.listeners.isEmpty || result != nil {
        report.caller = world.caller
        applied = try admitted.store.storage.apply(.record(report), to: name)
        admitted.store.rest()
      } else {
        tell(try admitted.store.storage.submit(.record(report), to: name))
      }
    } catch {
      // CMD ran: its exit code is the result, whatever became of ours.
      applied = count(report, admitted, after: error)
    }
    guard let applied else { return }
    tell(applied.notices)
    announcer.announceResult(applied, end)
    outcome?.note(applied, admitted.settings.policy)
    guard announcer.settings.settings.notice != .none else { return }
    for transition in applied.step.transitions {
      world.say("\(name): " + Messages(world).transition(transition, applied))
    }
  }

  func tell(_ notices: [String]) {
    for notice in notices { world.say(notice) }
  }

  // MARK: While CMD runs

  /// For how long after its start CMD may find the connection kept, in milliseconds: the report of a run that is soon
  /// over then needs no new one, and one that takes its time holds no place of the server's.
  private static let connectionKept: Int64 = 1000

  /// What is to be done meanwhile: the connection is let go of, and a lease renewed.
  private func upkeep(of permit: Permit, on store: OpenStore) -> (after: Int64, action: () -> Int64?)? {
    let renewal = permit.hasLease ? Lease.renewal.milliseconds : nil
    guard store.isConnected || renewal != nil else { return nil }
    var isHeld = store.isConnected
    return (
      after: isHeld ? Self.connectionKept : renewal ?? Self.connectionKept,
      action: {
        if isHeld {
          isHeld = false
          store.rest()
          return renewal.map { $0 - Self.connectionKept }
        }
        renew(permit, on: store)
        return renewal
      }
    )
  }

  /// A renewal that fails is not worth a word: the next may go through, and if none does the lease runs out.
  private func renew(_ permit: Permit, on store: OpenStore) {
    _ = try? store.storage.apply(.renew(permit.token, term: Lease.term), to: name)
    store.rest()
  }
}

extension RunResult {
  fileprivate convenience init(_ end: CommandEnd, _ verdict: Verdict, _ name: BreakerName) {
    self.init(breaker: name.text, exit: end.exitCode)
    isAdmitted = true
    reason = verdict.reason
    outcome = verdict.outcome
    signal = end.signalName
    duration = Span(milliseconds: end.duration)
  }

  /// What the report came to: a slow success is a failure.
  fileprivate func note(_ applied: Applied, _ policy: Policy) {
    if case .recorded(let verdict) = applied.step.effect {
      reason = verdict.reason
      outcome = verdict.outcome
    }
    state = applied.breaker?.state ?? state
    retryAfter = applied.breaker?.retryAfter(policy, at: applied.now)
  }
}
