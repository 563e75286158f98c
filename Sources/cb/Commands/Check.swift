import ArgumentParser
import BreakerStore
import CircuitBreaker
import Settings

struct Check: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Exit 0 if a run would be admitted now, 75 if not.",
    usage: "cb check NAME [--rejected-exit N] [--explain]",
    discussion: """
      Silent, and never writes. Fits systemd's ExecCondition=, 'if cb check NAME; then', and hooks that block a tool \
      call by their exit code and show the reason: --rejected-exit 2 --explain. If the store fails, the answer is \
      what run would do: by the stand-in, or 0, or 255 with on-store-error reject; standard error says why.
      """)

  @Option(help: ArgumentHelp("The exit code if a run would be rejected (0 to 254).", valueName: "n"))
  var rejectedExit: String?
  @Flag(help: "Write the line that a rejected run would write to standard error.") var explain = false
  @OptionGroup var common: CommonOptions
  @Argument(help: "The breaker.") var name: String

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    try CheckOptions(name: name, places: common.places, rejectedExit: rejectedExit, explains: explain).execute(world)
  }
}

extension CheckOptions {
  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let name = try BreakerName(argument: name)
    let code = try rejectedExitCode()
    let session = try Session(places, for: .script, world: world)
    switch Forecast(name: name, session: session).look() {
    case .admitted: return ExitCode.success
    case .storeFailed: return ExitCode.storeRefuses
    case .rejected(let rejection, let breaker, let settings):
      if explains { world.say("\(name): \(Messages(world).sentence(rejection, breaker, settings))" as Line) }
      return code
    }
  }

  private func rejectedExitCode() throws(CommandFailure) -> Int32 {
    guard let rejectedExit else { return ExitCode.rejected }
    guard let code = NumberText.exitCode(rejectedExit), code < 255 else {
      throw .usage("--rejected-exit: '\(rejectedExit)' is not valid: it must be an exit code from 0 to 254")
    }
    return code
  }
}
