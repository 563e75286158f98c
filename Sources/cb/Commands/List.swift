import ArgumentParser
import BreakerStore
import CircuitBreaker

/// The names, one a line, without reading a document: for scripts and shell completions.
struct List: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Print the names of breakers, one per line.",
    usage: "cb list [NAME...]",
    discussion: """
      Without a NAME: all, sorted. With NAMEs: those that exist; the others are reported, and the exit code is 1. Never \
      writes.

      Example: cb list | xargs -d '\\n' -n 1 cb status
      """)

  @OptionGroup var common: CommonOptions
  @Argument(help: ArgumentHelp("The breakers.", valueName: "name")) var names: [String] = []

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    var wanted: [BreakerName] = []
    for name in names { wanted.append(try BreakerName(argument: name)) }
    let session = try Session(common.places, for: .script, world: world)
    let all = try session.names()
    guard !wanted.isEmpty else {
      try world.print(all.map { $0.text + "\n" }.joined())
      return ExitCode.success
    }
    let known = Set(all)
    let missing = wanted.filter { !known.contains($0) }
    try world.print(Set(wanted).intersection(known).sorted().map { $0.text + "\n" }.joined())
    for name in missing { world.say(NearestName(all).missing(name)) }
    return missing.isEmpty ? ExitCode.success : ExitCode.failure
  }
}
