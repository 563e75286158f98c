import ArgumentParser

/// A command is options, one call, output.
protocol CBCommand: ParsableCommand {
  /// Does the work; returns the exit code.
  func execute(_ world: World) throws(CommandFailure) -> Int32
}

struct CB: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cb",
    abstract: "A circuit breaker for commands.",
    usage: """
      cb run NAME -- CMD [ARG...]
      cb status [NAME...]
      cb COMMAND --help
      cb -V [--json]
      """,
    discussion: """
      Runs CMD while the circuit NAME is closed. After enough failures the circuit opens and runs are rejected at \
      once (exit 75), until a trial run succeeds.
      """,
    version: BuildVersion.number,
    subcommands: [
      Run.self, Status.self, Open.self, Close.self, HalfOpen.self, Reset.self, Remove.self, Get.self, SetCommand.self,
      Check.self, Wait.self, List.self, History.self, Metrics.self, Doctor.self, PermitCommand.self, ReportCommand.self,
      Record.self, ProbeCommand.self, PresetCommand.self,
    ])
}
