import Foundation
import TestSupport

/// The commands and options of the program, as it says itself (`--experimental-dump-help` of ArgumentParser).
struct Interface {
  struct Command {
    var name: String
    /// With their hyphens: `--json`, `-n`; without those that are hidden.
    var options: Set<String>
    /// Each option with all its names.
    var optionGroups: [Set<String>]
  }

  /// Without hidden ones and without `help`.
  var commands: [Command]
  var root: Command
  /// The keys of settings, as `cb status --json` has them.
  var keys: [String]
  /// What a setting is where nothing sets it, as `cb run --help` has it: `60s` for `reset-timeout`.
  var defaults: [String: String]
  /// The names that `cb preset` lists.
  var presets: [String]
  /// The events of `on-event`, as the message about an unknown one has them.
  var events: [String]

  func options(of command: String) -> Set<String> {
    commands.first { $0.name == command }?.options ?? []
  }

  static let current = Result { try read() }

  private static func read() throws -> Interface {
    let sandbox = try Sandbox()
    let dump = try sandbox.run([Program.cb, "--experimental-dump-help"])
    let help = try JSONDecoder().decode(Dump.self, from: Data(dump.output.utf8))
    _ = try sandbox.run([Program.cb, "run", "x", "--", "true"])
    _ = try sandbox.run([Program.cb, "set", "x", "fail-max=5"])
    let status = try sandbox.run([Program.cb, "status", "x", "--json"])
    let breakers = try JSONDecoder().decode([Breaker].self, from: Data(status.output.utf8))
    let fault = try sandbox.run([Program.cb, "run", "x", "--on-event", "?", "--", "true"]).error
    let events = fault.components(separatedBy: "one of ").last ?? ""
    let presets = try sandbox.run([Program.cb, "preset"]).lines.compactMap { $0.split(separator: " ").first }
    let settings = help.command.subcommands?.first { $0.commandName == "run" }?.arguments ?? []
    let defaults = settings.filter { $0.sectionTitle == "Settings" }.compactMap { argument -> (String, String)? in
      guard let name = argument.names?.last?.name,
        let found = argument.abstract?.firstMatch(of: /\(default: ([^)]+)\)/)
      else { return nil }
      return (name, String(found.1))
    }
    return Interface(
      commands: (help.command.subcommands ?? []).filter { $0.isVisible && $0.commandName != "help" }
        .map { Command(name: $0.commandName, dump: $0) },
      root: Command(name: "", dump: help.command),
      keys: try (breakers.first?.settings.keys.sorted()).orThrow("no settings in: \(status.output) \(status.error)"),
      defaults: Dictionary(defaults) { $1 }, presets: presets.map(String.init),
      events: events.components(separatedBy: ", ").map { $0.trimmingCharacters(in: .whitespacesAndNewlines) })
  }

  private struct Dump: Decodable {
    var command: Node
  }

  fileprivate struct Node: Decodable {
    struct Argument: Decodable {
      struct Name: Decodable {
        var kind: String
        var name: String
      }
      var kind: String
      var names: [Name]?
      var abstract: String?
      var sectionTitle: String?
      var shouldDisplay: Bool?
    }
    var commandName: String
    var arguments: [Argument]?
    var subcommands: [Node]?
    var shouldDisplay: Bool?

    var isVisible: Bool { shouldDisplay ?? true }
  }

  private struct Breaker: Decodable {
    struct Anything: Decodable {}
    var settings: [String: Anything?]
  }
}

extension Interface.Command {
  fileprivate init(name: String, dump: Interface.Node) {
    self.name = name
    optionGroups = (dump.arguments ?? []).filter { $0.kind != "positional" && $0.shouldDisplay ?? true }
      .map { Set(($0.names ?? []).map { ($0.kind == "short" ? "-" : "--") + $0.name }) }
    // ArgumentParser takes --version with every command, and shows it with none but the root.
    if !name.isEmpty { optionGroups.removeAll { $0 == ["--version"] } }
    options = optionGroups.reduce(into: Set()) { $0.formUnion($1) }
  }
}

extension Optional {
  func orThrow(_ description: String) throws -> Wrapped {
    guard let self else { throw TestFailure(description) }
    return self
  }
}
