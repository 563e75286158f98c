import ArgumentParser
import CircuitBreaker

struct Run: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a command through a breaker.",
    usage: "cb run [OPTION...] NAME -- CMD [ARG...]",
    discussion: """
      Options come before '--'; everything after it is passed to CMD unchanged. The exit code is CMD's own, or 75 if \
      the run was rejected, 124 if --timeout ran out, 125 if cb itself failed, 126 or 127 if CMD could not be \
      executed or was not found.
      """)

  @OptionGroup(title: "Settings") var settings: SettingOptions
  @Flag(name: .shortAndLong, help: "The same as --notice none.")
  var quiet = false
  @Flag(help: "Run whatever the state; the history records who forced it.")
  var force = false
  @Option(help: ArgumentHelp("Write how the run went as one JSON object (CB_RESULT_FILE).", valueName: "file"))
  var result: String?
  @OptionGroup var common: CommonOptions
  @Argument(help: "The breaker.") var name: String
  @Argument(help: .hidden) var strayWords: [String] = []

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    if !strayWords.isEmpty {
      if world.commandLine != nil {
        throw .usage("run: '\(strayWords[0])' is before '--' and is not an option; only one NAME is taken")
      }
      // As it was typed: options of the command's own were taken for cb's.
      let start = world.words.firstIndex(of: strayWords[0]) ?? 0
      let line = world.words[start...].joined(separator: " ")
      throw .usage("run: '--' is missing before the command; write cb run \(name) -- \(line)")
    }
    return try RunCommand.execute(options, world)
  }

  /// The options with their meanings, as `PlainCommand` gives them, too.
  var options: RunOptions {
    var options = RunOptions(
      name: name, places: common.places, settings: settings.values, isForced: force, resultFile: result)
    if quiet { options.beQuiet() }
    return options
  }
}
