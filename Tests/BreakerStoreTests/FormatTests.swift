import BreakerStore
import CircuitBreaker
import Glibc
import JSON
import StoreConformance
import System
import Testing

@testable import FileStore

/// What versions of a fleet may rely on of each other (docs/FORMATS.md).
@Suite struct FormatTests {
  private static let name: BreakerName = {
    guard let name = try? BreakerName("x") else { preconditionFailure("a name") }
    return name
  }()
  private static let start = Timestamp(milliseconds: 1_700_000_000_000)

  /// A breaker that has something of everything.
  private static func breaker(seed: UInt64 = 5, rounds: Int = 60) -> Breaker {
    var events = RandomEvents(seed: seed)
    var breaker = Breaker(id: seed)
    for round in 0..<rounds {
      let step = breaker.apply(events.next(), at: start + Span(milliseconds: Int64(round)))
      if case .admitted(let permit) = step.effect { events.permits.append(permit) }
    }
    return breaker
  }

  private static func document(_ breaker: Breaker) -> JSONObject { BreakerDocument.encode(breaker, name: name) }

  private static func decode(_ object: JSONObject) -> Result<Breaker, FormatFault> {
    Result { () throws(FormatFault) in try BreakerDocument.decode(.object(object), name: name) }
  }

  private static func event(_ object: JSONObject) -> Result<Event, FormatFault> {
    Result { () throws(FormatFault) in try EventDocument.decode(.object(object)).event }
  }

  private static func numbered(_ event: Event) -> JSONObject {
    var object = EventDocument.encode(event)
    object.append("id", .string("5"))
    return object
  }

  private static func json(of text: String?) throws -> JSONValue { try JSONValue.parse(Array((text ?? "").utf8)) }

  // MARK: There and back

  @Test func `Every event, document and line of history comes back as it was`() throws {
    var kinds: Set<String> = []
    for seed in 1...40 as ClosedRange<UInt64> {
      var events = RandomEvents(seed: seed)
      var breaker = Breaker(id: seed)
      for round in 0..<60 {
        let event = events.next()
        let bytes = JSONValue.object(Self.numbered(event)).bytes(.compact)
        let value = try JSONValue.parse(bytes)
        #expect(try EventDocument.decode(value).event == event)
        kinds.insert(value["e"]?.string ?? "")
        let step = breaker.apply(event, at: Self.start + Span(milliseconds: Int64(round)))
        if case .admitted(let permit) = step.effect { events.permits.append(permit) }
        let document = try JSONValue.parse(JSONValue.object(Self.document(breaker)).bytes(.pretty))
        #expect(try BreakerDocument.decode(document, name: Self.name) == breaker)
      }
      for entry in breaker.history {
        #expect(try BreakerDocument.historyEntry(line: BreakerDocument.historyLine(entry)[...]) == entry)
      }
    }
    #expect(kinds == Set(EventDocument.Kind.allCases.map(\.rawValue)))
  }

  @Test func `A policy is whole: what equals a default is written too`() {
    let always = ["v", "f", "r", "s", "h", "fr", "mc", "sr", "b", "rm", "j", "hm"]
    #expect(PolicyDocument.encode(Policy(), .short).object?.members.map(\.key) == always)
    #expect(PolicyDocument.encode(Policy(), .long).object?.members.count == always.count)
  }

  // MARK: Unknown and kept

  /// Every object of a document gets a member that nobody knows, but for policies and settings.
  private static func withNews(_ value: JSONValue, path: String = "") -> JSONValue {
    switch value {
    case .object(let object):
      if path.hasSuffix("run_settings") || path.hasSuffix("settings") { return value }
      var news = JSONObject()
      for member in object.members { news.append(member.key, withNews(member.value, path: path + "/" + member.key)) }
      news.append("news", .array([.string("é"), .integer(.max), .object(JSONObject())]))
      return .object(news)
    case .array(let elements): return .array(elements.map { withNews($0, path: path) })
    default: return value
    }
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `Unknown members of a document are kept at every level and written back`(seed: UInt64) throws {
    let news = Self.withNews(.object(Self.document(Self.breaker(seed: seed))))
    let breaker = try BreakerDocument.decode(news, name: Self.name)
    #expect(JSONValue.object(Self.document(breaker)).bytes(.compact) == news.bytes(.compact))
    for entry in breaker.history {
      let line = BreakerDocument.historyLine(entry)
      #expect(try BreakerDocument.historyEntry(line: line[...]) == entry)
    }
  }

  @Test func `The document's clock keeps unknown members through a change, and reset keeps those of the document`()
    throws
  {
    let temporary = TemporaryDirectory()
    let store = FileStore(directory: temporary.files, clock: .system(), random: { 7 })
    _ = try store.apply(.open(.held, ManualAction(by: "a")), to: Self.name)
    let news = Self.withNews(try Self.json(of: temporary.text("x.json")))
    temporary.write("x.json", String(decoding: news.bytes(.pretty), as: UTF8.self))
    _ = try store.apply(.reset(ManualAction(by: "a")), to: Self.name)
    let after = try Self.json(of: temporary.text("x.json"))
    #expect(after["news"] == news["news"] && after["totals"]?["news"] == news["news"])
    #expect(after["clock"]?["news"] == news["news"])
    #expect(after["state"]?.string == "closed")
  }

  @Test func `An unknown kind of history entry is shown as it is`() throws {
    let line = Array(#"[7,"2026-01-02T03:04:05.000Z","drained",null,null,"why","ann",{"depth":3}]"#.utf8)
    let entry = try BreakerDocument.historyEntry(line: line[...])
    #expect(entry.kind == .other("drained") && entry.kind.rawValue == "drained" && entry.reason == "why")
    #expect(BreakerDocument.historyLine(entry).dropLast() == line[...])
  }

  @Test func `A member of another state is not written twice once that state comes`() throws {
    var object = Self.document(Breaker(id: 1))
    object.append("opened_at", .string("2026-01-02T03:04:05.000Z"))
    var breaker = try Self.decode(object).get()
    _ = breaker.apply(.open(.held, ManualAction(by: "a")), at: Self.start)
    let bytes = JSONValue.object(Self.document(breaker)).bytes(.pretty)
    #expect(try BreakerDocument.decode(JSONValue.parse(bytes), name: Self.name) == breaker)
  }

  // MARK: Unknown and able to decide

  @Test func `An unknown member of an event makes the breaker newer, unless it only informs`() throws {
    var events = RandomEvents(seed: 3)
    for _ in 0..<200 {
      let event = events.next()
      var object = Self.numbered(event)
      object.append("news", .bool(true))
      #expect(throws: FormatFault.newer("the member \"news\" of an event '\(object["e"]?.string ?? "")'")) {
        try Self.event(object).get()
      }
      var informs = Self.numbered(event)
      var info = informs["info"]?.object ?? JSONObject()
      info.append("trace", .string("00-1"))
      informs["info"] = .object(info)
      #expect(try Self.event(informs).get().kind == event.kind)
      informs["info"] = .string("of another shape")
      #expect(try Self.event(informs).get().kind == event.kind)
    }
  }

  @Test(arguments: [
    ("e", "zap"), ("o", "maybe"), ("role", "guest"), ("p", "member"), ("p", "rules"), ("waits", "perhaps"),
  ])
  func `An unknown word of an event makes the breaker newer`(key: String, word: String) {
    let permit = Permit(token: Token(1, 2), breaker: 1, generation: 1, role: .trial, hasLease: true)
    var object = Self.numbered(
      .record(
        RunReport(
          permit: permit, verdict: Verdict(.failure, reason: "exit 1"), policy: Policy(), draw: 0,
          work: .probe(RunReport.WaitingRun(mode: .enforce, announcesRejection: true)))))
    var policy = object["p"]?.object ?? JSONObject()
    switch (key, word) {
    case ("p", "member"):
      policy.append("zz", .integer(1))
      object["p"] = .object(policy)
    case ("p", _):
      policy["v"] = .integer(2)
      object["p"] = .object(policy)
    default: object[key] = .string(word)
    }
    guard case .failure(.newer(let what)) = Self.event(object) else {
      Issue.record("\(Self.event(object))")
      return
    }
    #expect(what.contains(word) || key == "p")
  }

  @Test(arguments: [
    ("cb", "2"), ("needs", "[\"zap\"]"), ("state", "\"ajar\""), ("recent", "\"+?!\""),
    ("held", #"{"state":"ajar","by":"a"}"#),
    ("run_settings", "news"),
  ])
  func `What a document needs and this version does not know makes the breaker newer`(key: String, text: String) throws
  {
    var object = Self.document(Self.breaker())
    if key == "run_settings" {
      var policy = try #require(object[key]?.object)
      policy.append("news", .integer(1))
      object[key] = .object(policy)
    } else {
      object[key] = try JSONValue.parse(Array(text.utf8))
    }
    guard case .failure(.newer) = Self.decode(object) else {
      Issue.record("\(key): \(Self.decode(object))")
      return
    }
  }

  // MARK: Damaged

  @Test func `A known member of a wrong type is damage, wherever it is`() throws {
    for seed in 1...8 as ClosedRange<UInt64> {
      let document = Self.document(Self.breaker(seed: seed))
      for member in document.members where member.key != "needs" {
        for wrong in [JSONValue.bool(false), .integer(-1), .string("\u{1}"), .array([.null]), .object(JSONObject())] {
          var object = document
          object[member.key] = wrong
          switch Self.decode(object) {
          case .failure(.damaged(let reason)): #expect(!reason.isEmpty)
          case .failure(.newer): #expect(wrong == .string("\u{1}"), "\(member.key): \(wrong)")
          case .success:
            // A text for a text, an empty list for none, settings without one, a flag that is off.
            let isRight =
              ["open_reason"].contains(member.key) && wrong.string != nil
              || ["settings", "window"].contains(member.key) && wrong.object != nil
              || ["opened_by_hand", "rejection_noticed"].contains(member.key) && wrong.bool != nil
            #expect(isRight, "\(member.key): \(wrong)")
          }
        }
      }
    }
  }

  // MARK: The page

  @Test func `The format page names every member and every word, and nothing else`() throws {
    let page = String(decoding: try #require(fileBytes(Programs.packageRoot + "/docs/FORMATS.md")), as: UTF8.self)
    func rows(_ heading: String) -> [String] {
      let section = page.components(from: "## \(heading)\n", to: "\n## ")
      return section.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { row in
        String(row.dropFirst(3).prefix { $0 != "`" })
      }
    }
    #expect(rows("The document") == BreakerDocument.Member.allCases.map(\.rawValue))
    #expect(rows("A policy") == PolicyDocument.Member.allCases.map(\.rawValue))
    for member in PolicyDocument.Member.allCases {
      #expect(page.contains("| `\(member.rawValue)` | `\(member.short)` |"))
    }
    #expect(rows("Events") == EventDocument.Kind.allCases.map(\.rawValue))
    #expect(rows("Members of events") == EventDocument.Member.allCases.map(\.rawValue))
    #expect(page.contains("Format \(BreakerDocument.version)"))
  }
}

extension Event {
  fileprivate var kind: String { EventDocument.encode(self)["e"]?.string ?? "" }
}

extension String {
  fileprivate func components(from start: String, to end: String) -> Substring {
    guard let range = firstRange(of: start) else { return "" }
    let rest = self[range.upperBound...]
    return rest[..<(rest.firstRange(of: end)?.lowerBound ?? rest.endIndex)]
  }
}
