import BreakerStore
import CircuitBreaker
import Glibc
import JSON
import StoreConformance
import Testing

@testable import FileStore
@testable import RedisStore

/// `Tests/Fixtures/formats/VERSION/` holds what that version wrote of each scenario (`NAME.log` events, `NAME.snapshot`,
/// `NAME.json` a document, `NAME.history` older entries, `outage`), and `NAME.facts`, what it gives. Every later version
/// has to read it so.
///
/// `CB_WRITE_FORMATS=VERSION swift test --filter FormatFixtureTests` writes the folder of a release.
@Suite struct FormatFixtureTests {
  static let current = "0.1"
  static let names = ["closed", "failing", "tripped", "held", "half-open", "leases", "window", "everything", "much"]

  private static let root: String = {
    "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Fixtures/formats"
  }()
  private static let start = Timestamp(milliseconds: 1_700_000_000_000)

  private static func versions() -> [String] {
    guard let stream = opendir(root) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  // MARK: Scenarios

  private static func failure(_ policy: Policy, _ number: UInt64) -> Event {
    let permit = Permit(token: Token(number, 7), breaker: 1, generation: 1, role: .ordinary, hasLease: false)
    return .record(
      RunReport(
        permit: permit, verdict: Verdict(.failure, reason: "exit 1", duration: .seconds(1)), policy: policy, draw: 0.25,
        caller: Caller(host: "web-1", pid: 42, user: "root")))
  }

  private static func events(_ name: String) -> [Event] {
    var policy = Policy()
    policy.jitter = 0.5
    let action = ManualAction(by: "ann@web-1", reason: "upgrade", caller: Caller(host: "web-1", pid: 7, user: "ann"))
    let request = AdmissionRequest(
      token: Token(1, 1), policy: policy, holder: Holder(realm: "b:1", pid: 42, startTime: 99),
      caller: Caller(host: "web-1", pid: 42, user: "root"))
    switch name {
    case "closed": return [.close(.lasting(.seconds(60)), action), .close(.usual, ManualAction(by: "ann"))]
    case "failing": return [.admit(request)] + (1...3).map { failure(policy, $0) }
    case "tripped": return [.admit(request)] + (1...5).map { failure(policy, $0) } + [.admit(request)]
    case "held": return [.open(.held, action)]
    case "half-open": return [.halfOpen(action), .admit(request)]
    case "leases":
      policy.maxConcurrent = 4
      return [
        .admit(AdmissionRequest(token: Token(2, 2), policy: policy, kind: .permit, term: .seconds(3600))),
        .admit(AdmissionRequest(token: Token(3, 3), policy: policy, mode: .force(by: "ann"))),
        .renew(Token(3, 3), term: .seconds(20)), .lose([Token(2, 2)]),
      ]
    case "window":
      policy.window = .time(.seconds(3600))
      policy.slowAfter = Span(milliseconds: 500)
      return [.admit(request)] + (1...9).map { failure(policy, $0) }
    default:
      var random = RandomEvents(seed: 17)
      var breaker = Breaker(id: 1)
      return (0..<(name == "much" ? 400 : 80)).map { round in
        let event = random.next()
        let step = breaker.apply(event, at: start + Span(milliseconds: Int64(round) * 1000))
        if case .admitted(let permit) = step.effect { random.permits.append(permit) }
        return event
      }
    }
  }

  // MARK: What this version writes

  private struct Written: Equatable {
    var log: String
    var snapshot: String
    var document: String
    var history: String
    var facts: String
  }

  private static func write(_ name: String) throws -> Written {
    let breakerName = try BreakerName(name)
    var log = EventLog()
    var lines = ""
    for (index, event) in events(name).enumerated() {
      let time = start + Span(milliseconds: Int64(index) * 1000)
      var object = EventDocument.encode(event)
      let id = String(index + 1, radix: 16)
      object.append("id", .string(id))
      lines +=
        "\(time.milliseconds) " + String(decoding: JSONValue.object(object).bytes(.compact), as: UTF8.self) + "\n"
      _ = log.take(event, id: id, at: time)
    }
    let facts = facts(log.breaker)
    let spilled = log.spill(keeping: 16, atMost: LogScripts.historyAtMost).lines
    let snapshot = try #require(log.snapshot(name: breakerName))
    let anchor = ClockAnchor(bootID: "b", bootMilliseconds: 5, time: try #require(log.time))
    let document = DocumentFile(breaker: try #require(log.breaker), anchor: anchor).bytes(name: breakerName)
    return Written(
      log: lines, snapshot: String(decoding: snapshot, as: UTF8.self),
      document: String(decoding: document, as: UTF8.self),
      history: spilled.map { String(decoding: $0, as: UTF8.self) + "\n" }.joined(), facts: facts)
  }

  /// What a breaker is, in words that do not depend on how it is written.
  private static func facts(_ breaker: Breaker?) -> String {
    guard let breaker else { return "none\n" }
    var lines = ["id \(breaker.id)", "generation \(breaker.generation)", "state \(breaker.state.rawValue)"]
    if case .open(let open) = breaker.phase {
      lines.append(
        "open since \(open.since.milliseconds) until \(open.retryAt.map(\.milliseconds) ?? -1) trips \(open.trips)")
      lines.append("spread \(open.spread ?? -1) hinted \(open.hintedUntil.map(\.milliseconds) ?? -1)")
    }
    if case .halfOpen(let successes) = breaker.phase { lines.append("successes \(successes)") }
    if let hold = breaker.hold {
      lines.append("held \(hold.state.rawValue) until \(hold.until.map(\.milliseconds) ?? -1) by \(hold.by)")
    }
    lines.append("failures \(breaker.failCounter), last \(breaker.lastFailure?.reason ?? "none")")
    lines.append("streak \(breaker.streak.count) since \(breaker.streak.healthySince.map(\.milliseconds) ?? -1)")
    lines.append("window \(breaker.window.runs.count) \(breaker.window.slices.map(\.tally.failures))")
    for field in breaker.totals.fields where field.count > 0 { lines.append("\(field.key) \(field.count)") }
    for lease in breaker.leases {
      lines.append(
        "lease \(lease.token.text) \(lease.kind.rawValue) \(lease.role.rawValue) \(lease.expires.milliseconds)")
    }
    for key in breaker.settings.keys { lines.append("\(key) = \(breaker.settings[key])") }
    lines.append("recent \(breaker.recent.map(\.rawValue).joined(separator: " "))")
    lines.append("history \(breaker.firstSequence) to \(breaker.nextSequence - 1)")
    return lines.joined(separator: "\n") + "\n"
  }

  private static var extensions: [(String, KeyPath<Written, String>)] {
    [
      ("log", \.log), ("snapshot", \.snapshot), ("json", \.document), ("history", \.history), ("facts", \.facts),
    ]
  }

  @Test(arguments: names) func `This version writes what the fixtures of its format hold, to the byte`(name: String)
    throws
  {
    let written = try Self.write(name)
    if let version = getenv("CB_WRITE_FORMATS").map({ String(cString: $0) }) {
      let folder = "\(Self.root)/\(version)"
      mkdir(folder, 0o755)
      for (suffix, path) in Self.extensions { try Self.put(written[keyPath: path], "\(folder)/\(name).\(suffix)") }
      try Self.put("boot-id 1000 6000\n", "\(folder)/outage")
    }
    for (suffix, path) in Self.extensions {
      #expect(
        try Self.text("\(Self.root)/\(Self.current)/\(name).\(suffix)") == written[keyPath: path], "\(name).\(suffix)")
    }
  }

  // MARK: What every version reads

  @Test func `What any released version wrote gives the same breaker`() throws {
    let versions = Self.versions()
    #expect(versions.contains(Self.current))
    for version in versions {
      for name in Self.names {
        let place = "\(Self.root)/\(version)/\(name)"
        let facts = try Self.text(place + ".facts")
        let breakerName = try BreakerName(name)
        var log = EventLog()
        for line in try Self.text(place + ".log").split(separator: "\n") {
          let parts = line.split(separator: " ", maxSplits: 1)
          let (event, id) = try EventDocument.decode(JSONValue.parse(Array(parts[1].utf8)))
          _ = log.take(event, id: id, at: Timestamp(milliseconds: try #require(Int64(parts[0]))))
        }
        #expect(Self.facts(log.breaker) == facts, "\(place).log")
        let snapshot = try EventLog(
          snapshot: JSONValue.parse(Array(try Self.text(place + ".snapshot").utf8)), id: "1", base: 1, name: breakerName
        )
        #expect(Self.facts(snapshot.breaker) == facts, "\(place).snapshot")
        let document = try DocumentFile.parse(Array(Self.text(place + ".json").utf8), name: breakerName)
        #expect(Self.facts(document.breaker) == facts, "\(place).json")
        let next = document.breaker.history.first?.sequence ?? document.breaker.nextSequence
        let older = HistoryFile.entries(Array(try Self.text(place + ".history").utf8), before: next, limit: 1000)
        let all = older + document.breaker.history
        #expect(all == (log.breaker?.history ?? []), "\(place).history")
      }
    }
  }

  private static func text(_ path: String) throws -> String {
    let file = try #require(fopen(path, "r"), "\(path)")
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func put(_ text: String, _ path: String) throws {
    let file = try #require(fopen(path, "w"), "\(path)")
    defer { fclose(file) }
    let bytes = Array(text.utf8)
    fwrite(bytes, 1, bytes.count, file)
  }
}
