import BreakerStore
import CTestSupport
import CircuitBreaker
import Glibc
import Testing

@testable import RedisStore

/// `cb` is killed before every system call on its connection to a Redis server, and each of those fails.
@Suite struct RedisFaultTests {
  /// A scenario on a server of its own, as it is before the command and as it has to be after it.
  private final class Stage {
    let place = Sandbox()
    let server: RedisServer
    let command: [String]
    let before: Holding?
    private(set) var after: Holding?
    private var middle: Holding?
    private static let keys = ["cb:{x}", "cb:{x}:h"]

    init(_ scenario: Scenario) throws {
      server = try RedisServer.onSocket()
      place.environment["CB_STORE"] = server.socketURL
      var token = ""
      for words in scenario.setUp {
        let ended = place.cb(words)
        try #require(ended.code == (words.last == "false" ? 1 : 0), "\(words): \(ended)")
        token = String(ended.outputText.prefix { $0 != "\n" })
      }
      command = scenario.command.map { $0 == "TOKEN" ? token : $0 }
      try Self.copy(server, from: "", to: "kept:")
      before = try Self.holding(server, place)
      if scenario.hasMiddle {
        place.cb("run", "x", "--", "sh", "-c", "kill -9 $PPID")
        middle = try holding()
        try restore()
      }
      place.cb(command)
      after = try holding()
      try #require(before != after)
      try restore()
    }

    func restore() throws {
      cts_remove_tree(place.store)
      try Self.copy(server, from: "kept:", to: "")
    }

    /// The keys to those with another prefix, in the place of what is there.
    private static func copy(_ server: RedisServer, from: String, to: String) throws {
      let script = """
        for _, key in ipairs(KEYS) do
          redis.call('DEL', ARGV[2] .. key)
          redis.call('COPY', ARGV[1] .. key, ARGV[2] .. key)
        end
        return 'OK'
        """
      let answer = server.cli(["EVAL", script, String(keys.count)] + keys + [from, to])
      guard answer == "OK\n" else { throw TestFailure("EVAL: \(answer)") }
    }

    private func holding() throws -> Holding? { try Self.holding(server, place) }

    private static func holding(_ server: RedisServer, _ place: Sandbox) throws -> Holding? {
      let store = try RedisStore(RedisLocation.parse(server.socketURL), outageDirectory: place.path, random: { 7 })
      return try store.read(try BreakerName("x")).breaker.map(Holding.init)
    }

    /// What is wrong after a command that was tampered with.
    func faults(acknowledged: Bool) throws -> [String] {
      try server.settle()
      let now = try holding()
      var faults: [String] = []
      if acknowledged, now != after { faults.append("acknowledged, but not there: \(String(describing: now))") }
      if now != before, now != after, middle == nil || now != middle {
        faults.append("neither before nor after: \(String(describing: now))")
      }
      // Redis is left alone for a while after a failure; not by another host.
      cts_remove_tree(place.store)
      let next = place.cb("run", "x", "--", "true")
      if next.code != 0 && next.code != 75 { faults.append("the next run: \(next)") }
      if next.errorText.contains("cannot ") { faults.append("the next run says: \(next.errorText)") }
      return faults
    }

    private static let calls = [
      "socket", "connect", "sendto", "sendmsg", "recvfrom", "recvmsg", "poll", "ppoll", "shutdown",
    ]

    /// The system calls on connections, each with its number among those of its name.
    func calls() -> [(call: String, number: Int)] {
      place.execute(
        [
          "/usr/bin/strace", "-o", place.path + "/trace", "-e", "trace=\(Self.calls.joined(separator: ","))",
          Programs.cb,
        ]
          + command)
      let text = fileText(place.path + "/trace") ?? ""
      var numbers: [String: Int] = [:]
      return text.split(separator: "\n").filter { $0.first?.isLetter == true && $0.contains("(") }.map { line in
        let call = String(line.prefix { $0 != "(" })
        numbers[call, default: 0] += 1
        return (call, numbers[call] ?? 0)
      }
    }

    func tampered(_ call: (call: String, number: Int), _ tampering: String) -> Finished {
      place.execute(
        ["/usr/bin/strace", "-o", place.path + "/trace", "-e", "inject=\(call.call):\(tampering):when=\(call.number)"]
          + [Programs.cb] + command)
    }
  }

  /// Those of a trip, a trial, changes by hand and a permit's result; in the long form all.
  private static let scenarios =
    Effort.isTorture ? Scenario.all.filter { $0.oldHistory == 0 } : [2, 3, 7, 10, 13].map { Scenario.all[$0] }

  @Test(arguments: scenarios)
  func `cb killed at any moment leaves the server's breaker as before or after, and the next run works`(
    scenario: Scenario
  ) throws {
    let stage = try Stage(scenario)
    var points = 0
    for call in stage.calls() {
      try stage.restore()
      let ended = stage.tampered(call, "signal=KILL")
      #expect(ended.wasKilled, "\(call): \(ended)")
      let saidSo = ended.errorText.contains("circuit opened") || !ended.outputText.isEmpty
      #expect(try stage.faults(acknowledged: saidSo) == [], "\(call)")
      points += 1
    }
    #expect(points >= 3)
    print("crash points on redis, \(scenario.name): \(points)")
  }

  private static let errors = [
    "socket": ["EACCES", "ENOBUFS", "ENFILE"], "connect": ["ECONNREFUSED", "EACCES", "ENOENT", "EAGAIN"],
    "sendto": ["EPIPE", "ECONNRESET", "EINTR", "ENOBUFS"], "sendmsg": ["EPIPE", "ECONNRESET", "EINTR"],
    "recvfrom": ["ECONNRESET", "EINTR", "ETIMEDOUT"], "recvmsg": ["ECONNRESET", "EINTR"], "poll": ["EINTR", "ENOMEM"],
    "ppoll": ["EINTR", "ENOMEM"], "shutdown": ["ENOTCONN"],
  ]

  @Test(arguments: scenarios)
  func `an error of any call on the connection is one clear line and the exit code of the contract`(
    scenario: Scenario
  ) throws {
    let stage = try Stage(scenario)
    var faults = 0
    var place = 0
    for call in stage.calls() {
      for error in Self.errors[call.call] ?? [] {
        place += 1
        guard Effort.visitsAll || place % 3 == 0 else { continue }
        try stage.restore()
        let ended = stage.tampered(call, "error=\(error)")
        #expect(try Self.complaints(ended, stage) == [], "\(call) \(error): \(ended)")
        faults += 1
      }
    }
    #expect(faults >= 3)
    print("errors injected on redis, \(scenario.name): \(faults)")
  }

  @Test func `a request that is not sent, and said to be, is found out`() throws {
    let stage = try Stage(Scenario.all[7])
    // As if cb had not waited for the answer.
    let silent = Finished(code: 0, output: "x: closed -> open\n", error: "")
    #expect(try Self.complaints(silent, stage) != [])
    try stage.restore()
    #expect(try stage.faults(acknowledged: false) == [])
    // A breaker that is neither.
    try stage.restore()
    stage.place.cb("run", "x", "--", "false")
    #expect(try stage.faults(acknowledged: false) != [])
  }

  private static func complaints(_ ended: Finished, _ stage: Stage) throws -> [String] {
    var complaints: [String] = []
    let lines = ended.errorText.split(separator: "\n").map(String.init)
    let failed = lines.filter { $0.contains(": cannot ") || $0.hasPrefix("cb: cannot ") }
    // A permit, too, is of the stand-in when Redis cannot be asked.
    let isRun = ["run", "permit"].contains(stage.command[0])
    let own: Int32 = stage.command.last == "false" ? 1 : 0
    if isRun ? ended.code != own && ended.code != 75 : ended.code != (failed.isEmpty ? 0 : 1) {
      complaints.append("exit \(ended.code)")
    }
    if failed.count > 1 { complaints.append("\(failed.count) lines") }
    if lines.contains(where: { !$0.hasPrefix("cb: ") }) { complaints.append("a line that is not cb's") }
    return try complaints + stage.faults(acknowledged: failed.isEmpty && ended.code != 75)
  }
}
