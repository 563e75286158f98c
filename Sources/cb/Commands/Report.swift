import ArgumentParser
import BreakerStore
import CircuitBreaker
import CommandProcess

struct ReportCommand: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Hand the result of a permit back.",
    usage: "cb report NAME TOKEN OUTCOME",
    discussion: """
      OUTCOME is success, failure, excluded, ignored, or exit:N or signal:N, which the breaker's own rules judge. A \
      token counts once; one that was reported, whose lease ran out, or that is another breaker's is refused (exit 1).
      """)

  @OptionGroup var common: CommonOptions
  @Argument(help: "The breaker.") var name: String
  @Argument(help: "What 'cb permit' printed.") var token: String
  @Argument(help: "How the work went.") var outcome: String

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let name = try BreakerName(argument: name)
    guard let result = ReportedResult(outcome) else {
      throw .usage(
        "report: '\(outcome)' is no outcome: it must be success, failure, excluded, ignored, exit:N or signal:N")
    }
    let session = try Session(common.places, for: .script, world: world)
    let (breaker, now) = try session.existing(name)
    guard let lease = breaker.leases.first(where: { $0.token.text == token && $0.kind == .permit }) else {
      throw .failed(
        "\(name): the token is not outstanding: it was reported already, its lease ran out, or it was not given by "
          + "'cb permit \(name)'")
    }
    let settings = try session.settings(for: name, stored: breaker.settings)
    let ending = result.ending(duration: now - lease.since)
    var verdict = result.verdict(ending, Judge(name: name, settings: settings, isTrial: lease.isTrial, world: world))
    verdict.duration = now - lease.since
    let report = RunReport(
      permit: Permit(lease, breaker: breaker.id), verdict: verdict, policy: settings.policy, draw: world.draw())
    let applied = try session.apply(.record(report), to: name)
    if applied.step.effect == .stale {
      // Between the look at the token and now somebody else may have reported it, too.
      let why =
        applied.breaker?.generation == lease.generation
        ? "the token was reported, or its lease ran out, at this moment" : "the circuit has changed state since"
      throw .failed("\(name): the result came too late and was not counted: \(why)")
    }
    Announcer(name: name, settings: settings, world: world).announceResult(applied, ending)
    for transition in applied.step.transitions {
      world.say("\(name): " + Messages.transition(transition, applied.breaker, at: applied.now))
    }
    return ExitCode.success
  }
}

/// OUTCOME of `cb report`.
enum ReportedResult {
  case outcome(Outcome)
  case exit(Int32)
  case signal(Int32)

  init?(_ text: String) {
    if let outcome = Outcome(rawValue: text) {
      self = .outcome(outcome)
      return
    }
    let parts = text.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, parts[1].first != "+" else { return nil }
    switch parts[0] {
    case "exit":
      guard let code = Int32(parts[1]), (0...255).contains(code) else { return nil }
      self = .exit(code)
    case "signal":
      guard let number = Int32(parts[1]) ?? SignalName.number(of: parts[1]), (1...64).contains(number) else {
        return nil
      }
      self = .signal(number)
    default: return nil
    }
  }

  /// As if a command had ended so; nil where there was none.
  func ending(duration: Span) -> CommandProcess.Ending? {
    var ending: CommandProcess.Ending
    switch self {
    case .outcome: return nil
    case .exit(let code): ending = CommandProcess.Ending(how: .exited(code))
    case .signal(let number): ending = CommandProcess.Ending(how: .signaled(number))
    }
    ending.duration = duration.milliseconds
    return ending
  }

  func verdict(_ ending: CommandProcess.Ending?, _ judge: Judge) -> Verdict {
    if let ending { return judge.verdict(on: ending) }
    guard case .outcome(let outcome) = self else { return Verdict(.ignored, reason: "reported") }
    return Verdict(outcome, reason: "reported \(outcome.rawValue)")
  }
}
