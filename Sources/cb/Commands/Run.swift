import ArgumentParser
import CircuitBreaker

struct Run: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a command through a breaker.",
    usage: "cb run [OPTION...] NAME -- CMD [ARG...]",
    discussion: """
      Options stand before '--'; what stands behind it is CMD's, to the byte. The exit code is CMD's own, or 75 if \
      the run was rejected, 124 if --timeout ran out, 125 if cb itself failed, 126 or 127 if CMD could not be \
      executed or was not found.
      """)

  @OptionGroup(title: "Settings") var settings: SettingOptions
  @Option(help: ArgumentHelp("Shell text run in place of a rejected CMD.", valueName: "command"))
  var fallback: String?
  @Option(help: ArgumentHelp("Wait this long for admission instead of being rejected.", valueName: "duration"))
  var wait: String?
  @Option(help: ArgumentHelp("Which rejections are reported: each, first (once a trip) or none.", valueName: "which"))
  var notice: String?
  @Flag(name: .shortAndLong, help: "The same as --notice none.")
  var quiet = false
  @Option(help: ArgumentHelp("The exit code of a rejected run, instead of 75.", valueName: "code"))
  var rejectedExit: String?
  @OptionGroup var common: CommonOptions
  @Argument(help: "The breaker.") var name: String
  @Argument(help: .hidden) var rest: [String] = []

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    if !rest.isEmpty {
      let separated = world.commandLine != nil
      throw .usage(
        separated
          ? "run: '\(rest[0])' stands before '--' and is no option; only one NAME is taken"
          : "run: '--' is missing before the command; write cb run \(name) -- \(rest.joined(separator: " "))")
    }
    return try RunCommand(options(), world: world).execute()
  }

  /// The options with their meanings, as `PlainRunParser` gives them too.
  func options() throws(CommandFailure) -> RunOptions {
    var options = RunOptions(name: name, places: common.places, settings: settings.values)
    if let fallback { options.fallback = try RunOptionText.fallback(fallback) }
    if let wait { options.wait = try RunOptionText.wait(wait) }
    if let notice { options.notice = try RunOptionText.notice(notice) }
    if quiet { options.notice = .none }
    if let rejectedExit { options.rejectedExit = try RunOptionText.rejectedExit(rejectedExit) }
    return options
  }
}
