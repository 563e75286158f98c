/// What a text leaves out, or tells that is not so; empty where all is well.
enum Coverage {
  /// README: each command in a table as `` `cb NAME ``, each option by one of its names, each key in a table.
  static func faults(inReadme text: String, _ interface: Interface) -> [String] {
    var faults: [String] = []
    for command in [interface.root] + interface.commands {
      if !command.name.isEmpty, !text.contains("| `cb \(command.name)`"), !text.contains("| `cb \(command.name) ") {
        faults.append("README.md has no line for cb \(command.name)")
      }
      for names in command.optionGroups where !names.contains(where: { mentions(text, $0) }) {
        faults.append("README.md lacks \(names.sorted().joined(separator: ", ")) of cb \(command.name)")
      }
    }
    for key in interface.keys where !text.contains("| `\(key)` |") { faults.append("README.md has no line for \(key)") }
    return faults
  }

  private static func mentions(_ text: String, _ option: String) -> Bool {
    // A setting stands in its table without hyphens.
    if option.hasPrefix("--"), text.contains("| `\(option.dropFirst(2))` |") { return true }
    return text.contains("`\(option)`") || text.contains("`\(option) ")
  }

  /// The page of a command: the options that it describes are those that there are.
  static func faults(inPage page: ManualPage, of command: Interface.Command) -> [String] {
    compare("man page of cb \(command.name)", page.options, with: command.options)
  }

  /// What `--help` prints names each option.
  static func faults(inHelp text: String, of command: Interface.Command) -> [String] {
    let words = Set(text.split { " \n,/[]|()".contains($0) }.map(String.init))
    return command.options.filter { !words.contains($0) }.sorted().map { "help of cb \(command.name) lacks \($0)" }
  }

  static func compare(_ what: String, _ found: Set<String>, with expected: Set<String>) -> [String] {
    expected.subtracting(found).sorted().map { "\(what) lacks \($0)" }
      + found.subtracting(expected).sorted().map { "\(what) has \($0), which is not there" }
  }
}
