import ArgumentParser

/// Options of every command.
struct CommonOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Where breakers live: file:DIR, redis://HOST and others (CB_STORE).", valueName: "url"))
  var store: String?
  @Option(help: ArgumentHelp("The configuration file (CB_CONFIG).", valueName: "file"))
  var config: String?
  @Option(help: ArgumentHelp("Colors: auto, always or never.", valueName: "when"))
  var color: ColorChoice = .auto

  var places: Places { Places(store: store, config: config, color: color) }
}

enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
  case auto
  case always
  case never
}

/// What the options of every command say.
struct Places {
  var store: String?
  var config: String?
  var color = ColorChoice.auto

  /// The names of these options, which may be typed before the command, too.
  static let options = ["store", "config", "color"]

  /// Sets one of them; false if the text is not valid.
  mutating func set(_ name: String, to text: String) -> Bool {
    switch name {
    case "store": store = text
    case "config": config = text
    default:
      guard let choice = ColorChoice(rawValue: text) else { return false }
      color = choice
    }
    return true
  }
}
