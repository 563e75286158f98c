import Glibc
import Testing

/// The kernel itself writes less than it was asked to: up to a limit on the size of files (setrlimit(2)) that lies in
/// the middle of the document. cb is stopped right after that write, by a signal that strace sends with it.
@Suite struct ShortWriteTests {
  private static let scenarios = [1, 2, 6, 7].map { Scenario.all[$0] }

  @Test(arguments: scenarios)
  func `a short write is followed by the rest`(scenario: Scenario) throws {
    let stage = try Stage(scenario)
    let ended = try Self.interrupted(stage) { pid in
      // There is room again.
      let raised = stage.place.execute(["/usr/bin/prlimit", "--pid", "\(pid)", "--fsize=unlimited"])
      try #require(raised.code == 0, "\(raised)")
    }
    let isFailing = stage.command.last == "false"
    #expect(ended.code == (isFailing ? 1 : 0) && !ended.errorText.contains("cannot "), "\(ended)")
    #expect(stage.faults(acknowledged: true) == [])
    let writes = Self.writes(stage)
    #expect(writes.count >= 2 && writes[0].done < writes[0].asked, "\(writes)")
    #expect(writes[1].asked == writes[0].asked - writes[0].done, "\(writes)")
  }

  @Test(arguments: scenarios)
  func `a short write without room for the rest is an error, and leaves nothing`(scenario: Scenario) throws {
    let stage = try Stage(scenario)
    let ended = try Self.interrupted(stage) { _ in }
    let writes = Self.writes(stage)
    #expect(writes.count >= 2 && writes[0].done < writes[0].asked && writes[1].done < 0, "\(writes)")
    #expect(ended.code == 1, "\(ended)")
    let lines = ended.errorText.split(separator: "\n")
    #expect(
      lines.count == 1 && ended.errorText.contains("cannot write") && ended.errorText.contains("ulimit -f"), "\(ended)")
    #expect(!stage.place.entries().contains { $0.hasSuffix(".tmp") })
    #expect(stage.faults(acknowledged: false) == [])
  }

  @Test func `a short write that nobody notices is found out`() throws {
    let stage = try Stage(Scenario.all[1])
    // As if cb had taken the first part for the whole: the second is not made, and says that it was.
    let size = try Self.size(stage)
    let ended = stage.place.execute(
      Self.strace(stage, "inject=write:retval=\(size):when=2+") + ["/usr/bin/prlimit", "--fsize=\(size):", Programs.cb]
        + stage.command)
    #expect(stage.faults(acknowledged: true) != [], "\(ended)")
  }

  // MARK: Steps

  /// A limit in the middle of the new document.
  private static func size(_ stage: Stage) throws -> Int {
    stage.image.restore(stage.place)
    stage.place.cb(stage.command)
    let size = try #require(fileBytes(stage.place.store + "/x.json")).count / 2
    stage.image.restore(stage.place)
    return size
  }

  private static func strace(_ stage: Stage, _ tampering: String) -> [String] {
    ["/usr/bin/strace", "-o", stage.place.path + "/trace", "-P", stage.place.store + "/x.json.tmp", "-e", tampering]
  }

  /// Runs the command with the limit; `body` is called with cb's pid while it stands still after its first write.
  private static func interrupted(_ stage: Stage, _ body: (pid_t) throws -> Void) throws -> Finished {
    let size = try size(stage)
    let place = stage.place
    let words =
      strace(stage, "inject=write:signal=STOP:when=1") + ["/usr/bin/prlimit", "--fsize=\(size):", Programs.cb]
      + stage.command
    let tracer = place.start(words)
    let children = "/proc/\(tracer.pid)/task/\(tracer.pid)/children"
    var status = stat()
    let limit = clockSeconds() + 60
    while lstat(place.store + "/x.json.tmp", &status) != 0 || Int(status.st_size) < size {
      try #require(!tracer.reap() && clockSeconds() < limit, "no write: \(tracer.wait())")
      usleep(1000)
    }
    let text = fileText(children) ?? ""
    let pid = try #require(text.split(separator: " ").first.flatMap { pid_t($0) })
    try body(pid)
    // Stopped already or about to be: this undoes either.
    kill(pid, SIGCONT)
    return tracer.wait()
  }

  /// What was asked of each write to the temporary document, and what it did.
  private static func writes(_ stage: Stage) -> [(asked: Int, done: Int)] {
    let text = fileText(stage.place.path + "/trace") ?? ""
    return text.split(separator: "\n").filter { $0.hasPrefix("write(") }.compactMap { line in
      let parts = line.split(separator: ")")
      let tail = parts.count > 1 ? parts.last.map(String.init) ?? "" : ""
      guard
        let asked = line.split(separator: ",").last.flatMap({ Int($0.drop { $0 == " " }.prefix(while: \.isNumber)) }),
        let equals = tail.firstIndex(of: "=")
      else { return nil }
      let done = Int(tail[equals...].dropFirst(2).prefix { $0 == "-" || $0.isNumber }) ?? -1
      return (asked, done)
    }
  }
}
