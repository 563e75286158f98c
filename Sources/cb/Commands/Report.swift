import ArgumentParser
import BreakerStore
import CircuitBreaker
import Settings

struct ReportCommand: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Report the result of a permit.",
    usage: "cb report NAME TOKEN OUTCOME [--retry-after TIME]",
    discussion: """
      OUTCOME is success, failure, excluded, ignored, or exit:N or signal:N, which the breaker's rules judge. A \
      token counts once; one that was already reported, whose lease ran out, or that belongs to another breaker is \
      refused (exit 1). The empty token of a permit without a breaker is accepted without effect.
      """)

  @Option(
    help: ArgumentHelp("When to try again, as the server says; applies to a failure.", valueName: "time"))
  var retryAfter: String?
  @OptionGroup var common: CommonOptions
  @Argument(help: "The breaker.") var name: String
  @Argument(help: "What 'cb permit' printed.") var token: String
  @Argument(help: "How the work went.") var outcome: String

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    try ReportOptions(name: name, token: token, outcome: outcome, places: common.places, retryAfter: retryAfter)
      .execute(world)
  }
}

extension ReportOptions {
  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let name = try BreakerName(argument: name)
    guard let result = ReportedResult(outcome) else {
      throw .usage("report: '\(outcome)' is not an outcome: it must be \(ReportedResult.range)")
    }
    let hint = try ReportedResult.hint(retryAfter)
    if token.isEmpty || world.isBypassed { return ExitCode.success }
    let session = try Session(places, for: .script, world: world)
    let (store, reading) = try session.placeOfReport(name, token)
    let (breaker, now) = try session.existing(name, in: reading)
    guard let lease = breaker.leases.first(where: { $0.token.text == token && $0.kind == .permit }) else {
      throw .failed(
        "\(name): the token is not outstanding: it was reported already, its lease ran out, or it was not given by "
          + "'cb permit \(name)'")
    }
    let settings = session.settings(for: name, stored: breaker.settings)
    let end = result.end(duration: now - lease.since)
    let judge = Judge(name: name, settings: settings, isTrial: lease.role == .trial, world: world)
    var verdict = result.verdict(end, judge, word: "reported")
    verdict.duration = now - lease.since
    let report = RunReport(
      permit: Permit(lease, breaker: breaker.id), verdict: verdict, policy: settings.policy, draw: world.draw(),
      hint: hint ?? end.flatMap { judge.hint($0, verdict) }, caller: world.caller)
    let applied = try session.apply(.record(report), to: name, on: store)
    if applied.step.effect == .stale {
      // Between the look at the token and now somebody else may have reported it, too.
      let why =
        applied.breaker?.generation == lease.generation
        ? "the token was reported, or its lease ran out, at this moment" : "the circuit has changed state since"
      throw .failed("\(name): the result came too late and was not counted: \(why)")
    }
    Announcer(name: name, settings: settings, world: world).announceResult(applied, end)
    for transition in applied.step.transitions {
      world.say("\(name): " + Messages(world).transition(transition, applied))
    }
    return ExitCode.success
  }
}
