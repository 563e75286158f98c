import CircuitBreaker
import Testing

/// "Late news is no news" (docs/CONTRACT.md, "The state machine"): a result of an earlier generation is counted as stale and changes
/// nothing else.
struct LateNewsTests {
  /// The breaker as a stale result has to leave it.
  private func staleTwin(of breaker: Breaker, without token: Token? = nil) -> Breaker {
    var twin = breaker
    twin.totals.stale += 1
    twin.leases.removeAll { $0.token == token }
    return twin
  }

  @Test(
    "a run from before the trip changes nothing while open, half-open and closed again", arguments: Outcome.allCases)
  func beforeTrip(outcome: Outcome) throws {
    var bench = Bench { $0.successThreshold = 2 }
    let late = try (1...3).map { _ in try bench.start() }
    try bench.trip()
    var expected = staleTwin(of: bench.breaker)
    bench.end(late[0], outcome)
    #expect(bench.last.effect == .stale)
    #expect(bench.breaker == expected)

    bench.wait(.seconds(60))
    try bench.run(.success)
    expected = staleTwin(of: bench.breaker)
    bench.end(late[1], outcome)
    #expect(bench.breaker == expected)

    try bench.run(.success)
    try bench.run(.failure)
    #expect(bench.breaker.state == .closed)
    expected = staleTwin(of: bench.breaker)
    bench.end(late[2], outcome)
    #expect(bench.breaker == expected)
    #expect(bench.last.transitions.isEmpty && bench.wrote.isEmpty && !bench.last.isStateChange)
  }

  @Test("a second trial's result after the first one's failure re-opened is stale and frees its place")
  func secondTrial() throws {
    var bench = Bench { $0.halfOpenMax = 2 }
    let first = try bench.startTrial()
    let second = try bench.start()
    bench.end(first, .failure)
    let expected = staleTwin(of: bench.breaker, without: second.token)
    bench.end(second, .success)
    #expect(bench.breaker == expected)
    #expect(bench.breaker.running == 0)
  }

  @Test("a manual action makes what runs stale", arguments: ["open", "half-open", "reset"])
  func manual(action: String) throws {
    var bench = Bench { $0.failMax = 1 }
    let permit = try bench.start()
    switch action {
    case "open": bench.open()
    case "half-open": bench.halfOpen()
    default: bench.reset()
    }
    let expected = staleTwin(of: bench.breaker)
    bench.end(permit, .failure)
    #expect(bench.breaker == expected)
  }

  @Test("cb half-open on a half-open breaker begins a new round: the old trial is stale and takes no place")
  func newRound() throws {
    var bench = Bench { $0.successThreshold = 2 }
    let old = try bench.startTrial()
    #expect(!bench.wouldAdmit)
    bench.halfOpen()
    bench.shows(.halfOpen, counter: 5, writes: ["manual half-open -> half-open by ann"])
    #expect(bench.wouldAdmit)
    let new = try bench.start()
    bench.end(old, .failure)
    #expect(bench.last.effect == .stale)
    bench.end(new, .success)
    #expect(bench.successes == 1)
  }

  @Test("cb close on a closed breaker is no state change: what runs still counts")
  func closeOnClosed() throws {
    var bench = Bench { $0.failMax = 1 }
    let permit = try bench.start()
    bench.close()
    bench.end(permit, .failure)
    #expect(bench.breaker.state == .open)
  }

  @Test("a result for a breaker that was removed and made anew is stale")
  func anotherBreaker() throws {
    var bench = Bench { $0.failMax = 1 }
    let permit = try bench.start()
    bench.breaker = Breaker(id: 8)
    bench.end(permit, .failure)
    #expect(bench.last.effect == .stale)
    #expect(bench.breaker.state == .closed)
  }

  @Test("a result of a run that began before there was a breaker counts")
  func noBreakerYet() throws {
    var bench = Bench { $0.failMax = 1 }
    var permit = try bench.start()
    permit.breaker = nil
    bench.end(permit, .failure)
    #expect(bench.breaker.state == .open)
  }

  @Test("a permit's token counts once: the second report is stale")
  func repeatedReport() throws {
    var bench = Bench { $0.failMax = 2 }
    let permit = try bench.start(.permit)
    bench.end(permit, .failure)
    #expect(bench.breaker.failCounter == 1)
    bench.end(permit, .failure)
    #expect(bench.last.effect == .stale)
    #expect(bench.breaker.failCounter == 1)
  }

  @Test("a permit's report after its lease ran out is stale")
  func lateReport() throws {
    var bench = Bench { $0.failMax = 1 }
    let permit = try bench.start(.permit, term: .seconds(100))
    bench.wait(.seconds(100))
    bench.end(permit, .failure)
    #expect(bench.last.effect == .stale)
    #expect(bench.wrote == ["lost: permit lost"])
    #expect(bench.breaker.state == .closed)
  }

  @Test("a forged token without a lease is stale")
  func forged() throws {
    var bench = Bench { $0.failMax = 1 }
    let forged = Permit(token: Token(1, 2), breaker: 7, generation: 1, role: .ordinary, hasLease: true)
    bench.end(forged, .failure)
    #expect(bench.last.effect == .stale)
    #expect(bench.breaker.state == .closed)
  }

  @Test("in a half-open round only a trial is heard, even from a permit of its generation without a lease")
  func forgedTrial() throws {
    var bench = Bench()
    _ = try bench.startTrial()
    let forged = Permit(token: Token(1, 2), breaker: 7, generation: 3, role: .ordinary, hasLease: false)
    bench.end(forged, .success)
    #expect(bench.last.effect == .stale)
    #expect(bench.breaker.state == .halfOpen)
  }

  @Test("results that arrive in any order count each once")
  func anyOrder() throws {
    var bench = Bench { $0.failMax = 200 }
    let permits = try (1...200).map { _ in try bench.start() }
    for permit in permits.dropLast().reversed() { bench.end(permit, .failure) }
    bench.shows(.closed, counter: 199, writes: ["failure: exit 1"])
    bench.end(permits[199], .failure)
    #expect(bench.breaker.state == .open)
    #expect(bench.breaker.failCounter == 200)
  }
}
