import BreakerStore
import CircuitBreaker
import FileStore
import Glibc
import Testing

/// A command that writes, on a store in which it has something to do.
struct Scenario: CustomTestStringConvertible, Sendable {
  var name: String
  /// Commands that make the store.
  var setUp: [[String]]
  /// `TOKEN` stands for what the last command of `setUp` printed.
  var command: [String]
  /// A trial: it may be lost in the middle.
  var hasMiddle = false
  /// Of older history, in bytes: more than 512 KiB are halved.
  var oldHistory = 0
  var testDescription: String { name }

  static let all: [Scenario] = {
    let failing = ["run", "x", "--", "false"]
    let working = ["run", "x", "--", "true"]
    let once = ["set", "x", "fail-max=1", "reset-timeout=1h"]
    let atOnce = ["set", "x", "fail-max=1", "reset-timeout=1ms"]
    let spilling = [["set", "x", "fail-max=1000"]] + (0..<32).map { _ in failing }
    return [
      Scenario(name: "the first run of all", setUp: [], command: failing),
      Scenario(name: "a run that fails", setUp: [failing], command: failing),
      Scenario(name: "a run that trips", setUp: [once], command: failing),
      Scenario(name: "a trial that succeeds", setUp: [atOnce, failing], command: working, hasMiddle: true),
      Scenario(name: "a trial that fails", setUp: [atOnce, failing], command: failing, hasMiddle: true),
      Scenario(name: "a rejected run", setUp: [once, failing], command: working),
      Scenario(name: "a failure that spills the history", setUp: spilling, command: failing),
      Scenario(name: "open --hold", setUp: [failing], command: ["open", "x", "--hold", "--reason", "r"]),
      Scenario(name: "close", setUp: [once, failing], command: ["close", "x"]),
      Scenario(name: "set", setUp: [failing], command: ["set", "x", "fail-max=7"]),
      Scenario(name: "reset", setUp: [once, failing], command: ["reset", "x"]),
      Scenario(name: "remove", setUp: [once, failing], command: ["remove", "x"]),
      Scenario(name: "permit", setUp: [failing], command: ["permit", "x", "--lease", "1d"]),
      Scenario(
        name: "report", setUp: [failing, ["permit", "x", "--lease", "1d"]],
        command: ["report", "x", "TOKEN", "failure"]),
      Scenario(
        name: "a failure that halves the history", setUp: spilling, command: failing, oldHistory: 512 << 10),
    ]
  }()
}

/// A scenario made ready: its store as it is before the command, and what may be found after it.
struct Stage {
  let place = Sandbox()
  let command: [String]
  let image: StoreImage
  let before: Holding?
  let after: Holding?
  let middle: Holding?
  var strace: Strace { Strace(place: place) }

  init(_ scenario: Scenario) throws {
    var token = ""
    for words in scenario.setUp {
      let ended = place.cb(words)
      try #require(ended.code == (words.last == "false" ? 1 : 0), "\(words): \(ended)")
      token = String(ended.outputText.prefix { $0 != "\n" })
    }
    command = scenario.command.map { $0 == "TOKEN" ? token : $0 }
    if scenario.oldHistory > 0 {
      let line = [UInt8](repeating: UInt8(ascii: "-"), count: 63) + [UInt8(ascii: "\n")]
      writeFile(
        place.store + "/x.history", Array([[UInt8]](repeating: line, count: scenario.oldHistory / 64).joined()))
    }
    image = StoreImage(place)
    before = try place.breaker().breaker.map(Holding.init)
    if scenario.hasMiddle {
      place.cb("run", "x", "--", "sh", "-c", "kill -9 $PPID")
      middle = try place.breaker().breaker.map(Holding.init)
      image.restore(place)
    } else {
      middle = nil
    }
    place.cb(command)
    after = try place.breaker().breaker.map(Holding.init)
    try #require(before != after)
    image.restore(place)
  }

  /// What is wrong with the store after a command that was tampered with; empty if nothing is.
  ///
  /// - Parameter acknowledged: whether `cb` said that the command was done.
  func faults(acknowledged: Bool) -> [String] {
    var faults: [String] = []
    do {
      let (breaker, damage) = try place.breaker()
      let now = breaker.map(Holding.init)
      if let damage { faults.append("damaged: \(damage)") }
      if acknowledged, now != after { faults.append("acknowledged, but not there: \(String(describing: now))") }
      if now != before, now != after, middle == nil || now != middle {
        faults.append("neither before nor after: \(String(describing: now))")
      }
      let numbers = try place.fileStore().history(try BreakerName("x"), limit: 1000)?.map(\.sequence) ?? []
      if numbers != Array((numbers.first ?? 1)..<((numbers.first ?? 1) + numbers.count)) {
        faults.append("a gap in the history: \(numbers)")
      }
    } catch {
      faults.append("cannot be read: \(error)")
    }
    let next = place.cb("run", "x", "--", "true")
    if next.code != 0 && next.code != 75 { faults.append("the next run: exit \(next.code)") }
    let lines = next.errorText.split(separator: "\n")
    if let line = lines.first(where: { !$0.hasPrefix("cb: x: circuit ") && !$0.hasPrefix("cb: x: trial running") }) {
      faults.append("the next run says: \(line)")
    }
    if next.code == 0 || next.code == 75 {
      let left = place.entries().filter { $0.hasSuffix(".tmp") }
      if !left.isEmpty { faults.append("left behind: \(left)") }
    }
    return faults
  }
}
