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

  @Test func `every line of a crontab runs as cron would run it after make install, without a home`() throws {
    for block in try blocks(in: "crontab") {
      let sandbox = try Sandbox()
      try InstallationTests.install(into: sandbox, prefix: "/usr/local")
      let crontab = Crontab(block.text)
      #expect(crontab.commands.count >= 2)
      for command in crontab.commands {
        let result = try crontab.run(command, in: sandbox)
        #expect(result.status == 0, "\(command): \(result.error)")
        #expect(result.error == "")
      }
    }
  }

  @Test func `a crontab that does not say where cb is, is found out`() throws {
    let sandbox = try Sandbox()
    try InstallationTests.install(into: sandbox, prefix: "/usr/local")
    for (text, status) in [
      ("* * * * * cb run x -- true\n", 127), ("* * * * * /usr/local/bin/cb run x -- true\n", 0),
      ("PATH=/usr/local/bin:/usr/bin:/bin\n* * * * * cb run x -- true\n", 0),
    ] as [(String, Int32)] {
      let crontab = Crontab(text)
      #expect(try crontab.run(crontab.commands[0], in: sandbox).status == status, "\(text)")
    }
  }

  /// With `--notice first` cron mails each failure up to the trip, one rejection, and each trial that fails.
  @Test func `the sum of mails in a day's outage is right`() throws {
    let readme = try Repository.text("README.md")
    let job = try readme.firstMatch(
      of: /\*\/(\d+) \* \* \* \* .*--fail-max (\d+) --reset-timeout (\d+)h --notice first/
    )
    .orThrow("no such job")
    let period = try Int(job.1).orThrow("no period")
    let most = try Int(job.2).orThrow("no fail-max")
    let timeout = try Int(job.3).orThrow("no reset-timeout") * 60
    var (runs, failures, mails) = (0, 0, 0)
    var openUntil: Int?
    var isTold = false
    for minute in stride(from: 0, to: 24 * 60, by: period) {
      runs += 1
      if let until = openUntil, minute < until {
        if !isTold { mails += 1 }
        isTold = true
        continue
      }
      failures += 1
      mails += 1
      if failures >= most { openUntil = minute + timeout }
    }
    #expect(readme.contains("\(mails) mails at most, instead of \(runs)"))
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

/// A crontab as cron reads it (crontab(5)).
struct Crontab {
  /// cron's own, unless a line sets it.
  private(set) var path = "/usr/bin:/bin"
  private(set) var commands: [String] = []

  init(_ text: String) {
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      if let found = line.wholeMatch(of: /([A-Z]+)=(.*)/) {
        if found.1 == "PATH" { path = String(found.2) }
      } else {
        commands.append(Self.command(of: String(line)))
      }
    }
  }

  /// Runs a command with cron's environment, /usr/local being what was installed in the sandbox, and stand-ins for what
  /// it guards before /usr/bin.
  func run(_ command: String, in sandbox: Sandbox) throws -> Finished {
    let place = sandbox.path + "/dest/usr/local/"
    let standIns = try sandbox.standInsAlone()
    let path = path.split(separator: ":").map { $0 == "/usr/bin" ? standIns + ":/usr/bin" : String($0) }
    return try sandbox.run([
      "env", "-i", "PATH=" + path.joined(separator: ":").replacingOccurrences(of: "/usr/local/", with: place),
      "CB_STATE_DIR=\(sandbox.path)/state", "/bin/sh", "-c",
      command.replacingOccurrences(of: "/usr/local/", with: place),
    ])
  }

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
    text.replacing(/retry in [0-9.]+m?s(, at [0-9: -]*[0-9])?/, with: "retry in Ns").split(separator: "\n").map(
      String.init)
  }
}
