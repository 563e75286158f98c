import Foundation
import Testing

/// README, man pages and `--help` against the program's own list of commands, options and settings.
struct CoverageTests {
  private let interface: Interface

  init() throws {
    interface = try Interface.current.get()
  }

  @Test func `the program has commands, options, settings and events to compare with`() {
    #expect(interface.commands.count >= 20)
    #expect(interface.options(of: "run").isSuperset(of: ["--fail-max", "--fallback", "--store", "--help"]))
    #expect(interface.keys.count >= 39 && interface.keys.contains("reset-timeout"))
    #expect(interface.defaults["reset-timeout"] == "60s" && interface.defaults.count >= 15)
    #expect(interface.presets.count >= 12)
    #expect(interface.events.contains("state-change") && interface.events.contains("any"))
  }

  @Test func `README names every command, option and setting`() throws {
    let readme = try Repository.text("README.md")
    #expect(Coverage.faults(inReadme: readme, interface) == [])
  }

  @Test func `every command has a man page, which describes its options and no others`() throws {
    for command in interface.commands {
      let page = ManualPage(source: try Repository.text("man/cb-\(command.name).1"))
      #expect(Coverage.faults(inPage: page, of: command) == [])
    }
  }

  @Test func `every man page of a command belongs to a command`() throws {
    let pages = try Repository.files("man", prefix: "cb-").filter { $0.hasSuffix(".1") }
    #expect(
      Coverage.compare("man", Set(pages), with: Set(interface.commands.map { "cb-\($0.name).1" })) == [])
  }

  @Test func `cb(1) lists every command and the options of all commands`() throws {
    let page = ManualPage(source: try Repository.text("man/cb.1"))
    #expect(Coverage.compare("cb(1)", page.items, with: Set(interface.commands.map(\.name))) == [])
    #expect(interface.root.options.subtracting(page.options) == [])
  }

  @Test func `cb-config(5) lists every setting`() throws {
    let page = ManualPage(source: try Repository.text("man/cb-config.5"))
    #expect(Set(interface.keys).subtracting(page.items) == [])
  }

  @Test func `README, cb-run(1) and cb-config(5) have the default of every setting`() throws {
    let readme = try Repository.text("README.md")
    let run = ManualPage(source: try Repository.text("man/cb-run.1"))
    let config = try Repository.text("man/cb-config.5")
    for (key, value) in interface.defaults {
      #expect(
        readme.contains("| `\(key)` | \(value) |") || readme.contains("| `\(key)` | `\(value)` |"), "README.md: \(key)")
      let text = try run.text(ofOption: "--" + key).orThrow("cb-run(1) lacks --\(key)")
      #expect(text.contains("Default \(value)."), "cb-run(1): \(key)")
      #expect(
        config.contains(".It Cm \(key) No (\(value))\n") || config.contains(".It Cm \(key) Pq Cm \(value)\n"),
        "cb-config(5): \(key)")
    }
  }

  @Test func `cb-run(1) names every preset`() throws {
    let text = try ManualPage(source: try Repository.text("man/cb-run.1")).text(ofOption: "--preset").orThrow(
      "no --preset")
    let words = Set(text.split { " ,.".contains($0) }.map(String.init))
    #expect(Set(interface.presets).subtracting(words) == [])
  }

  @Test func `cb-run(1) has every key and variable of an event and of a result, and no others`() throws {
    let sandbox = try Sandbox()
    sandbox.environment["TRACEPARENT"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    let events = sandbox.path + "/events"
    let variables = sandbox.path + "/variables"
    let result = sandbox.path + "/result"
    _ = try sandbox.run([
      "cb", "set", "x", "mode=observe", "on-event=any=file:" + events, "on-event=any=env >> '\(variables)'",
    ])
    #expect(try sandbox.run(["cb", "open", "x", "--reason", "a test"]).status == 0)
    #expect(try sandbox.run(["cb", "run", "x", "--result", result, "--", "false"]).status != 0)
    func keys(_ line: Substring) throws -> [String] {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return Array(try object.orThrow("not an object: \(line)").keys)
    }
    func lines(_ file: String) throws -> [Substring] {
      try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
    }
    var found = Set(try lines(events).flatMap(keys))
    found.formUnion(
      try lines(variables).compactMap { $0.split(separator: "=").first.map(String.init) }
        .filter { $0.hasPrefix("CB_") && sandbox.environment[$0] == nil })
    let page = ManualPage(source: try Repository.text("man/cb-run.1"))
    #expect(Coverage.compare("cb-run(1), EVENTS", page.variables(in: "EVENTS"), with: found) == [])
    #expect(
      Coverage.compare("cb-run(1), RESULT", page.variables(in: "RESULT"), with: Set(try lines(result).flatMap(keys)))
        == [])
  }

  @Test func `every page of a command says its exit status, and has a footer of ours`() throws {
    for command in interface.commands {
      let source = try Repository.text("man/cb-\(command.name).1")
      #expect(source.contains("\n.Sh EXIT STATUS\n"), "\(command.name)")
      #expect(source.contains("\n.Os cb\n"), "\(command.name)")
    }
  }

  @Test func `cb-run(1) and its events agree with the program`() throws {
    let text = try Repository.text("man/cb-run.1")
    for event in interface.events {
      #expect(
        text.contains(where: { line in line.hasPrefix(".Cm") && line.split(separator: " ").contains(Substring(event)) }
        ),
        "\(event)")
    }
  }

  @Test func `the help of every command names its options, and the help of cb every command`() throws {
    let sandbox = try Sandbox()
    for command in interface.commands {
      let help = try sandbox.run([Program.cb, command.name, "--help"])
      #expect(help.status == 0)
      #expect(Coverage.faults(inHelp: help.output, of: command) == [])
    }
    let help = try sandbox.run([Program.cb, "--help"]).output
    for command in interface.commands { #expect(help.contains("\n  \(command.name) ")) }
  }

  // MARK: The checks can fail

  @Test func `a README that lacks a command, an option or a setting is found out`() throws {
    let readme = try Repository.text("README.md")
    for (text, fault) in [
      ("| `cb check NAME`", "README.md has no line for cb check"),
      ("`--force`", "README.md lacks --force of cb run"),
      ("| `half-open-max` |", "README.md has no line for half-open-max"),
    ] {
      let doctored = readme.replacingOccurrences(of: text, with: "")
      #expect(doctored != readme)
      #expect(Coverage.faults(inReadme: doctored, interface).contains(fault))
    }
  }

  @Test func `a man page that lacks an option, or has one too many, is found out`() throws {
    let command = try interface.commands.first { $0.name == "wait" }.orThrow("no cb wait")
    let source = try Repository.text("man/cb-wait.1")
    let lacking = ManualPage(source: source.replacingOccurrences(of: ".It Fl -timeout Ar duration\n", with: ""))
    #expect(Coverage.faults(inPage: lacking, of: command) == ["man page of cb wait lacks --timeout"])
    let invented = ManualPage(source: source.replacingOccurrences(of: ".It Fl -timeout", with: ".It Fl -deadline"))
    #expect(
      Coverage.faults(inPage: invented, of: command) == [
        "man page of cb wait lacks --timeout", "man page of cb wait has --deadline, which is not there",
      ])
  }

  @Test func `a help that lacks an option is found out`() {
    let command = Interface.Command(name: "x", options: ["--json", "--js"], optionGroups: [["--json"], ["--js"]])
    #expect(Coverage.faults(inHelp: "  --json   Print JSON.\n", of: command) == ["help of cb x lacks --js"])
  }
}

extension String {
  fileprivate func contains(where matches: (Substring) -> Bool) -> Bool {
    split(separator: "\n").contains(where: matches)
  }
}
