import ArgumentParser
import BreakerStore
import CircuitBreaker

/// For shell completions: the names, one a line, without reading a document.
struct Names: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "names",
    abstract: "Print the names of all breakers, one a line.", usage: "cb names", shouldDisplay: false)

  @OptionGroup var common: CommonOptions

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let session = try Session(common.places, for: .script, world: world)
    let names = try session.storeResult { () throws(StoreError) in try session.store.names() }
    try world.print(names.map { $0.text + "\n" }.joined())
    return ExitCode.success
  }
}
