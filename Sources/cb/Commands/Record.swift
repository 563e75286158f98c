import ArgumentParser
import BreakerStore
import CircuitBreaker
import Settings

struct Record: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "record",
    abstract: "Count the result of a run that cb did not start.",
    usage: """
      cb record NAME OUTCOME [--duration DURATION] [--retry-after TIME]
      cb record NAME --systemd [--retry-after TIME]
      """,
    discussion: """
      For hooks, ExecStopPost= and other schedulers. In a closed circuit it counts as the end of a run; if a trial is \
      due and free it is the trial; otherwise it is counted as stale (exit 0). OUTCOME is success, failure, \
      excluded, ignored, or exit:N or signal:N, which the breaker's rules judge. --systemd reads it from \
      SERVICE_RESULT, EXIT_CODE and EXIT_STATUS. A breaker that does not exist is created.
      """)

  @Option(help: ArgumentHelp("How long the run took.", valueName: "duration"))
  var duration: String?
  @Flag(help: "Read the outcome from the variables that systemd gives to ExecStopPost=.") var systemd = false
  @Option(
    help: ArgumentHelp("When to try again, as the server says; applies to a failure.", valueName: "time"))
  var retryAfter: String?
  @OptionGroup var common: CommonOptions
  @Argument(help: "The breaker.") var name: String
  @Argument(help: "How the run went.") var outcome: String?

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let name = try BreakerName(argument: name)
    let result = try result(world)
    let span = try duration.map { (text) throws(CommandFailure) in try Span(option: "--duration", text) }
    let hint = try ReportedResult.hint(retryAfter)
    let session = try Session(common.places, for: .script, world: world)
    let own = session.settings(for: name, stored: nil)
    if world.isBypassed || own.settings.mode == .bypass { return ExitCode.success }
    let store: OpenStore
    let reading: Reading
    do throws(StoreError) {
      store = session.store
      reading = try store.storage.read(name, .beforeChange)
    } catch {
      return try record(on: try standIn(error, name, own, session), name, result, span, hint, session)
    }
    return try record(on: (store, reading), name, result, span, hint, session)
  }

  private func record(
    on place: (store: OpenStore, reading: Reading)?, _ name: BreakerName, _ result: ReportedResult,
    _ duration: Span?, _ hint: RetryHint?, _ session: Session
  ) throws(CommandFailure) -> Int32 {
    guard let (store, reading) = place else { return ExitCode.success }
    let world = session.world
    let stored = reading.breaker?.settings
    let settings = session.settings(for: name, stored: stored)
    if settings.settings.mode == .bypass { return ExitCode.success }
    for warning in session.warnings(for: settings, stored: stored) { world.say(warning) }
    let end = result.end(duration: duration)
    let judge = Judge(
      name: name, settings: settings, isTrial: reading.breaker.map { $0.state != .closed } ?? false, world: world)
    var verdict = result.verdict(end, judge, word: "recorded")
    verdict.duration = duration
    let unasked = UnaskedResult(
      verdict: verdict, policy: settings.policy, draw: world.draw(),
      hint: hint ?? end.flatMap { judge.hint($0, verdict) }, caller: world.caller)
    let applied = try session.apply(.recordUnasked(unasked), to: name, on: store)
    let announcer = Announcer(name: name, settings: settings, world: world)
    announcer.announceUnasked(applied, end)
    guard settings.settings.notice != .none else { return ExitCode.success }
    for transition in applied.step.transitions where transition.to != .halfOpen {
      world.say("\(name): " + Messages(world).transition(transition, applied))
    }
    return ExitCode.success
  }

  /// Where a result goes whose store is away, as that of a `run` (docs/CONTRACT.md, "Stores"); nil: nowhere.
  private func standIn(
    _ error: StoreError, _ name: BreakerName, _ settings: ResolvedSettings, _ session: Session
  ) throws(CommandFailure) -> (store: OpenStore, reading: Reading)? {
    if settings.settings.onStoreError == .local, let standIn = session.standIn(),
      let reading = try? standIn.storage.read(name)
    {
      if error.isNews {
        session.world.say("\(name): \(error.description); counted by the stand-in \(standIn.label)")
      }
      return (standIn, reading)
    }
    if settings.settings.onStoreError == .reject { throw .failed("\(name): \(error.description); not counted") }
    session.world.say("\(name): \(error.description); the result was not counted")
    return nil
  }

  private func result(_ world: World) throws(CommandFailure) -> ReportedResult {
    if systemd {
      guard outcome == nil else { throw .usage("record: --systemd and OUTCOME exclude each other") }
      return try ServiceResult(world).result
    }
    guard let outcome else { throw .usage("record: OUTCOME is missing: it must be \(ReportedResult.range)") }
    guard let result = ReportedResult(outcome) else {
      throw .usage("record: '\(outcome)' is not an outcome: it must be \(ReportedResult.range)")
    }
    return result
  }
}

/// What systemd says of a service that ended, to `ExecStopPost=` (systemd.exec(5), "Environment variables set on
/// triggered ...").
struct ServiceResult {
  let result: ReportedResult

  /// `success`, `timeout` and `exec-condition` decide alone; else the exit code or the signal does.
  init(_ world: World) throws(CommandFailure) {
    guard let service = world.environment("SERVICE_RESULT") else {
      throw .usage("record: --systemd needs SERVICE_RESULT, which systemd sets for ExecStopPost=")
    }
    switch service {
    case "success": result = .outcome(.success)
    case "timeout", "watchdog": result = .timedOut
    case "exec-condition": result = .outcome(.ignored)
    default:
      let status = world.environment("EXIT_STATUS") ?? ""
      switch world.environment("EXIT_CODE") {
      case "exited":
        // systemd writes codes that it knows as names (`EXEC` for 203): those are its own failures.
        result = NumberText.exitCode(status).map { .exit($0) } ?? .outcome(.failure)
      case "killed", "dumped":
        result = SignalName.number(of: status).map { .signal($0) } ?? .outcome(.failure)
      default: result = .outcome(.failure)
      }
    }
  }
}
