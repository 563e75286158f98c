import Foundation
import Testing

/// What the README shows, run.
struct ReadmeTests {
  private let blocks: [FencedBlock]

  init() throws {
    blocks = FencedBlock.all(in: try Repository.text("README.md"))
  }

  private func blocks(in language: String) throws -> [FencedBlock] {
    let found = blocks.filter { $0.language == language }
    try #require(!found.isEmpty, "README.md has no block in \(language)")
    return found
  }

  @Test func `every block has a language, and every language is known`() {
    let known: Set = ["sh", "crontab", "console", "json5", "shell", "ini", "make", "yaml", "dockerfile"]
    for block in blocks { #expect(known.contains(block.language), "line \(block.line): '\(block.language)'") }
  }

  @Test func `every block in sh runs`() throws {
    for block in try blocks(in: "sh") {
      let result = try Sandbox().shell(block.text)
      #expect(result.status == 0, "README.md line \(block.line): \(result.error)")
      #expect(!result.error.contains("cb: run:") && !result.error.contains("not found"), "\(result.error)")
    }
  }

  @Test func `every target of a makefile is guarded: it runs, and does not while the circuits are open`() throws {
    for block in try blocks(in: "make") {
      let sandbox = try Sandbox()
      let make = ["/usr/bin/make", "-f", try sandbox.write("makefile", block.text)]
      let targets = block.text.matches(of: /(?m)^([a-z]+):/).map { String($0.1) }
      try #require(!targets.isEmpty)
      func counted(_ outcome: String) throws -> Int {
        try sandbox.run([Program.cb, "metrics"]).lines.count { $0.hasSuffix("outcome=\"\(outcome)\"} 1") }
      }
      for target in targets {
        let result = try sandbox.run(make + [target])
        #expect(result.status == 0, "\(target): \(result.error)")
      }
      #expect(try counted("success") == targets.count)
      #expect(try sandbox.run([Program.cb, "open", "*", "--hold"]).lines.count == targets.count)
      for target in targets {
        let result = try sandbox.run(make + [target])
        #expect(result.status == 2, "\(target): \(result.error)")
      }
      #expect(try counted("rejected") == targets.count)
    }
  }

  @Test func `every line of a crontab runs as cron would run it, without a home`() throws {
    for block in try blocks(in: "crontab") {
      for line in block.text.split(separator: "\n") {
        let sandbox = try Sandbox()
        let result = try sandbox.run([
          "env", "-i", "PATH=\(sandbox.path)/bin:/usr/bin:/bin", "CB_STATE_DIR=\(sandbox.path)/state", "sh", "-c",
          Crontab.command(of: String(line)),
        ])
        #expect(result.status == 0, "\(line): \(result.error)")
        #expect(result.error == "")
      }
    }
  }

  @Test func `the terminal session is what a terminal shows`() throws {
    for block in try blocks(in: "console") {
      let result = try Console.replay(block.text, in: Sandbox())
      #expect(Console.lines(result) == Console.lines(block.text), "README.md line \(block.line)")
    }
  }

  @Test func `a session whose output differs is found out`() throws {
    let shown = "$ cb run x --fail-max 1 -- false\ncb: x: circuit opened after 2 failures\n"
    #expect(Console.lines(try Console.replay(shown, in: Sandbox())) != Console.lines(shown))
  }

  @Test func `the configuration file is one that the program takes`() throws {
    for block in try blocks(in: "json5") {
      let sandbox = try Sandbox()
      let file = try sandbox.write("config.json5", block.text)
      let result = try sandbox.run([Program.cb, "status", "--config", file, "--store", "file:state"])
      #expect(result.status == 0, "README.md line \(block.line): \(result.error)")
    }
  }

  @Test func `files that the README links to are there`() throws {
    let readme = try Repository.text("README.md")
    let links = readme.matches(of: /\]\(([^)#:]+)\)|src(?:set)?="([^"]+)"/).map { String($0.1 ?? $0.2 ?? "") }
    try #require(links.count >= 5)
    for link in links {
      #expect(FileManager.default.fileExists(atPath: Repository.root + "/" + link), "\(link)")
    }
  }
}

enum Crontab {
  /// The sixth field to the end of the line, with `\%` as `%`; what stands behind a bare `%` is input (crontab(5)).
  static func command(of line: String) -> String {
    var rest = line[...]
    for _ in 0..<5 {
      rest = rest.drop { $0 == " " || $0 == "\t" }
      rest = rest.drop { $0 != " " && $0 != "\t" }
    }
    rest = rest.drop { $0 == " " || $0 == "\t" }
    var command = ""
    var isEscaped = false
    for character in rest {
      if character == "%", !isEscaped { break }
      if isEscaped, character != "%" { command += "\\" }
      isEscaped = character == "\\" && !isEscaped
      if !isEscaped { command.append(character) }
    }
    return command
  }
}

enum Console {
  /// Runs what stands behind each `$ ` in one shell, and gives what a terminal would show.
  static func replay(_ session: String, in sandbox: Sandbox) throws -> String {
    var script = "exec 2>&1\nstatus=0\n"
    for line in session.split(separator: "\n") where line.hasPrefix("$ ") {
      let quoted = line.replacingOccurrences(of: "'", with: "'\\''")
      script += "printf '%s\\n' '\(quoted)'\n(exit $status)\n\(line.dropFirst(2))\nstatus=$?\n"
    }
    return try sandbox.run(["sh", try sandbox.write("session", script)]).output
  }

  /// Lines without what differs from run to run.
  static func lines(_ text: String) -> [String] {
    text.replacing(/retry in [0-9.]+m?s/, with: "retry in Ns").split(separator: "\n").map(String.init)
  }
}
