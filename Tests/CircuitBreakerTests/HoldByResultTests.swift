import CircuitBreaker
import Testing

/// `trip-on`, `hold-on`, `hold-if` and `hold-after` (docs/CONTRACT.md, "Settings"): failures that one of is enough.
struct HoldByResultTests {
  private static let web3 = Caller(host: "web-3", pid: 4711, user: "backup")

  @Test("one failure of trip-on opens at once, for the usual time")
  func trips() throws {
    var bench = Bench()
    bench.end(try bench.start(), .failure, severity: .trips(reason: "exit 9, which is in trip-on"))
    bench.shows(
      .open, counter: 1, changes: ["closed -> open: exit 9, which is in trip-on"],
      writes: ["failure: exit 1", "state-change closed -> open: exit 9, which is in trip-on"])
    #expect(bench.retryAfter == .seconds(60) && bench.breaker.hold == nil && bench.last.newHold == nil)
    #expect(bench.breaker.streak.count == 1)
  }

  @Test("one failure of hold-on opens and holds, says so once, and names the host")
  func holds() throws {
    var bench = Bench()
    let reason = "exit 12 is in hold-on"
    bench.end(try bench.start(), .failure, severity: .holds(reason: reason), caller: Self.web3)
    bench.shows(
      .open, counter: 1, changes: ["closed -> open: \(reason)"],
      writes: ["failure: exit 1", "state-change closed -> open: \(reason), held"])
    let hold = Breaker.Hold(
      state: .open, until: nil, reason: reason, by: "cb on web-3", since: bench.now, caller: Self.web3)
    #expect(bench.breaker.hold == hold && bench.last.newHold == hold)
    bench.wait(.seconds(1_000_000_000))
    #expect(!bench.wouldAdmit && bench.retryAfter == nil)
    bench.ask()
    #expect(bench.rejection?.cause == .open(retryAfter: nil) && bench.last.newHold == nil)
    bench.policy.isResetTimeoutCallersOwn = true
    #expect(!bench.wouldAdmit)
    bench.configure(["reset-timeout": ["1s"]], appliesToOpenCircuit: true)
    #expect(!bench.wouldAdmit)
  }

  @Test("close, half-open and reset release it", arguments: ["close", "half-open", "reset"])
  func released(by action: String) throws {
    var bench = Bench()
    bench.end(try bench.start(), .failure, severity: .holds(reason: "exit 12 is in hold-on"))
    switch action {
    case "close": bench.close()
    case "half-open": bench.halfOpen()
    default: bench.reset()
    }
    #expect(bench.breaker.hold == nil && bench.wouldAdmit)
    try bench.run(.success)
    #expect(bench.breaker.state == .closed)
  }

  @Test("a trial that fails so holds, too")
  func trial() throws {
    var bench = Bench()
    bench.end(try bench.startTrial(), .failure, severity: .holds(reason: "exit 12 is in hold-on"))
    #expect(bench.last.transitions.map(\.line) == ["half-open -> open: trial failed (exit 12 is in hold-on)"])
    #expect(bench.breaker.hold?.reason == "exit 12 is in hold-on")
  }

  @Test("held closed nothing opens and nothing is held anew", arguments: [true, false])
  func heldClosed(holds: Bool) throws {
    var bench = Bench { $0.holdAfter = 1 }
    bench.close(.held)
    bench.end(try bench.start(), .failure, severity: holds ? .holds(reason: "h") : .trips(reason: "t"))
    bench.shows(.closed, counter: 1, writes: ["failure: exit 1"])
    #expect(bench.breaker.totals.wouldTrip == 1 && bench.breaker.hold?.state == .closed && bench.last.newHold == nil)
  }

  @Test("a late result neither trips nor holds, and severity is that of failures only")
  func others() throws {
    var bench = Bench()
    let late = try bench.start()
    bench.end(try bench.start(), .excluded, severity: .holds(reason: "h"))
    #expect(bench.breaker.state == .closed)
    bench.halfOpen()
    bench.end(late, .failure, severity: .holds(reason: "h"))
    #expect(bench.last.effect == .stale && bench.breaker.hold == nil)
  }

  @Test("hold-after holds on the Nth trip in a row and not before", arguments: 1...3)
  func holdAfter(most: Int) throws {
    var bench = Bench {
      $0.failMax = 1
      $0.holdAfter = most
    }
    for trip in 1..<most + 1 {
      try bench.run(.failure)
      #expect((bench.breaker.hold != nil) == (trip == most), "trip \(trip)")
      #expect((bench.last.newHold != nil) == (trip == most))
      bench.wait(.seconds(60))
    }
    #expect(bench.breaker.hold?.reason == (most == 1 ? "1 trip" : "\(most) trips in a row"))
    bench.halfOpen()
    try bench.run(.failure)
    #expect(bench.breaker.hold?.reason == "\(most + 1) trips in a row")
  }

  @Test("a trip after enough health is the first in a row again")
  func decay() throws {
    var bench = Bench {
      $0.failMax = 1
      $0.holdAfter = 2
    }
    try bench.run(.failure)
    bench.wait(.seconds(60))
    try bench.run(.success)
    bench.wait(.seconds(60))
    try bench.run(.failure)
    #expect(bench.breaker.state == .open && bench.breaker.hold == nil)
  }

  @Test("why it is open goes with each rejection: by rate, in a row, by a failed trial")
  func reasons() throws {
    var bench = Bench {
      $0.window = .runs(10)
      $0.minCalls = 2
    }
    try bench.run(.success, .failure)
    bench.ask()
    #expect(bench.rejection?.openReason == "1 of 2 runs failed (exit 1)")
    bench.wait(.seconds(60))
    try bench.run(.failure)
    bench.ask()
    #expect(bench.rejection?.openReason == "trial failed (exit 1)")
    bench.open(reason: "deploy")
    bench.ask()
    #expect(bench.rejection?.openReason == "deploy")
  }
}
