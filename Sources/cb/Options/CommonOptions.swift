import ArgumentParser

/// Options of every command.
struct CommonOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Where breakers live: file:DIR, redis://HOST and others (CB_STORE).", valueName: "url"))
  var store: String?
  @Option(help: ArgumentHelp("The configuration file (CB_CONFIG).", valueName: "file"))
  var config: String?
  @Option(help: ArgumentHelp("Colours: auto, always or never.", valueName: "when"))
  var color: ColorChoice = .auto

  var places: Places { Places(store: store, config: config) }
}

enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
  case auto
  case always
  case never
}

/// Where the command line says store and configuration are.
struct Places {
  var store: String?
  var config: String?
}
