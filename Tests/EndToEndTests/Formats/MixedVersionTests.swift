import BreakerStore
import JSON
import Testing

/// Programs of several versions on one store (docs/CONTRACT.md, "Stores"; docs/FORMATS.md), by the built program alone.
/// What a later version would write is put there as an operator would: by redis-cli, or by an editor of the document.
@Suite("Versions on one store") struct MixedVersionTests {
  /// What this version does not know and could decide, and the word by which its message has to name it.
  enum News: String, CaseIterable {
    case event = "the event \"zap\""
    case memberOfAnEvent = "the member \"zap\" of an event 'reset'"
    case outcome = "maybe"
    case policy = "\"zz\""
    case rules = "rules"
    case need = "drains"
    case state = "ajar"
    case role = "guest"
    case version = "format 2"

    /// A document has no events, and only what is in it can be of another version.
    var isOfEventsAlone: Bool { [.event, .memberOfAnEvent, .outcome].contains(self) }
  }

  struct Case: CustomTestStringConvertible, Sendable {
    var store: StoreUnderTest
    var news: News

    var testDescription: String { "\(store.testDescription), \(news)" }

    static let all = StoreUnderTest.all.flatMap { store in
      News.allCases.filter { !store.isFile || !$0.isOfEventsAlone }.map { Case(store: store, news: $0) }
    }
  }

  // MARK: Unknown and able to decide

  private static let byHand = [
    ["status", "x"], ["get", "x", "state"], ["history", "x"], ["open", "x"], ["close", "x"], ["half-open", "x"],
    ["reset", "x"], ["set", "x", "fail-max=3"], ["remove", "x"],
  ]

  @Test("what is unknown and could decide stops this version for this breaker alone, and stays", arguments: Case.all)
  func newer(_ row: Case) throws {
    let stored = try Stored(row.store)
    let scene = stored.scene
    try stored.put(row.news)
    let before = stored.bytes
    func expectClear(_ result: Finished, _ what: String) {
      #expect(result.isOneMessage, "\(what): \(result.errorText)")
      for words in [row.news.rawValue, "which this version of cb does not know", "update cb on this host"] {
        #expect(result.errorText.contains(words), "\(what): \(result.errorText)")
      }
      #expect(stored.bytes == before, "\(what) has written")
    }
    for words in Self.byHand {
      let result = scene.cb(words)
      #expect(result.status == .exited(1) && result.output == [], "\(words): \(result)")
      expectClear(result, "\(words)")
    }
    // What would run says so, whatever stands in.
    let asked = scene.cb("check", "x")
    #expect(asked.status == .exited(0))
    expectClear(asked, "check")
    for (decision, status, output) in [
      ("local", 7, "ran\n"), ("run", 7, "ran\n"), ("reject", 125, ""),
    ] as [(String, Int32, String)] {
      for _ in 1...3 {
        let result = scene.run("--on-store-error", decision, sh: "echo ran; exit 7")
        #expect(result.status == .exited(status) && result.outputText == output, "\(decision): \(result)")
        // On each run, not once.
        expectClear(result, decision)
      }
    }
    let quiet = scene.run("--quiet", sh: "exit 7")
    #expect(quiet.status == .exited(7) && quiet.error == [])
    #expect(stored.bytes == before)
    // Another breaker of the same store is served as ever.
    for count in 1...3 {
      #expect(scene.run(name: "y", exit: 1).error == [])
      #expect(scene.counter("y") == "\(count)")
    }
  }

  @Test("a run that was under way when the news came changes nothing, and says so", arguments: StoreUnderTest.all)
  func underWay(_ store: StoreUnderTest) throws {
    let stored = try Stored(store)
    let run = stored.scene.runInFlight()
    try stored.put(store.isFile ? .need : .event)
    let (before, events) = (stored.bytes, store.isFile ? [] : stored.events)
    let result = run.end(7)
    #expect(result.status == .exited(7))
    #expect(result.isOneMessage && result.errorText.contains("update cb on this host"), "\(result.errorText)")
    // In Redis its result is one more event of the log, for those who understand what stands before it.
    #expect(store.isFile ? stored.bytes == before : stored.events.dropLast() == events[...])
    #expect(store.isFile || stored.events.last?["e"]?.string == "record")
  }

  // MARK: Nothing is left out because it equals a default

  /// As of docs/CONTRACT.md, "Settings".
  private static let defaults: [(long: String, short: String, value: JSONValue)] = [
    ("rules", "v", .integer(1)), ("fail_max", "f", .integer(5)), ("reset_timeout", "r", .integer(60_000)),
    ("success_threshold", "s", .integer(1)), ("half_open_max", "h", .integer(1)), ("failure_rate", "fr", .number(0.5)),
    ("min_calls", "mc", .integer(10)), ("slow_rate", "sr", .integer(1)), ("reset_backoff", "b", .integer(1)),
    ("reset_max", "rm", .integer(3_600_000)), ("jitter", "j", .integer(0)),
    ("retry_hint_max", "hm", .integer(3_600_000)),
  ]

  @Test("every event of a log has the whole policy, whatever equals a default")
  func wholeEvents() throws {
    let stored = try Stored(StoreUnderTest.all[1], isRich: false)
    let scene = stored.scene
    scene.run(exit: 1)
    scene.cb("set", "x", "fail-max=5")
    scene.cb("open", "x")
    scene.cb("half-open", "x")
    let trial = scene.runInFlight()
    let events = stored.events
    #expect(trial.end(0).status == .exited(0))
    #expect(events.compactMap { $0["e"]?.string } == ["record", "configure", "open", "half-open", "admit"])
    for event in events where event["e"]?.string != "half-open" {
      let policy = event["p"]?.object?.members ?? []
      #expect(policy.map(\.key) == Self.defaults.map(\.short), "\(event)")
      for (member, expected) in zip(policy, Self.defaults) { #expect(member.value == expected.value, "\(event)") }
    }
  }

  @Test("a document has the whole policy, whatever equals a default", arguments: StoreUnderTest.all)
  func wholeDocument(_ store: StoreUnderTest) throws {
    let stored = try Stored(store)
    let policy = try stored.document()["run_settings"]?.object?.members ?? []
    let inWindow = ["window_runs"]
    #expect(policy.map(\.key).filter { !inWindow.contains($0) } == Self.defaults.map(\.long))
  }

  @Test(
    "a log that another default wrote is read by what stands in it",
    arguments: [(2, 1, "closed"), (2, 2, "open"), (3, 2, "closed"), (3, 3, "open"), (9, 8, "closed"), (9, 9, "open")])
  func anotherDefault(failMax: Int, failures: Int, state: String) throws {
    let stored = try Stored(StoreUnderTest.all[1], isRich: false)
    for number in 1...failures {
      stored.append(
        """
        {"e":"record","t":"\(number)","g":1,"o":"failure","why":"exit 1","p":{"v":1,"f":\(failMax),"r":5000000,"s":1,\
        "h":1,"fr":0.5,"mc":10,"sr":1,"b":1,"rm":6000000,"j":0,"hm":3600000},"draw":0,"id":"\(number)"}
        """)
    }
    #expect(stored.scene.state() == state)
    #expect(stored.scene.counter() == "\(failures)")
    if state == "open" {
      // The timeout too is that of the version that wrote it.
      let left = try #require(stored.scene.shown("retry_after")?.double)
      #expect((4000...5000).contains(left))
    }
  }

  // MARK: Unknown and kept

  @Test("unknown members are kept at every level through the next writes", arguments: StoreUnderTest.all)
  func kept(_ store: StoreUnderTest) throws {
    let stored = try Stored(store)
    let scene = stored.scene
    scene.run("--window", "9", exit: 1)
    let run = scene.runInFlight("--window", "9", "--max-concurrent", "9")
    if !store.isFile {
      // Until the snapshot has the lease.
      while try stored.document()["leases"] == nil { scene.cb("set", "x", "fail-max=7") }
    }
    let news = Self.withNews(.object(try stored.document()))
    stored.setDocument(news)
    let (paths, entries) = (Self.newsPaths(news), try stored.historyWithNews())
    for level in [
      "", "/totals", "/durations", "/held", "/held/info", "/last_failure/info", "/leases/0/info", "/window",
    ] {
      #expect(paths.contains(level), "\(level) of \(paths.sorted())")
    }
    #expect(entries > 3)
    #expect(scene.run("--window", "9", exit: 0).error == [])
    for number in 1...40 { scene.cb("set", "x", "fail-max=\(number)") }
    #expect(Self.newsPaths(.object(try stored.document())).symmetricDifference(paths) == [])
    #expect(try stored.historyWithNews() == entries)
    #expect(scene.get("fail-max") == "40")
    // With the object that it stands in, it goes; reset keeps those of the document.
    #expect(run.end(0).status == .exited(0))
    for _ in 1...30 { scene.cb("reset", "x") }
    let left = Self.newsPaths(.object(try stored.document()))
    #expect(left == paths.filter { ["", "/totals", "/clock"].contains($0) })
  }

  @Test("what an event's info has and this version does not know is kept in what comes of the event")
  func keptOfEvents() throws {
    let stored = try Stored(StoreUnderTest.all[1], isRich: false)
    let info = #"{"host":"web-1","pid":7,"user":"ann","trace":"00-1","deep":{"a":[1,null]}}"#
    stored.append(
      """
      {"e":"record","t":"1","g":1,"o":"failure","why":"exit 1","p":{"v":1,"f":9,"r":60000,"s":1,"h":1,"fr":0.5,"mc":10,\
      "sr":1,"b":1,"rm":3600000,"j":0,"hm":3600000},"draw":0,"info":\(info),"id":"1"}
      """)
    for _ in 1...30 { #expect(stored.scene.run(exit: 0).error == []) }
    for number in 1...30 { stored.scene.cb("set", "x", "fail-max=\(number)") }
    let wanted = try JSONValue.parse(Array(info.utf8))
    #expect(try stored.document()["last_failure"]?["info"] == wanted)
    #expect(stored.fields(prefix: "h").contains { $0.hasSuffix("\(info)}]") })
  }

  /// Every object gets a member that nobody knows, but for policies and settings, where it could decide.
  private static func withNews(_ value: JSONValue, path: String = "") -> JSONValue {
    switch value {
    case .object(let object):
      if path.hasSuffix("settings") { return value }
      var news = JSONObject()
      for member in object.members { news.append(member.key, withNews(member.value, path: path + "/" + member.key)) }
      news.append("news", .array([.string("é"), .integer(.max), .object(JSONObject())]))
      return .object(news)
    case .array(let elements): return .array(elements.map { withNews($0, path: path) })
    default: return value
    }
  }

  /// Where the members are that `withNews` added, but for those of the history, whose entries move on.
  private static func newsPaths(_ value: JSONValue, path: String = "") -> Set<String> {
    switch value {
    case .object(let object):
      var paths: Set<String> = object["news"] == nil ? [] : [path]
      for member in object.members where !(path.isEmpty && member.key == "events") && member.key != "news" {
        paths.formUnion(newsPaths(member.value, path: path + "/" + member.key))
      }
      return paths
    case .array(let elements):
      return elements.indices.reduce(into: []) { $0.formUnion(newsPaths(elements[$1], path: "\(path)/\($1)")) }
    default: return []
    }
  }
}

extension StoreUnderTest {
  fileprivate var isFile: Bool {
    if case .file = self { true } else { false }
  }
}

/// The breaker `x` as it lies in its store, for those who change it past cb.
private struct Stored {
  let scene: Scene

  /// - Parameter isRich: with something of all that a document can have; in Redis in its snapshot.
  init(_ store: StoreUnderTest, isRich: Bool = true) throws {
    scene = Scene(store)
    guard isRich else { return }
    scene.run("--window", "9", exit: 1)
    scene.run("--window", "9", exit: 0)
    for _ in 1...(store.isFile ? 5 : 25) { scene.cb("close", "x", "--hold", "--reason", "why") }
    #expect(try document()["held"] != nil)
  }

  private var key: String { "\(scene.prefix){x}" }

  /// Everything of it, to be compared.
  var bytes: String {
    scene.store.isFile ? (scene.sandbox.read("state/x.json") ?? "") : SharedRedis.cli("DUMP", key)
  }

  func document() throws -> JSONObject {
    let text = scene.store.isFile ? scene.sandbox.read("state/x.json") : SharedRedis.cli("HGET", key, "s")
    return try #require(JSONValue.of(text ?? "")?.object ?? JSONObject())
  }

  func setDocument(_ value: JSONValue) {
    let text = String(decoding: value.bytes(scene.store.isFile ? .pretty : .compact), as: UTF8.self)
    if scene.store.isFile {
      _ = scene.sandbox.file("state/x.json", text, mode: 0o600)
    } else {
      SharedRedis.cli("HSET", key, "s", text)
    }
  }

  /// The values of the hash whose fields begin so, by their numbers.
  func fields(prefix: String) -> [String] {
    let names = SharedRedis.cli("HKEYS", key).split(separator: "\n").filter { $0.hasPrefix(prefix) }
    return names.compactMap { Int($0.dropFirst()) }.sorted().map {
      String(SharedRedis.cli("HGET", key, "\(prefix)\($0)").dropLast())
    }
  }

  var events: [JSONValue] {
    fields(prefix: "e").compactMap { JSONValue.of(String($0.drop { $0 != " " }.dropFirst())) }
  }

  /// As a later version would append it.
  func append(_ event: String) {
    let next = Int(SharedRedis.cli("HGET", key, "n").dropLast()) ?? 0
    let time = SharedRedis.cli("TIME").split(separator: "\n").compactMap { Int($0) }
    let millisecond = time[0] * 1000 + time[1] / 1000
    SharedRedis.cli("HSETNX", key, "v", "1")
    SharedRedis.cli("HSETNX", key, "b", "0")
    SharedRedis.cli("HSET", key, "e\(next)", "\(millisecond) \(event)", "n", String(next + 1))
  }

  /// Entries of the history, in the document and older, that have the member which nobody knows.
  func historyWithNews() throws -> Int {
    let recent = try document()["events"]?.array ?? []
    let older =
      scene.store.isFile ? scene.lines("state/x.history") : fields(prefix: "h")
    return (recent + older.compactMap { JSONValue.of($0) }).count { $0.array?.last?["news"] != nil }
  }

  func put(_ news: MixedVersionTests.News) throws {
    let policy = #"{"v":1,"f":5,"r":1,"s":1,"h":1,"fr":1,"mc":1,"sr":1,"b":1,"rm":1,"j":0,"hm":1"#
    var object = try document()
    switch (news, scene.store.isFile) {
    case (.event, _): return append(#"{"e":"zap","by":"ann","id":"99"}"#)
    case (.memberOfAnEvent, _): return append(#"{"e":"reset","by":"ann","zap":1,"id":"99"}"#)
    case (.outcome, _):
      return append(#"{"e":"record","t":"1","g":1,"o":"maybe","why":"w","p":\#(policy)},"draw":0,"id":"99"}"#)
    case (.policy, false): return append(#"{"e":"open","p":\#(policy),"zz":1},"by":"ann","id":"99"}"#)
    case (.rules, false):
      return append(#"{"e":"open","p":\#(policy.replacing("\"v\":1", with: "\"v\":2"))},"by":"ann","id":"99"}"#)
    case (.version, false):
      SharedRedis.cli("HSET", key, "v", "2")
      return
    case (.policy, true), (.rules, true):
      var settings = try #require(object["run_settings"]?.object)
      if news == .policy { settings.append("zz", .integer(1)) } else { settings["rules"] = .integer(2) }
      object["run_settings"] = .object(settings)
    case (.need, _): object.append("needs", .array([.string("drains")]))
    case (.state, _): object["state"] = .string("ajar")
    case (.role, _):
      object.append(
        "leases",
        try JSONValue.parse(
          Array(
            #"[{"token":"1","kind":"run","role":"guest","generation":1,"since":"2026-01-02T03:04:05.000Z","expires":"2099-01-02T03:04:05.000Z"}]"#
              .utf8)))
    case (.version, true): object["cb"] = .integer(2)
    }
    setDocument(.object(object))
  }
}
