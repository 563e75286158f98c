import ArgumentParser
import CircuitBreaker
import Settings

struct PresetCommand: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "preset",
    abstract: "List the presets, or print one as JSON5 for the configuration file.",
    usage: "cb preset [NAME]",
    discussion: "A preset is a table of a tool's exit codes; --preset NAME or the setting 'preset' applies it.")

  @OptionGroup var common: CommonOptions
  @Argument(help: "The preset.") var name: String?

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    guard let name else {
      let width = Preset.all.map(\.name.utf8.count).max() ?? 0
      for preset in Preset.all {
        let gap = String(repeating: " ", count: width - preset.name.utf8.count + 2)
        try world.print("\(preset.name)\(gap)\(preset.about)\n")
      }
      return ExitCode.success
    }
    guard let preset = Preset.named(name) else {
      let names = Preset.all.map(\.name)
      let nearest = NearestWord.of(name, in: names).map { "; did you mean \($0)?" } ?? ";"
      throw .usage("preset: '\(name)' is not a preset\(nearest) the presets are \(names.joined(separator: ", "))")
    }
    try world.print(preset.json5)
    return ExitCode.success
  }
}
