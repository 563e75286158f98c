import CircuitBreaker
import Testing

/// "A hint from the other side" (docs/CONTRACT.md, "The state machine").
struct HintTests {
  @Test("a failure with a hint ahead opens at once, until then, and says what was asked")
  func opens() throws {
    var bench = Bench()
    bench.end(try bench.start(), .failure, hint: .after(.seconds(600)))
    let reason = "exit 1, the other side asked for 10m"
    bench.shows(
      .open, counter: 1, changes: ["closed -> open: \(reason)"],
      writes: ["failure: exit 1", "state-change closed -> open: \(reason)"])
    #expect(bench.retryAfter == .seconds(600))
    #expect(
      bench.breaker.lastHint
        == .init(at: bench.now, asked: .seconds(600), until: bench.now + .seconds(600), isCapped: false))
  }

  @Test(
    "it opens for the longer of the own timeout and the hint, of which retry-hint-max is the most",
    arguments: [(1, 60), (59, 60), (60, 60), (61, 61), (3599, 3599), (3600, 3600), (3601, 3600), (561_600, 3600)])
  func lengths(asked: Int64, opens: Int64) throws {
    var bench = Bench()
    bench.end(try bench.start(), .failure, hint: .after(.seconds(asked)))
    #expect(bench.retryAfter == .seconds(opens))
    #expect(bench.breaker.lastHint?.isCapped == (asked > 3600))
    bench.wait(.ms(opens * 1000 - 1))
    #expect(!bench.wouldAdmit)
    bench.wait(.ms(1))
    #expect(bench.wouldAdmit)
  }

  @Test("a time counts from the store's own now; one that is not ahead is not a hint", arguments: [-1, 0, 1])
  func times(milliseconds: Int64) throws {
    var bench = Bench { $0.resetTimeout = .zero }
    bench.end(try bench.start(), .failure, hint: .at(bench.now + .ms(milliseconds)))
    #expect(bench.breaker.state == (milliseconds > 0 ? .open : .closed))
    #expect(bench.retryAfter == (milliseconds > 0 ? .ms(1) : nil))
    bench = Bench()
    bench.end(try bench.start(), .failure, hint: .after(.ms(milliseconds)))
    #expect(bench.breaker.state == (milliseconds > 0 ? .open : .closed))
  }

  @Test("only of a failure", arguments: [Outcome.success, .excluded, .ignored])
  func onlyFailures(outcome: Outcome) throws {
    var bench = Bench()
    bench.end(try bench.start(), outcome, hint: .after(.seconds(600)))
    #expect(bench.breaker.state == .closed && bench.breaker.lastHint == nil)
  }

  @Test("jitter comes on top, of a hint as of the own timeout")
  func jitter() throws {
    var bench = Bench { $0.jitter = 0.5 }
    bench.draw = 0.5
    bench.end(try bench.start(), .failure, hint: .after(.seconds(100)))
    #expect(bench.retryAfter == .seconds(125))
    #expect(bench.breaker.lastHint?.until == bench.now + .seconds(100))
  }

  @Test("a caller's own reset timeout does not end it earlier, and may end it later")
  func callersOwn() throws {
    var bench = Bench()
    bench.end(try bench.start(), .failure, hint: .after(.seconds(600)))
    bench.policy.isResetTimeoutCallersOwn = true
    bench.policy.resetTimeout = .seconds(1)
    #expect(bench.retryAfter == .seconds(600))
    bench.policy.resetTimeout = .seconds(700)
    #expect(bench.retryAfter == .seconds(700))
  }

  @Test("cb set reset-timeout while it is open does not end it earlier either")
  func configured() throws {
    var bench = Bench()
    bench.end(try bench.start(), .failure, hint: .after(.seconds(600)))
    bench.policy.resetTimeout = .seconds(1)
    bench.configure(["reset-timeout": ["1s"]], appliesToOpenCircuit: true)
    #expect(bench.retryAfter == .seconds(600))
  }

  @Test("a result that comes too late brings no hint")
  func late() throws {
    var bench = Bench()
    let late = try bench.start()
    try bench.trip()
    let before = bench.breaker.phase
    bench.end(late, .failure, hint: .after(.seconds(600)))
    #expect(bench.last.effect == .stale && bench.breaker.phase == before && bench.breaker.lastHint == nil)
  }

  @Test("it does not lengthen the streak, whose backoff the own timeout keeps")
  func streak() throws {
    var bench = Bench {
      $0.failMax = 1
      $0.resetBackoff = 2
    }
    for _ in 1...3 {
      bench.end(try bench.start(), .failure, hint: .after(.seconds(100)))
      #expect(bench.breaker.streak.count == 0)
      #expect(bench.retryAfter == .seconds(100))
      bench.wait(.seconds(100))
    }
    bench.end(try bench.start(), .failure)
    #expect(bench.breaker.streak.count == 1 && bench.retryAfter == .seconds(60))
    bench.wait(.seconds(60))
    bench.end(try bench.start(), .failure)
    #expect(bench.breaker.streak.count == 2 && bench.retryAfter == .seconds(120))
  }

  @Test("a trial that fails with one opens again with it")
  func trial() throws {
    var bench = Bench()
    bench.end(try bench.startTrial(), .failure, hint: .after(.seconds(600)))
    bench.shows(
      .open, counter: 6,
      changes: ["half-open -> open: trial failed (exit 1, the other side asked for 10m)"],
      writes: [
        "failure: exit 1",
        "state-change half-open -> open: trial failed (exit 1, the other side asked for 10m)",
      ])
    #expect(bench.retryAfter == .seconds(600))
  }

  @Test("held closed it is counted as would_trip, and shown")
  func heldClosed() throws {
    var bench = Bench()
    bench.close(.held)
    bench.end(try bench.start(), .failure, hint: .after(.seconds(600)))
    bench.shows(.closed, counter: 1, writes: ["failure: exit 1"])
    #expect(bench.breaker.totals.wouldTrip == 1)
    #expect(bench.breaker.lastHint?.asked == .seconds(600))
  }

  @Test("cb half-open ends it, and the next trip is an ordinary one")
  func halfOpened() throws {
    var bench = Bench()
    bench.end(try bench.start(), .failure, hint: .after(.seconds(600)))
    bench.halfOpen()
    bench.end(try bench.start(), .failure)
    #expect(bench.retryAfter == .seconds(60))
    bench.reset()
    #expect(bench.breaker.lastHint == nil)
  }

  @Test("with a window a hint opens before there are min-calls")
  func window() throws {
    var bench = Bench { $0.window = .runs(20) }
    bench.end(try bench.start(), .failure, hint: .after(.seconds(600)))
    #expect(bench.breaker.state == .open)
    #expect(bench.breaker.window.runs == [.failed])
  }
}
