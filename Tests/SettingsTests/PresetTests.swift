import CircuitBreaker
import Glibc
import JSON
import Testing

@testable import Settings

/// The presets of docs/CONTRACT.md, "Settings". What the tools themselves end in is tested in
/// EndToEndTests/Presets and by contrib/test-presets.
struct PresetTests {
  @Test("the presets are those that the contract lists, in its order")
  func names() {
    #expect(
      Preset.all.map(\.name) == [
        "curl", "wget", "rsync", "ssh", "psql", "git", "restic", "borg", "rclone", "aws", "msmtp", "ansible-playbook",
      ])
    for preset in Preset.all { #expect(Preset.named(preset.name) == preset) }
    #expect(Preset.named("tar") == nil)
    #expect(Preset.named("") == nil)
  }

  @Test("no code is in two lists of a preset, and each is an exit code", arguments: Preset.all)
  func once(_ preset: Preset) {
    var seen: Set<Int32> = []
    for code in preset.codes.flatMap(\.codes).flatMap({ Array($0) }) {
      #expect((1...255).contains(code))
      #expect(seen.insert(code).inserted, "\(preset.name): \(code) twice")
    }
    for code in preset.texts.flatMap(\.codes).flatMap({ Array($0) }) { #expect((1...255).contains(code)) }
  }

  @Test("each rule has a reason, and each preset the document it comes from", arguments: Preset.all)
  func reasons(_ preset: Preset) {
    #expect(!preset.source.isEmpty && !preset.about.isEmpty)
    for reason in preset.codes.map(\.reason) + preset.texts.map(\.reason) {
      #expect(!reason.isEmpty && !reason.contains("\n"))
    }
    // A list cannot be told that a code which it names is a failure after all.
    for text in preset.texts { #expect(text.verdict != .failure && !(text.anyOf + text.noneOf).contains("")) }
  }

  @Test("no text holds what the shell or JSON5 would read as its own", arguments: Preset.all)
  func characters(_ preset: Preset) {
    for text in preset.texts.flatMap({ $0.anyOf + $0.noneOf }) {
      #expect(!text.utf8.contains { "'\"\\$`\n".utf8.contains($0) || $0 < 0x20 || $0 > 0x7e }, "\(text)")
    }
  }

  /// A row: preset, exit code, standard error, verdict.
  struct Row: Sendable, CustomTestStringConvertible {
    let preset: String
    let code: Int32
    let text: String
    let verdict: Preset.Verdict

    init(_ preset: String, _ code: Int32, _ text: String, _ verdict: Preset.Verdict) {
      (self.preset, self.code, self.text, self.verdict) = (preset, code, text, verdict)
    }

    var testDescription: String { "\(preset) \(code) \(text.prefix(40))" }
  }

  static let rows: [Row] = [
    // Without a text: the lists, and what stays a failure.
    Row("curl", 7, "", .failure), Row("curl", 22, "", .failure), Row("curl", 60, "", .failure),
    Row("curl", 33, "", .exclude), Row("curl", 23, "", .ignore), Row("curl", 67, "", .hold),
    Row("curl", 255, "", .failure),
    Row("curl", 22, "curl: (22) The requested URL returned error: 404", .exclude),
    Row("curl", 22, "curl: (22) The requested URL returned error: 408", .failure),
    Row("curl", 22, "curl: (22) The requested URL returned error: 425", .failure),
    Row("curl", 22, "curl: (22) The requested URL returned error: 429", .failure),
    Row("curl", 22, "curl: (22) The requested URL returned error: 503 Service Unavailable", .failure),
    Row("curl", 22, "returned error: 404\nreturned error: 500", .failure),
    Row("curl", 28, "returned error: 404", .failure),
    Row("curl", 19, "curl: (19) RETR response: 551", .exclude),
    Row("curl", 19, "curl: (19) RETR response: 451", .failure),
    Row("wget", 8, "ERROR 404: Not Found.", .exclude), Row("wget", 8, "ERROR 429: Too Many Requests.", .failure),
    Row("wget", 8, "ERROR 503: Service Unavailable.", .failure), Row("wget", 8, "", .failure),
    Row("wget", 8, "ERROR 404: Not Found.\nERROR 503: Service Unavailable.", .failure),
    Row("rsync", 12, "Failed to exec x\nrsync error: error in IPC code (code 14)", .ignore),
    Row("wget", 6, "", .hold), Row("wget", 3, "", .ignore), Row("wget", 4, "", .failure),
    Row("rsync", 23, "", .failure), Row("rsync", 24, "", .exclude), Row("rsync", 14, "", .ignore),
    Row("rsync", 5, "@ERROR: auth failed on module m", .hold), Row("rsync", 5, "@ERROR: chdir failed", .failure),
    Row("rsync", 255, "root@h: Permission denied (publickey).", .hold),
    Row("rsync", 12, "root@h: Permission denied (publickey).\nrsync: connection unexpectedly closed", .hold),
    Row("rsync", 12, "rsync: opendir \"x\" failed: Permission denied (13)", .failure),
    Row("rsync", 23, "root@h: Permission denied (publickey).", .failure),
    Row("ssh", 1, "", .exclude), Row("ssh", 127, "", .exclude), Row("ssh", 254, "", .exclude),
    Row("ssh", 255, "ssh: connect to host h port 22: Connection refused", .failure), Row("ssh", 255, "", .failure),
    Row("ssh", 255, "ssh: connect to host h port 22: Permission denied", .failure),
    Row("ssh", 255, "root@h: Permission denied (publickey,password).", .hold),
    Row("ssh", 255, "Host key verification failed.", .hold),
    Row("ssh", 1, "ssh: connect to host h port 22: Connection refused", .failure),
    Row("ssh", 255, "command-line: line 0: Bad configuration option: x", .ignore),
    Row("psql", 1, "", .ignore), Row("psql", 2, "", .failure), Row("psql", 3, "", .exclude),
    Row("psql", 2, "FATAL:  password authentication failed for user \"a\"", .hold),
    Row("psql", 1, "pg_dump: error: connection to server at \"h\", port 1 failed: Connection refused", .failure),
    Row("psql", 3, "error: \\connect: connection to server at \"h\", port 1 failed", .failure),
    Row("git", 1, "", .exclude), Row("git", 2, "", .exclude), Row("git", 128, "", .ignore),
    Row("git", 129, "", .ignore),
    Row("git", 255, "", .failure),
    Row("git", 128, "fatal: unable to access 'http://h/': Could not resolve host: h", .failure),
    Row("git", 128, "Schwerwiegend: konnte nicht zugreifen: Could not resolve host: h", .failure),
    Row("git", 128, "fatal: Authentication failed for 'http://h/'", .hold),
    Row("git", 128, "root@h: Permission denied (publickey).\nfatal: Could not read from remote repository.", .hold),
    Row(
      "git", 128, "fatal: 'x' does not appear to be a git repository\nfatal: Could not read from remote repository.",
      .ignore),
    Row("git", 1, "fatal: unable to access 'http://h/'\nerror: could not fetch dead", .failure),
    Row("restic", 1, "", .failure), Row("restic", 3, "", .exclude), Row("restic", 10, "", .hold),
    Row("restic", 11, "", .ignore), Row("restic", 12, "", .hold), Row("restic", 130, "", .ignore),
    Row("restic", 1, "Fatal: wrong password or no key found", .hold),
    Row("restic", 1, "unable to create lock in backend: repository is already locked by PID 1", .ignore),
    Row("restic", 1, "dial tcp: connection refused\nIs there a repository at the following location?", .failure),
    Row("borg", 1, "", .exclude), Row("borg", 2, "", .failure), Row("borg", 4, "", .ignore), Row("borg", 13, "", .hold),
    Row("borg", 30, "", .failure), Row("borg", 52, "", .hold), Row("borg", 73, "", .ignore),
    Row("borg", 81, "", .failure), Row("borg", 83, "", .hold), Row("borg", 107, "", .exclude),
    Row("borg", 2, "Failed to create/acquire the lock /x/lock.exclusive (timeout).", .ignore),
    Row("borg", 2, "passphrase supplied in BORG_PASSPHRASE, by BORG_PASSCOMMAND ... is incorrect.", .hold),
    Row("rclone", 1, "", .failure), Row("rclone", 2, "", .failure), Row("rclone", 3, "", .ignore),
    Row("rclone", 6, "", .exclude), Row("rclone", 7, "", .hold), Row("rclone", 9, "", .exclude),
    Row("rclone", 7, "max transfer duration reached as set by --max-duration", .ignore),
    Row("aws", 253, "", .hold), Row("aws", 252, "", .ignore), Row("aws", 254, "", .failure),
    Row("aws", 254, "An error occurred (NoSuchBucket) when calling the ListObjects operation: m", .exclude),
    Row("aws", 254, "An error occurred (ThrottlingException) when calling the X operation: m", .failure),
    Row("aws", 254, "An error occurred (SlowDown) when calling the X operation: m", .failure),
    Row("aws", 255, "Could not connect to the endpoint URL: \"http://h/\"", .failure),
    Row("msmtp", 75, "", .failure), Row("msmtp", 65, "", .exclude), Row("msmtp", 64, "", .ignore),
    Row("msmtp", 77, "", .hold), Row("msmtp", 70, "", .failure),
    Row("ansible-playbook", 2, "", .exclude), Row("ansible-playbook", 4, "", .failure),
    Row("ansible-playbook", 6, "", .ignore), Row("ansible-playbook", 99, "", .ignore),
    Row("ansible-playbook", 4, "ERROR! Syntax Error while loading YAML.", .ignore),
    Row("ansible-playbook", 4, "[ERROR]: YAML parsing failed: x", .ignore),
  ]

  @Test("the table judges as it says", arguments: rows)
  func judges(_ row: Row) throws {
    let preset = try #require(Preset.named(row.preset))
    #expect(preset.verdict(onExit: row.code, stderrTail: Array(row.text.utf8)) == row.verdict)
  }

  @Test("a success is not the preset's to judge", arguments: Preset.all)
  func success(_ preset: Preset) {
    #expect(preset.verdict(onExit: 0, stderrTail: []) == nil)
  }

  @Test("the tail may begin within a character, and end within a text", arguments: ["\u{ff}", "é", ""])
  func bytes(_ start: String) throws {
    let curl = try #require(Preset.named("curl"))
    let tail = Array(Array(start.utf8).dropFirst()) + Array("returned error: 4".utf8)
    #expect(curl.verdict(onExit: 22, stderrTail: tail + Array("04".utf8)) == .exclude)
    #expect(curl.verdict(onExit: 22, stderrTail: tail.dropLast()) == .failure)
  }

  @Test("the lists go to the core as they are", arguments: Preset.all)
  func rules(_ preset: Preset) {
    for code in Int32(1)...255 {
      let ending = RunEnding(how: .exited(code))
      #expect(preset.rules.ignore.contains(ending) == preset.names(.ignore, code))
      #expect(preset.rules.exclude.contains(ending) == preset.names(.exclude, code))
      #expect(preset.rules.holdOn.contains(ending) == preset.names(.hold, code))
    }
    #expect(preset.rules.only.isEmpty && preset.rules.tripOn.isEmpty)
  }

  /// The entry of `breakers` in what `cb preset` prints, read back.
  private func entry(_ preset: Preset) throws -> JSONObject {
    let file = try #require(LocatedJSON.parse(Array(preset.json5.utf8)).value.object)
    #expect(file.members.map(\.key) == ["breakers"])
    let breakers = try #require(file["breakers"]?.object)
    #expect(breakers.members.map(\.key) == ["\(preset.name)-*"])
    return try #require(breakers["\(preset.name)-*"]?.object)
  }

  @Test("what is printed is JSON5 with the keys of settings, and names the same codes", arguments: Preset.all)
  func printed(_ preset: Preset) throws {
    let entry = try entry(preset)
    let lists: [(String, Preset.Verdict)] = [("ignore", .ignore), ("exclude", .exclude), ("hold-on", .hold)]
    let keys = lists.map(\.0) + ["ignore-if", "exclude-if", "hold-if"]
    for member in entry.members { #expect(keys.contains(member.key)) }
    for (key, verdict) in lists {
      let texts = (entry[key]?.array ?? []).compactMap(\.string)
      let set = try texts.map { try #require(OutcomeSet($0)) }
      for code in Int32(1)...255 {
        #expect(set.contains { $0.contains(RunEnding(how: .exited(code))) } == preset.names(verdict, code))
      }
    }
    for text in preset.codes.map(\.reason) + preset.texts.map(\.reason) + [preset.source] {
      #expect(preset.json5.contains(text))
    }
  }

  @Test("the printed predicates say in the shell what the table says without one", arguments: Preset.all)
  func predicates(_ preset: Preset) throws {
    let entry = try entry(preset)
    let keys: [(String, Preset.Verdict)] = [("ignore-if", .ignore), ("exclude-if", .exclude), ("hold-if", .hold)]
    for (key, verdict) in keys {
      let predicates = (entry[key]?.array ?? []).compactMap(\.string)
      #expect(predicates.count == preset.texts.filter { $0.verdict == verdict }.count)
      for row in Self.rows where row.preset == preset.name {
        let shell = predicates.contains { holds($0, row) }
        #expect(shell == preset.says(verdict, onExit: row.code, stderrTail: Array(row.text.utf8)), "\(key) \(row)")
      }
    }
  }

  /// Runs a predicate as `exclude-if` is run.
  private func holds(_ predicate: String, _ row: Row) -> Bool {
    var words: [UnsafeMutablePointer<CChar>?] = ["sh", "-c", predicate].map { (text: String) in strdup(text) }
    var variables: [UnsafeMutablePointer<CChar>?] = [
      "CB_EXIT_STATUS=\(row.code)", "CB_STDERR_TAIL=\(row.text)", "LC_ALL=C",
    ].map { (text: String) in strdup(text) }
    defer { for pointer in words + variables { free(pointer) } }
    words.append(nil)
    variables.append(nil)
    var pid = pid_t()
    guard posix_spawn(&pid, "/bin/sh", nil, nil, words, variables) == 0 else { return false }
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    return status == 0
  }
}

extension Preset: CustomTestStringConvertible {
  /// Its name: all of the table is too long for a line of output.
  public var testDescription: String { name }
}
