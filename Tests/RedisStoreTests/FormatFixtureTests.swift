import BreakerStore
import CircuitBreaker
import JSON
import StoreConformance
import Testing

@testable import FileStore
@testable import RedisStore

/// `Tests/Fixtures/formats/VERSION/` holds what that version wrote of each scenario (`NAME.log` events, `NAME.snapshot`,
/// `NAME.json` a document, `NAME.history` older entries), and `NAME.facts`, what it gives. Every later version
/// has to read it so.
///
/// `CB_WRITE_FORMATS=VERSION swift test --filter 'FormatFixtureTests|OutageFormatTests'` writes the folder of a release.
@Suite struct FormatFixtureTests {
  static let names = ["closed", "failing", "tripped", "held", "half-open", "leases", "window", "everything", "much"]

  private static let start = Timestamp(milliseconds: 1_700_000_000_000)

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
      _ = log.fold(event, id: id, at: time)
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
    for (suffix, path) in Self.extensions {
      try FormatFixtures.compare(written[keyPath: path], with: "\(name).\(suffix)")
    }
  }

  // MARK: What every version reads

  @Test func `What any released version wrote gives the same breaker`() throws {
    for version in FormatFixtures.versions {
      for name in Self.names {
        let place = "\(version)/\(name)"
        let facts = try FormatFixtures.text(place + ".facts")
        let breakerName = try BreakerName(name)
        var log = EventLog()
        for line in try FormatFixtures.text(place + ".log").split(separator: "\n") {
          let parts = line.split(separator: " ", maxSplits: 1)
          let (event, id) = try EventDocument.decode(JSONValue.parse(Array(parts[1].utf8)))
          _ = log.fold(event, id: id, at: Timestamp(milliseconds: try #require(Int64(parts[0]))))
        }
        #expect(Self.facts(log.breaker) == facts, "\(place).log")
        let snapshot = try EventLog(
          snapshot: JSONValue.parse(Array(try FormatFixtures.text(place + ".snapshot").utf8)), id: "1", base: 1,
          name: breakerName
        )
        #expect(Self.facts(snapshot.breaker) == facts, "\(place).snapshot")
        let document = try DocumentFile.parse(Array(FormatFixtures.text(place + ".json").utf8), name: breakerName)
        #expect(Self.facts(document.breaker) == facts, "\(place).json")
        let next = document.breaker.history.first?.sequence ?? document.breaker.nextSequence
        let older = HistoryFile.entries(
          Array(try FormatFixtures.text(place + ".history").utf8), before: next, limit: 1000)
        let all = older + document.breaker.history
        #expect(all == (log.breaker?.history ?? []), "\(place).history")
      }
    }
  }
}
