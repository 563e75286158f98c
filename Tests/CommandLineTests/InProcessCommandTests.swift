import ArgumentParser
import BreakerStore
import CircuitBreaker
import StoreConformance
import System
import Testing

@testable import CommandProcess
@testable import cb

/// Commands that print or change one breaker, in this process against a store in memory: what they say and do, and that
/// they touch nothing else.
@Suite("commands in process")
struct InProcessCommandTests {
  /// A world in which a program that is started, or a variable that is not expected, is a failed test.
  private final class Outside: Surroundings, @unchecked Sendable {
    let store = CountingStore()
    var variables: [String: String] = [:]
    var written: [StandardStream: [UInt8]] = [:]
    private var bits: UInt64 = 0

    func variable(_ name: String) -> String? { variables[name] }
    func variableNames(prefix: StaticString) -> [String] {
      variables.keys.filter { $0.hasPrefix("\(prefix)") }.sorted()
    }
    var user: UInt32 { 1000 }
    var caller: Caller { Caller(host: "web-1", pid: 7, user: "ann") }
    var workingDirectory: String? { "/" }
    func random() -> UInt64 {
      bits += 1
      return bits
    }
    func write(_ bytes: [UInt8], to stream: StandardStream) -> Bool {
      written[stream, default: []] += bytes
      return true
    }
    func launch(_ request: LaunchRequest, inherited: InheritedState) -> CommandEnd {
      Issue.record("a command was started")
      return CommandEnd(how: .exited(0))
    }
    func store(at location: StoreLocation) -> OpenStore? { OpenStore(store, label: "memory") }

    func text(_ stream: StandardStream) -> String { String(decoding: written[stream] ?? [], as: UTF8.self) }
  }

  /// Counts how often a breaker was looked at, and how often all were listed.
  private final class CountingStore: BreakerStorage {
    private let memory = MemoryStore()
    var looks = 0
    var lists = 0

    func read(_ name: BreakerName, _ look: Look) throws(StoreError) -> Reading {
      looks += 1
      return try memory.read(name, look)
    }
    func readAll(_ body: (BreakerName, Result<Reading, StoreError>) -> Void) throws(StoreError) {
      for name in try names() { body(name, .success(try read(name))) }
    }
    func names() throws(StoreError) -> [BreakerName] {
      lists += 1
      return try memory.names()
    }
    func history(_ name: BreakerName, limit: Int) throws(StoreError) -> [HistoryEntry]? {
      looks += 1
      return try memory.history(name, limit: limit)
    }
    func apply(_ event: Event, to name: BreakerName) throws(StoreError) -> Applied {
      try memory.apply(event, to: name)
    }
    func remove(_ name: BreakerName) throws(StoreError) -> Bool { try memory.remove(name) }
  }

  private let outside = Outside()

  private struct Answer: Equatable {
    var exit: Int32
    var output = ""
    var errors = ""
  }

  /// Runs `cb WORDS` as main does, on the fast path if there is one, but for the end of the process.
  private func cb(_ words: String...) throws -> Answer {
    outside.written = [:]
    let world = World(
      inherited: InheritedState(mask: .mask, ignoresChildren: false), words: words, outside: outside)
    var exit: Int32
    do {
      if let plain = PlainCommand(words) {
        exit = try plain.execute(world)
      } else {
        let command = try CB.parseAsRoot(words)
        exit = try #require(command as? any CBCommand).execute(world)
      }
    } catch let failure as CommandFailure {
      world.say(failure.message)
      exit = failure.exitCode
    }
    return Answer(exit: exit, output: outside.text(.output), errors: outside.text(.errors))
  }

  @Test func `what is opened rejects until it is closed, and reset and remove do as they say`() throws {
    #expect(try cb("check", "db") == Answer(exit: 0))
    #expect(try cb("open", "db") == Answer(exit: 0, output: "db: new, now open\n"))
    #expect(try cb("check", "db") == Answer(exit: 75))
    #expect(try cb("get", "db", "state") == Answer(exit: 0, output: "open\n"))
    #expect(try cb("half-open", "db") == Answer(exit: 0, output: "db: open -> half-open\n"))
    #expect(try cb("close", "db") == Answer(exit: 0, output: "db: half-open -> closed\n"))
    #expect(try cb("check", "db") == Answer(exit: 0))
    _ = try cb("open", "db", "--hold")
    #expect(try cb("reset", "db") == Answer(exit: 0, output: "db: reset, open -> closed\n"))
    #expect(try cb("list") == Answer(exit: 0, output: "db\n"))
    #expect(try cb("remove", "db") == Answer(exit: 0, output: "db: removed\n"))
    #expect(try cb("list").output == "")
  }

  @Test func `what is set is what get says, from the level that has it`() throws {
    #expect(try cb("set", "db", "fail-max=2").exit == 0)
    #expect(try cb("get", "db", "fail-max").output == "2\n")
    outside.variables["CB_FAIL_MAX"] = "3"
    #expect(try cb("get", "db", "fail-max").output == "3\n")
    let bad = try cb("set", "db", "fail-max=0")
    #expect(bad.exit == 64 && bad.errors.hasPrefix("cb: "))
    #expect(bad.errors.contains("fail-max: '0' is not valid: it must be"))
  }

  @Test(
    "a breaker that is not there is named, with one that may be meant", arguments: ["get", "reset", "remove", "status"])
  func missing(_ command: String) throws {
    _ = try cb("open", "shop")
    let answer =
      command == "get" ? try cb("get", "shpo", "state") : try cb(command, "shpo")
    #expect(answer == Answer(exit: 1, errors: "cb: shpo: no such breaker; did you mean 'shop'?\n"))
  }

  @Test func `a breaker that is made gets a word where another may be meant, and the names are listed once`() throws {
    _ = try cb("open", "shop", "host-1")
    outside.store.lists = 0
    let made = try cb("open", "shpo", "host-2", "host-12", "sohp")
    #expect(made.output == "shpo: new, now open\nhost-2: new, now open\nhost-12: new, now open\nsohp: new, now open\n")
    #expect(
      made.errors == "cb: shpo is new; did you mean 'shop'?\ncb: sohp is new; did you mean 'shop'?\n", "\(made.errors)")
    #expect(outside.store.lists == 1)
  }

  @Test(
    "a command of one breaker looks at it once",
    arguments: [["status", "db"], ["get", "db", "state"], ["check", "db"]])
  func oneLook(_ words: [String]) throws {
    _ = try cb("open", "db")
    outside.store.looks = 0
    switch words.count {
    case 2: _ = try cb(words[0], words[1])
    default: _ = try cb(words[0], words[1], words[2])
    }
    #expect(outside.store.looks == 1)
  }

  @Test func `a permit is reported once`() throws {
    let token = try cb("permit", "db").output.dropLast()
    #expect(token.utf8.count == 32)
    #expect(try cb("report", "db", String(token), "failure") == Answer(exit: 0))
    #expect(try cb("get", "db", "fail-counter").output == "1\n")
    #expect(try cb("report", "db", String(token), "failure").exit == 1)
    #expect(try cb("get", "db", "fail-counter").output == "1\n")
  }

  @Test func `the history says who acted, from where`() throws {
    _ = try cb("open", "db", "--reason", "maintenance")
    let line = try cb("history", "db").output
    #expect(line.contains("ann@web-1"))
    #expect(line.contains("maintenance"))
  }

  @Test func `bypassed, nothing is asked`() throws {
    _ = try cb("open", "db")
    outside.variables["CB_BYPASS"] = "1"
    outside.store.looks = 0
    #expect(try cb("check", "db").exit == 0)
    #expect(try cb("permit", "db").output == "\n")
    #expect(outside.store.looks == 0)
  }
}
