import CircuitBreaker
import Glibc
import Settings
import Testing

@testable import BreakerStore
@testable import FileStore
@testable import JSON
@testable import RedisStore
@testable import System
@testable import cb

/// Hostile input to everything that reads: never a crash, and what is accepted means something.
@Suite struct FuzzTests {
  private static var rounds: Int { 1500 * Effort.factor }

  /// Inputs that were once read wrongly, or that come near to it.
  private static let found: [[UInt8]] = [
    [], [0], [0xFF, 0xFE], Array("{}".utf8), Array("[[[[".utf8), Array("{\"cb\":1e999}".utf8),
    Array("{\"cb\":9223372036854775808}".utf8), Array("\"\\ud800\"".utf8), Array("-".utf8),
    [UInt8](repeating: UInt8(ascii: "["), count: 100_000),
  ]

  /// A breaker with everything in it.
  private static func document() throws -> [UInt8] {
    var breaker = Breaker(id: .max)
    var policy = Policy()
    policy.failMax = 2
    policy.window = .runs(20)
    policy.maxConcurrent = 5
    policy.slowAfter = .seconds(1)
    var now = Timestamp(milliseconds: 1_700_000_000_000)
    for number in 0..<40 {
      now = now + .seconds(1)
      let token = Token(UInt64(number), 5)
      let holder = Holder(realm: "b:4026531836", pid: 77, startTime: 99)
      let request = AdmissionRequest(
        token: token, policy: policy, kind: number % 3 == 0 ? .permit : .run, holder: holder)
      guard case .admitted(let permit) = breaker.apply(.admit(request), at: now).effect, number % 4 != 0 else {
        continue
      }
      let verdict = Verdict(number % 2 == 0 ? .failure : .success, reason: "exit \(number) \u{1b}[31m")
      _ = breaker.apply(.record(RunReport(permit: permit, verdict: verdict, policy: policy, draw: 0.5)), at: now)
    }
    let change = SettingsChange(
      entries: [.init(key: "exclude", values: ["3", "SIGINT"])], policy: policy, appliesToOpenCircuit: false,
      action: ManualAction(by: "é"))
    _ = breaker.apply(.configure(change), at: now)
    _ = breaker.apply(.open(.lasting(.seconds(60)), ManualAction(by: "é", reason: "r\n")), at: now)
    let anchor = ClockAnchor(bootID: "b", bootMilliseconds: 5, time: now)
    return DocumentFile(breaker: breaker, anchor: anchor).bytes(name: try BreakerName("x"))
  }

  /// Changes, cuts, doubles and swaps bytes; puts in numbers and signs that readers stumble over.
  private static func mutate(_ bytes: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
    var bytes = bytes
    let spice = [
      "-1", "9223372036854775807", "-9223372036854775808", "1e308", "null", "\"\"", "{", "[", "]", "}", ",", ":",
      "\\u0000",
      "\u{0}", "0", "99999999999999999999", "\"9999-12-31T23:59:59.999Z\"", "\"-0001-01-01T00:00:00Z\"", "NaN", "/*",
      "'",
    ]
    for _ in 0...random.below(4) {
      let place = random.below(bytes.count + 1)
      switch random.below(7) {
      case 0 where place < bytes.count: bytes[place] = UInt8(truncatingIfNeeded: random.next())
      case 1: bytes.removeSubrange(place..<min(bytes.count, place + random.below(20)))
      case 2: bytes.insert(contentsOf: Array(random.pick(spice).utf8), at: place)
      case 3:
        let end = min(bytes.count, place + random.below(40))
        bytes.insert(contentsOf: Array(bytes[place..<end]), at: random.below(bytes.count + 1))
      case 4: bytes.removeLast(random.below(min(bytes.count, 200) + 1))
      default:
        // A number becomes another.
        if let digit = bytes[place...].firstIndex(where: { (48...57).contains($0) }) {
          var end = digit
          while end < bytes.count, (48...57).contains(bytes[end]) { end += 1 }
          bytes.replaceSubrange(digit..<end, with: Array(random.pick(spice).utf8))
        }
      }
    }
    return bytes
  }

  /// Feeds `read` mutations of the seeds. It says what is wrong with what it was given.
  private static func fuzz(
    _ name: String, _ seeds: [[UInt8]], _ read: ([UInt8]) throws -> String?
  ) rethrows -> [String] {
    var random = SeededRandom(seed: Effort.seed)
    var faults: [String] = []
    for round in 0..<rounds {
      let input = round < found.count ? found[round] : mutate(random.pick(seeds), &random)
      if let fault = try read(input) {
        faults.append("\(fault): \(String(decoding: input.prefix(300), as: UTF8.self))")
      }
    }
    print("inputs to \(name): \(rounds)")
    return faults
  }

  @Test func `a mutated document is refused with a reason or is a breaker that works`() throws {
    let name = try BreakerName("x")
    let faults = Self.fuzz("the document reader", [try Self.document()]) { input in
      do throws(FormatFault) {
        return Self.trouble(of: try DocumentFile.parse(input, name: name), name)
      } catch {
        switch error {
        case .damaged(let reason): return reason.isEmpty ? "no reason" : nil
        case .newer(let what): return what.isEmpty ? "newer by nothing" : nil
        }
      }
    }
    #expect(faults == [])
  }

  /// Whatever is accepted can be written again and used.
  private static func trouble(of file: DocumentFile, _ name: BreakerName) -> String? {
    let bytes = file.bytes(name: name)
    guard let again = try? DocumentFile.parse(bytes, name: name) else { return "it cannot be read again" }
    if again.bytes(name: name) != bytes { return "it is another when it is read again" }
    for now in [Timestamp(milliseconds: .min), file.anchor.time, Timestamp(milliseconds: 1 << 52)] {
      var breaker = file.breaker
      let policy = breaker.lastPolicy ?? Policy()
      _ = breaker.retryAfter(policy, at: now)
      breaker.shift(by: now - file.anchor.time)
      let request = AdmissionRequest(token: Token(1, 1), policy: policy)
      if case .admitted(let permit) = breaker.apply(.admit(request), at: now).effect {
        let verdict = Verdict(.failure, reason: "exit 1")
        _ = breaker.apply(.record(RunReport(permit: permit, verdict: verdict, policy: policy, draw: 0.9)), at: now)
      }
      _ = breaker.apply(.open(.usual(policy), ManualAction(by: "a")), at: now)
      _ = DocumentFile(breaker: breaker, anchor: file.anchor).bytes(name: name)
    }
    return nil
  }

  @Test func `a mutated configuration is refused with its place or means something`() throws {
    let seed = """
      // Example
      {store: "file:/x", defaults: {"fail-max": 3, 'reset-timeout': '5m', exclude: [3, "SIGINT"], jitter: 10.5e0},
      breakers: {"db-*": {"reset-timeout": "5m", "window": "1h",}, 'a[b': {"on-event": ["any=true"]}}}
      """
    let faults = Self.fuzz("the configuration", [Array(seed.utf8)]) { input in
      do {
        let configuration = try Configuration(file: "f", text: input)
        _ = configuration.levels(for: try BreakerName("db-x"))
        return nil
      } catch let failure as CommandFailure {
        return failure.exitCode == 64 && failure.message.contains("line ") ? nil : "no place: \(failure.message)"
      } catch {
        return nil
      }
    }
    #expect(faults == [])
  }

  @Test func `mutated texts of settings, names and stores are refused or mean something`() throws {
    let seeds = [
      "1h30m", "250ms", "90s", "1.5", "2d", "50%", "3,64-78,SIGINT,timeout", "db-backup", "é%2F", "file:/x",
      "redis://u:p@h:6379/3?prefix=a:&timeout=5s", "rediss://h?cacert=/x&insecure=1", "redis+unix:///p?db=0",
      "redis-sentinel://h1:26379,[::1]:5/m/2",
    ].map { Array($0.utf8) }
    let faults = Self.fuzz("texts", seeds) { input in
      let text = String(decoding: input, as: UTF8.self)
      if let span = DurationText.parse(text) {
        if span < .zero { return "a duration below nothing" }
        if let again = DurationText.parse(DurationText.format(span)), again < .zero { return "not the same again" }
      }
      if let rate = NumberText.rate(text), !(0...1).contains(rate) { return "a rate of \(rate)" }
      _ = OutcomeSet(text)
      if let name = try? BreakerName(text) {
        let document = DocumentName(name)
        if DocumentName(base: document.base)?.name != name { return "a file that is not the name's" }
        if document.base.count > 255 - 20 || document.base.contains(UInt8(ascii: "/")) { return "no file name" }
        let key = BreakerKey(name, prefix: Array("cb:".utf8)).bytes
        if BreakerKey.name(of: key, prefix: Array("cb:".utf8)) != name { return "a key that is not the name's" }
      }
      for key in SettingKey.allCases {
        var settings = Settings()
        try? settings.apply(key, text)
        _ = settings.policyForFuzzing
      }
      do {
        _ = try RedisLocation.parse(text)
      } catch {
        // Where the mutation has put the password into other parts as well, it is no password there.
        if text.split(separator: ":p@h").count == 2, "\(error)".contains(":p@h") { return "a password in a message" }
      }
      return nil
    }
    #expect(faults == [])
  }

  @Test func `a password in a parameter that is none is not shown`() throws {
    for url in [
      "redis://u:p@redis://u:hunter2@h:6379/3", "redis://u:p@s://u:hunter2@h:63h", "redis://h?password=hunter2",
      "redis://h?x=y&u:hunter2@h", "redis://h?hunter2%zz", "redis://h?PASS=hunter2",
    ] {
      let message: String
      do {
        _ = try RedisLocation.parse(url)
        message = ""
      } catch {
        message = error.description
      }
      #expect(!message.isEmpty && !message.contains("hunter2"), "\(url): \(message)")
    }
  }

  @Test func `mutated lines of history are passed over or are entries in order`() throws {
    var breaker = Breaker(id: 1)
    for _ in 0..<20 {
      _ = breaker.apply(.open(.held, ManualAction(by: "a", reason: "é\u{7}")), at: Timestamp(milliseconds: 5))
    }
    let lines = breaker.history.flatMap(BreakerDocument.historyLine)
    let faults = Self.fuzz("history lines", [lines]) { input in
      let entries = HistoryFile.entries(input, before: 30, limit: 10)
      if entries.count > 10 { return "more than asked for" }
      return zip(entries, entries.dropFirst()).allSatisfy { $0.sequence < $1.sequence } ? nil : "out of order"
    }
    #expect(faults == [])
  }

  @Test func `mutated replies of a server are refused or events`() throws {
    var object = EventDocument.encode(.open(.usual(Policy()), ManualAction(by: "a")))
    object.append("id", .string("5"))
    let text =
      "1700000000000 " + String(decoding: JSONValue.object(object).bytes(.compact), as: UTF8.self)
    let seeds = ["ok", "1700000000000", "0", "3", "", "", "0", text, text, text].map { Array($0.utf8) }
    var random = SeededRandom(seed: Effort.seed)
    for _ in 0..<Self.rounds {
      var parts = seeds.map(RedisReply.bulk)
      for _ in 0...random.below(3) {
        let place = random.below(parts.count)
        switch random.below(6) {
        case 0: parts[place] = random.pick([.null, .integer(.min), .array([]), .error([33]), .status([])])
        case 1: parts.remove(at: place)
        case 2: parts.insert(parts[place], at: random.below(parts.count))
        default: parts[place] = .bulk(Self.mutate(parts[place].bytes ?? [], &random))
        }
        if parts.isEmpty { break }
      }
      guard let reply = try? LogReply(.array(parts)) else { continue }
      #expect(reply.base >= 0 && reply.next >= reply.base)
      var log = EventLog()
      let name = try BreakerName("x")
      if let value = try? JSONValue.parse(reply.snapshot),
        let taken = try? EventLog(snapshot: value, id: reply.snapshotID, base: reply.base, name: name)
      {
        log = taken
      }
      for (time, value) in reply.events {
        guard let (event, id) = try? EventDocument.decode(value) else { break }
        _ = log.fold(event, id: id, at: time)
      }
    }
    print("inputs to the Redis reply reader: \(Self.rounds)")
  }

  @Test func `a reader that takes what it should not is found out`() {
    // Takes half a document for a whole one.
    let faults = Self.fuzz("a faulty reader", [Array("{\"fail_max\": 3}".utf8)]) { input in
      input.first == UInt8(ascii: "{") && input.last != UInt8(ascii: "}") ? "half a document" : nil
    }
    #expect(faults.count > 10)
  }
}

extension Settings {
  /// All that a run would decide on.
  fileprivate var policyForFuzzing: Policy { policy() }
}
