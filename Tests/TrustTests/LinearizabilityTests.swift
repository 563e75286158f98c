import CircuitBreaker
import Glibc
import Testing

/// What many processes see of one breaker, some of them killed, is what one after the other would have seen.
@Suite(.serialized) struct LinearizabilityTests {
  /// Commands of a history.
  private static var count: Int { Effort.isTorture ? 240 : 36 }

  /// A store of either kind to which many processes go at once.
  enum Kind: String, CaseIterable, Sendable {
    case file, redis

    static var tried: [Kind] {
      allCases.filter { Effort.store == nil || Effort.store == $0.rawValue }
    }
  }

  private final class Store {
    let place = Sandbox()
    let url: String
    let server: RedisServer?

    init(_ kind: Kind) throws {
      server = kind == .redis ? try RedisServer.onSocket() : nil
      url = server?.socketURL ?? "file:\(place.store)"
      place.environment["CB_STORE"] = url
    }

    func crowd(_ seed: UInt64) -> Crowd {
      let server = server
      return Crowd(place, store: url, seed: seed) { try server?.settle() }
    }

    /// The breaker as bytes that `put` takes again.
    func take() throws -> [UInt8] {
      try server?.dump("cb:{x}") ?? fileBytes(place.store + "/x.json") ?? []
    }

    func put(_ bytes: [UInt8]) throws {
      if let server {
        try server.restore("cb:{x}", bytes)
      } else {
        writeFile(place.store + "/x.json", bytes)
      }
    }

  }

  @Test(arguments: Kind.tried, (0..<(2 * Effort.factor)).map { Effort.seed &+ UInt64($0) })
  func `what many processes and kills leave behind is some order of the core's events`(
    kind: Kind, seed: UInt64
  ) throws {
    let store = try Store(kind)
    let crowd = store.crowd(seed)
    let verdict = try crowd.verdict(count: Self.count, width: 5)
    #expect(verdict == .linearizable, "\(kind), seed \(seed): \(verdict) \(crowd.description)")
    print(
      "history on \(kind), seed \(seed): \(crowd.operations.count) operations, \(crowd.kills) kills"
    )
  }

  /// Faults put in on purpose behind the back of everybody.
  enum Fault: String, CaseIterable, Sendable {
    /// Not one: what the faults are set off against.
    case none
    /// A store that forgets what it has acknowledged.
    case lostUpdate
    /// A result that is counted twice.
    case doubleCount
    /// A reader that sees what was there before.
    case staleRead
    /// More trials at once than half-open-max.
    case tooManyTrials
    /// A place that nobody holds, and that is not free.
    case lostPlace
    /// A change of state that nobody made.
    case changeOfItsOwn
    /// A hint that is forgotten, heeded no longer than the reset timeout, or believed without an end.
    case forgottenHint, shortHint, endlessHint
    /// A hold by a result that is forgotten.
    case forgottenHold
    /// A probe that is not counted, or whose success is that of two.
    case uncountedProbe, doubleProbe
  }

  @Test(arguments: Kind.tried, Fault.allCases)
  func `a store with a fault is found out`(kind: Kind, fault: Fault) throws {
    let store = try Store(kind)
    let crowd = store.crowd(1)
    var old: [UInt8] = []
    var seen = ""
    switch fault {
    case .none: crowd.wantsTrials = true
    case .lostUpdate:
      crowd.sabotage = {
        if !old.isEmpty { try store.put(old) }
        old = try store.take()
      }
    case .doubleCount:
      // More failures than trip, in a closed circuit: no command that was killed can be what they were.
      crowd.beforehand = [.close]
      crowd.sabotage = { for _ in 0..<3 { store.place.cb("run", "--fail-max", "100", "x", "--", "false") } }
    case .staleRead:
      crowd.spoilLook = { text in
        defer { if seen.isEmpty { seen = text } }
        return seen.isEmpty ? text : seen
      }
    case .tooManyTrials:
      // The crowd's commands see that, and believe it.
      crowd.wantsTrials = true
      crowd.sabotage = { store.place.cb("set", "x", "half-open-max=50") }
    case .lostPlace:
      // An open circuit has no place to lose.
      crowd.beforehand = [.close]
      // More than the permits that were asked for by commands that were killed.
      crowd.sabotage = { for _ in 0..<12 { store.place.cb("permit", "x", "--lease", "10h") } }
    case .changeOfItsOwn: crowd.sabotage = { store.place.cb("half-open", "x") }
    case .forgottenHint:
      crowd.afterwards = [.close, .run(.hinted(20))]
      crowd.spoilSeen = { $0.hint = nil }
    case .shortHint:
      crowd.afterwards = [.close, .run(.hinted(20))]
      crowd.spoilSeen = { $0.wait = $0.wait.map { min($0, 1) } }
    case .endlessHint:
      crowd.afterwards = [.close, .run(.hinted(60))]
      crowd.spoilSeen = { $0.wait = $0.wait.map { $0 == 4 ? 6 : $0 } }
    case .forgottenHold:
      crowd.afterwards = [.close, .run(.held)]
      crowd.spoilSeen = { $0.held = nil }
    case .uncountedProbe:
      crowd.afterwards = [.halfOpen, .probe(true)]
      crowd.spoilSeen = { $0.probes = 0 }
    case .doubleProbe:
      // Behind the crowd's back: its own probes need two successes.
      crowd.afterwards = [.halfOpen, .probe(true)]
      crowd.sabotage = { store.place.cb("set", "x", "success-threshold=1") }
    }
    let verdict = try crowd.verdict(count: 24, width: 4)
    if fault == .none {
      #expect(verdict == .linearizable, "\(crowd.description)")
    } else if case .violation = verdict {
    } else {
      Issue.record("not found out: \(verdict) \(crowd.description)")
    }
  }

  @Test func `the checker knows a history that is none`() {
    let start = Model(breaker: Breaker(id: 1))
    let open = Event.open(.held, ManualAction(by: "a"))
    func see(_ state: CircuitState, _ call: Double, _ end: Double) -> Operation {
      Operation(label: "see", call: call, end: end, isLook: true) { $0.breaker.state == state }
    }
    let change = Operation(label: "open", call: 1, end: 3) {
      _ = $0.apply(open)
      return true
    }
    func verdict(_ operations: [Operation]) -> LinearizabilityChecker.Verdict {
      LinearizabilityChecker(operations: operations).check(from: start)
    }
    #expect(verdict([change, see(.closed, 0, 2), see(.open, 2, 4)]) == .linearizable)
    #expect(verdict([change, see(.open, 1, 2), see(.closed, 1, 2)]) == .linearizable)
    // Seen open, and closed again afterwards.
    #expect(verdict([change, see(.open, 1, 1.5), see(.closed, 2, 2.5)]) != .linearizable)
    // Acknowledged, and not seen.
    #expect(verdict([change, see(.closed, 4, 5)]) != .linearizable)
    // Killed, it may have happened or not, but not both.
    var killed = change
    killed.isOptional = true
    #expect(verdict([killed, see(.closed, 4, 5)]) == .linearizable)
    #expect(verdict([killed, see(.open, 4, 5)]) == .linearizable)
    #expect(verdict([killed, see(.open, 4, 5), see(.closed, 6, 7)]) != .linearizable)
    // Nor long after its death.
    #expect(verdict([killed, see(.closed, 4, 5), see(.open, 6, 7)]) != .linearizable)
  }

  @Test func `a death shows at once, and is in the history with a later change`() {
    var start = Breaker(id: 1)
    var policy = Policy()
    policy.halfOpenMax = 2
    _ = start.apply(.halfOpen(ManualAction(by: "a")), at: Model.now)
    for number in 1...2 {
      let request = AdmissionRequest(token: Token(text: "\(number)"), policy: policy)
      _ = start.apply(.admit(request), at: Model.now)
    }
    start.history = []
    let dead = Token(text: "1")
    var death = Operation(label: "death", call: 0, end: 1) { model in
      model.dead[dead] = false
      return true
    }
    death.forget = { $0.dead[dead] = true }
    let look = Operation(label: "look", call: 2, end: 3, isLook: true) {
      $0.seen.totals.lost == 1 && $0.seen.trials == 1
    }
    let open = Operation(label: "open", call: 4, end: 5) {
      $0.apply(.open(.held, ManualAction(by: "a"))).isStateChange
    }
    let reader = Operation(label: "admit", call: 6, end: 7) {
      $0.lose([dead])
      return $0.breaker.leases.count == 1
    }
    func verdict(_ kinds: [HistoryEntry.Kind]) -> LinearizabilityChecker.Verdict {
      var checker = LinearizabilityChecker(operations: [death, look, open, reader])
      var all = start
      for kind in kinds {
        switch kind {
        case .lost: _ = all.apply(.lose([dead]), at: Model.now)
        default: _ = all.apply(.open(.held, ManualAction(by: "a")), at: Model.now)
        }
      }
      for entry in all.history { checker.history[entry.sequence] = .init(entry) }
      return checker.check(from: Model(breaker: start))
    }
    #expect(verdict([.lost, .manual]) == .linearizable)
    #expect(verdict([.manual, .lost]) == .linearizable)
    // Shown, and never written.
    #expect(verdict([.manual, .manual]) != .linearizable)
  }

  @Test func `the checker decides long histories, and says so where it cannot`() {
    // Each adds one; forty rounds of six at once, then what was counted is seen.
    let changes = (0..<240).map { number in
      Operation(label: "\(number)", call: Double(number / 6), end: Double(number / 6) + 0.5) {
        $0.breaker.totals.rejected += 1
        return true
      }
    }
    func saw(_ count: Int) -> LinearizabilityChecker.Verdict {
      let look = Operation(label: "look", call: 100, end: 101, isLook: true) {
        $0.breaker.totals.rejected == count
      }
      return LinearizabilityChecker(operations: changes + [look]).check(
        from: Model(breaker: Breaker(id: 1)))
    }
    #expect(saw(240) == .linearizable)
    for wrong in [239, 241] {
      guard case .violation(at: "look", _) = saw(wrong) else {
        Issue.record("\(wrong) fits as well")
        return
      }
    }
    var checker = LinearizabilityChecker(operations: changes)
    checker.limit = 10
    guard case .undecided = checker.check(from: Model(breaker: Breaker(id: 1))) else {
      Issue.record("it went on beyond its limit")
      return
    }
  }
}
