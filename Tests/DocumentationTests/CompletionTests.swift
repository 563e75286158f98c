import Foundation
import Testing

/// The completions in the real shells, against the program's own list of commands and options.
struct CompletionTests {
  private let interface: Interface
  private let sandbox: Sandbox

  init() throws {
    interface = try Interface.current.get()
    sandbox = try Sandbox()
    for name in ["db-backup", "db-reports", "zwei Wörter", "api:v2"] {
      _ = try sandbox.run(["cb", "open", name])
    }
  }

  private var commands: Set<String> { Set(interface.commands.map(\.name) + ["help"]) }

  // MARK: bash

  @Test(arguments: [false, true]) func `bash offers the commands and their options`(library: Bool) throws {
    let offered = try Shells.bash(["cb", ""], library: library, in: sandbox)
    #expect(Coverage.compare("bash", Set(offered), with: commands) == [])
    for command in interface.commands {
      let offered = try Shells.bash(["cb", command.name, "-"], library: library, in: sandbox)
      #expect(
        Coverage.compare("bash: cb \(command.name)", Set(offered).subtracting(["--"]), with: command.options) == [])
    }
  }

  @Test(arguments: [false, true]) func `bash offers names, keys, values and the words of CMD`(library: Bool) throws {
    for (words, expected) in [
      (["cb", "run", "db"], ["db-backup", "db-reports"]), (["cb", "run", "--fail-max", "3", "db-b"], ["db-backup"]),
      (["cb", "run", "x", "d"], []), (["cb", "status", "db-backup", "db-r"], ["db-reports"]),
      (["cb", "run", "zw"], ["zwei\\ Wörter"]), (["cb", "get", "x", "sta"], ["state"]),
      (["cb", "set", "x", "fail-m"], ["fail-max="]), (["cb", "set", "x", "on-store-error", "=", "re"], ["reject"]),
      (["cb", "run", "--notice", "f"], ["first"]), (["cb", "run", "--color", "=", "al"], ["always"]),
      (["cb", "report", "x", "t", "ig"], ["ignored"]), (["cb", "run", "--exclude", "3,SIGTE"], ["3,SIGTERM"]),
      (["cb", "run", "x", "--", "mkfif"], ["mkfifo"]), (["cb", "status", "--store", "file:none", "db"], []),
      (["cb", "--store", "file:none", "run", "db"], []), (["cb", "--color", "never", "record", "db-b"], ["db-backup"]),
      (["cb", "record", "x", "ig"], ["ignored"]), (["cb", "run", "--mode", "o"], ["observe"]),
      (["cb", "preset", "rs"], ["rsync"]), (["cb", "run", "--timeout-signal", "USR"], ["USR1", "USR2"]),
      (["cb", "set", "x", "notice", "=", "f"], ["first"]), (["cb", "run", "--hold-on", "3,SIGTE"], ["3,SIGTERM"]),
    ] as [([String], [String])] {
      let offered = try Shells.bash(words, library: library, in: sandbox)
      #expect(Set(offered) == Set(expected), "\(words)")
    }
    #expect(
      Set(try Shells.bash(["cb", "run", "--on-event", ""], library: library, in: sandbox))
        == Set(interface.events.map { $0 + "=" }))
    #expect(
      Set(try Shells.bash(["cb", "run", "--preset", ""], library: library, in: sandbox)) == Set(interface.presets))
    #expect(
      Set(try Shells.bash(["cb", "set", "x", ""], library: library, in: sandbox))
        == Set(interface.keys.map { $0 + "=" }))
  }

  @Test(arguments: [false, true]) func `Tab in an interactive bash completes the line`(library: Bool) throws {
    let lines = [
      ("cb sta", "cb status "), ("cb run zw", "cb run zwei\\ Wörter "), ("cb run 'zw", "cb run 'zwei Wörter' "),
      ("cb run api:", "cb run api:v2 "), ("cb set x on-store-error=lo", "cb set x on-store-error=local "),
      ("cb run --on-event=open=sysl", "cb run --on-event=open=syslog:"),
      ("cb run --store file", "cb run --store file:"),
      ("cb run x -- mkfif", "cb run x -- mkfifo "),
    ]
    #expect(try Shells.typed(lines.map(\.0), library: library, in: sandbox) == lines.map(\.1))
  }

  @Test func `bash completes the options of CMD where bash-completion knows them`() throws {
    let offered = try Shells.bash(["cb", "run", "x", "--", "ls", "--almost"], library: true, in: sandbox)
    #expect(offered.map { $0.trimmingCharacters(in: .whitespaces) } == ["--almost-all"])
  }

  // MARK: zsh

  @Test func `zsh offers commands, options, names, keys, values and the words of CMD`() throws {
    let expected: [(String, [String])] = [
      ("cb run db", ["db-backup", "db-reports"]), ("cb run --fail-max 3 db-b", ["db-backup"]),
      ("cb status db-backup db-r", ["db-reports"]), ("cb run zw", ["zwei Wörter"]), ("cb run api", ["api:v2"]),
      ("cb run db-backup ", ["--"]), ("cb get x sta", ["state"]), ("cb set x fail-m", ["fail-max"]),
      ("cb set x on-store-error=re", ["reject"]), ("cb run --notice f", ["first"]), ("cb run --color=al", ["always"]),
      ("cb report x t ig", ["ignored"]), ("cb run --exclude 3,SIGTE", ["SIGTERM"]), ("cb run x -- mkfif", ["mkfifo"]),
      ("cb run x -- ls --almost", ["--almost-all"]), ("cb status --store file:none db", []),
      ("cb help chec", ["check"]), ("cb --store file:none run db", []), ("cb --color never record db-b", ["db-backup"]),
      ("cb record x ig", ["ignored"]), ("cb run --mode o", ["observe"]), ("cb preset rs", ["rsync"]),
      ("cb run --timeout-signal USR", ["USR1", "USR2"]), ("cb set x notice=f", ["first"]),
      ("cb run --hold-on 3,SIGTE", ["SIGTERM"]),
    ]
    let options = interface.commands.map { "cb \($0.name) -" }
    let offered = try Shells.zsh(
      expected.map(\.0) + ["cb ", "cb run --on-event ", "cb set x ", "cb run --preset "] + options, in: sandbox)
    for (line, candidates) in expected { #expect(offered[line] == candidates, "\(line)") }
    #expect(Coverage.compare("zsh", Set(offered["cb "] ?? []), with: commands) == [])
    #expect(Set(offered["cb run --on-event "] ?? []) == Set(interface.events))
    #expect(Set(offered["cb set x "] ?? []) == Set(interface.keys))
    #expect(Set(offered["cb run --preset "] ?? []) == Set(interface.presets))
    for command in interface.commands {
      let found = Set(offered["cb \(command.name) -"] ?? []).subtracting(["--"])
      #expect(Coverage.compare("zsh: cb \(command.name)", found, with: command.options) == [])
    }
  }

  // MARK: fish

  @Test func `fish offers the commands and their options`() throws {
    let offered = Set(try Shells.fish("cb ", in: sandbox))
    #expect(Coverage.compare("fish", offered, with: commands) == [])
    for command in interface.commands {
      let found = Set(try ["-", "--"].flatMap { try Shells.fish("cb \(command.name) \($0)", in: sandbox) })
      #expect(Coverage.compare("fish: cb \(command.name)", found.subtracting(["--"]), with: command.options) == [])
    }
  }

  @Test func `fish offers names, keys, values and the words of CMD`() throws {
    for (line, expected) in [
      ("cb run db", ["db-backup", "db-reports"]), ("cb run --fail-max 3 db-b", ["db-backup"]), ("cb run x d", []),
      ("cb status db-backup db-r", ["db-reports"]), ("cb run api", ["api:v2"]), ("cb get x sta", ["state"]),
      ("cb set x fail-m", ["fail-max="]), ("cb set x on-store-error=re", ["on-store-error=reject"]),
      ("cb run --notice f", ["first"]), ("cb run --color=al", ["--color=always"]), ("cb report x t ig", ["ignored"]),
      ("cb run --exclude 3,SIGTE", ["3,SIGTERM"]), ("cb run x -- mkfif", ["mkfifo"]),
      ("cb run x -- ls --almost", ["--almost-all"]), ("cb status --store file:none db", []),
      ("cb help chec", ["check"]), ("cb --store file:none run db", []), ("cb --color never record db-b", ["db-backup"]),
      ("cb record x ig", ["ignored"]), ("cb run --mode o", ["observe"]), ("cb preset rs", ["rsync"]),
      ("cb run --timeout-signal USR", ["USR1", "USR2"]), ("cb set x notice=f", ["notice=first"]),
      ("cb run --hold-on 3,SIGTE", ["3,SIGTERM"]),
    ] {
      let offered = try Shells.fish(line, in: sandbox)
      #expect(offered == expected, "\(line)")
    }
    #expect(Set(try Shells.fish("cb run --on-event ", in: sandbox)) == Set(interface.events.map { $0 + "=" }))
    #expect(Set(try Shells.fish("cb run --preset ", in: sandbox)) == Set(interface.presets))
    #expect(Set(try Shells.fish("cb set x ", in: sandbox)) == Set(interface.keys.map { $0 + "=" }))
  }

  // MARK: The checks can fail

  @Test func `an option that a completion lacks, or has too many, is found out`() {
    let offered: Set = ["--json", "--colour"]
    #expect(
      Coverage.compare("bash: cb x", offered, with: ["--json", "--color"]) == [
        "bash: cb x lacks --color", "bash: cb x has --colour, which is not there",
      ])
  }
}
