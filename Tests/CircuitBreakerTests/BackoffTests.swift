import CircuitBreaker
import TestSupport
import Testing

/// `reset-backoff`, `reset-max`, `jitter`, and the streak of trips that decays in health (docs/CONTRACT.md, "Settings").
struct BackoffTests {
  /// Trips once, from closed or with a failing trial, and says how long the circuit then stays open.
  private func trip(_ bench: inout Bench) throws -> Span? {
    try bench.run(.failure)
    #expect(bench.breaker.state == .open)
    return bench.retryAfter
  }

  @Test("each trip in a row multiplies the reset timeout, up to reset-max")
  func multiplies() throws {
    var bench = Bench {
      $0.failMax = 1
      $0.resetTimeout = .seconds(10)
      $0.resetBackoff = 2
      $0.resetMax = .seconds(100)
    }
    for (trips, seconds) in [10, 20, 40, 80, 100, 100, 100].enumerated() {
      #expect(try trip(&bench) == .seconds(Int64(seconds)))
      #expect(bench.breaker.streak.current(at: bench.now) == trips + 1)
      bench.wait(.seconds(Int64(seconds)))
    }
  }

  @Test("a factor of one changes nothing, and reset-max never makes it shorter than reset-timeout")
  func factorOne() throws {
    for backoff in [1.0, 3] {
      var bench = Bench {
        $0.failMax = 1
        $0.resetTimeout = .seconds(7200)
        $0.resetBackoff = backoff
        $0.resetMax = .seconds(60)
      }
      for _ in 1...5 {
        #expect(try trip(&bench) == .seconds(7200))
        bench.wait(.seconds(7200))
      }
    }
  }

  @Test("a fractional factor grows as its powers do")
  func fraction() throws {
    var bench = Bench {
      $0.failMax = 1
      $0.resetTimeout = .seconds(100)
      $0.resetBackoff = 1.5
      $0.resetMax = .seconds(1_000_000)
    }
    var exact = 100_000.0
    for _ in 1...15 {
      let span = try #require(try trip(&bench))
      #expect(abs(Double(span.milliseconds) - exact) <= exact / 10_000)
      exact *= 1.5
      bench.wait(span)
    }
  }

  @Test("thousands of trips in a row reach the cap and no trap")
  func manyTrips() throws {
    for (backoff, longest) in [(1000.0, Span.ms(3_155_760_000_000)), (1.001, .seconds(120))] {
      var bench = Bench {
        $0.failMax = 1
        $0.resetBackoff = backoff
        $0.resetMax = longest
      }
      for _ in 1...3000 { bench.wait(try #require(try trip(&bench))) }
      #expect(try trip(&bench) == longest)
    }
  }

  @Test("jitter only adds, up to its share of the reset timeout, also beyond reset-max", arguments: [0, 0.25, 0.999])
  func jitterAdds(draw: Double) throws {
    var bench = Bench {
      $0.failMax = 1
      $0.resetTimeout = .seconds(100)
      $0.resetBackoff = 10
      $0.resetMax = .seconds(200)
      $0.jitter = 0.5
    }
    bench.draw = draw
    #expect(try trip(&bench) == Span.seconds(100).stretched(by: 1 + 0.5 * draw))
    bench.wait(.seconds(150))
    #expect(try trip(&bench) == Span.seconds(200).stretched(by: 1 + 0.5 * draw))
  }

  @Test("jitter is drawn once a trip and stored: all askers agree, and looking or asking again draws no more")
  func jitterIsStored() throws {
    var bench = Bench {
      $0.failMax = 1
      $0.jitter = 1
    }
    bench.draw = 0.5
    try bench.run(.failure)
    #expect(bench.retryAfter == .seconds(90))
    bench.draw = 0.9
    bench.policy.jitter = 0
    bench.policy.resetTimeout = .seconds(1)
    for _ in 1...5 { bench.ask() }
    #expect(bench.retryAfter == .seconds(90))
    bench.policy = Policy()
    bench.policy.resetTimeout = .seconds(10)
    bench.policy.jitter = 0.2
    bench.policy.isResetTimeoutCallersOwn = true  // one with its own timeout still shares the draw
    #expect(bench.retryAfter == .seconds(11))
  }

  @Test("the jitter of many draws spreads over its whole range")
  func jitterSpreads() throws {
    var random = SeededRandom(seed: 5)
    var spans: [Int64] = []
    for _ in 1...500 {
      var bench = Bench {
        $0.failMax = 1
        $0.jitter = 0.2
      }
      bench.draw = random.unit()
      spans.append(try #require(try trip(&bench)).milliseconds)
    }
    #expect(spans.allSatisfy { (60_000...72_000).contains($0) })
    #expect(spans.min()! < 60_600 && spans.max()! > 71_400)
  }

  @Test("opening by hand takes the plain reset timeout: no backoff, no jitter, no trip", arguments: [true, false])
  func byHand(afterTrips: Bool) throws {
    var bench = Bench {
      $0.failMax = 1
      $0.resetBackoff = 2
      $0.jitter = 1
    }
    bench.draw = 0.9
    if afterTrips {
      for _ in 1...3 { bench.wait(try #require(try trip(&bench))) }
    }
    let streak = bench.breaker.streak.count
    bench.open()
    #expect(bench.retryAfter == .seconds(60))
    #expect(bench.breaker.streak.count == streak)
  }

  // MARK: The streak

  @Test("the streak loses one for each full reset timeout in health, not all on the first success")
  func decays() throws {
    var bench = Bench {
      $0.failMax = 1
      $0.resetTimeout = .seconds(10)
      $0.resetBackoff = 2
    }
    for _ in 1...4 { bench.wait(try #require(try trip(&bench))) }
    try bench.run(.success)
    let closed = bench.breaker
    for (wait, left) in [
      (0, 4), (9_999, 4), (10_000, 3), (19_999, 3), (20_000, 2), (39_999, 1), (40_000, 0), (90_000, 0),
    ] {
      bench.breaker = closed
      let at = bench.now + .ms(Int64(wait))
      #expect(bench.breaker.streak.current(at: at) == left, "after \(wait) ms")
      var later = bench
      later.now = at
      #expect(try trip(&later) == .seconds(10 << Int64(left)), "after \(wait) ms")
    }
  }

  @Test("cb close and cb reset clear the streak, from any state")
  func cleared() throws {
    for state in CircuitState.allCases {
      for reset in [true, false] {
        var bench = Bench {
          $0.failMax = 1
          $0.resetBackoff = 2
        }
        for _ in 1...3 { bench.wait(try #require(try trip(&bench))) }
        if state == .open { _ = try trip(&bench) }
        if state == .halfOpen { _ = try bench.start() }
        if state == .closed { try bench.run(.success) }
        #expect(bench.breaker.state == state && bench.breaker.streak.current(at: bench.now) >= 3)
        if reset { bench.reset() } else { bench.close() }
        #expect(bench.breaker.streak == TripStreak())
        #expect(try trip(&bench) == .seconds(60))
      }
    }
  }

  @Test("a time of health that ends with cb half-open or cb open counts up to then")
  func healthEndsByHand() throws {
    for opens in [true, false] {
      var bench = Bench {
        $0.failMax = 1
        $0.resetTimeout = .seconds(10)
      }
      for _ in 1...4 { bench.wait(try #require(try trip(&bench))) }
      try bench.run(.success)
      bench.wait(.seconds(25))
      if opens { bench.open() } else { bench.halfOpen() }
      #expect(bench.breaker.streak.current(at: bench.now + .seconds(1000)) == 2)
    }
  }

  @Test("trips, decay and cap agree with a plain reference over long lives", arguments: 0..<150)
  func reference(seed: Int) throws {
    var random = SeededRandom(seed: seed)
    let (base, factor) = (random.span(1...100), random.int(1...4))
    let longest = random.span(1...(random.chance(30) ? base : 4000))  // a cap below the reset timeout caps nothing
    var bench = Bench {
      $0.failMax = 1
      $0.resetTimeout = .seconds(base)
      $0.resetBackoff = Double(factor)
      $0.resetMax = .seconds(longest)
    }
    var trips = 0  // in a row
    var healthy: Timestamp?
    for step in 1...80 {
      if random.chance(60) {
        // Health, told by counting it off one reset timeout after the other.
        while let since = healthy, trips > 0, since + .seconds(base) <= bench.now {
          trips -= 1
          healthy = since + .seconds(base)
        }
        healthy = nil
        trips += 1
        var seconds = base
        for _ in 1..<trips where factor > 1 && seconds < max(base, longest) { seconds *= Int64(factor) }
        if factor > 1 && trips > 1 { seconds = min(seconds, max(base, longest)) }
        #expect(try trip(&bench) == .seconds(seconds), "seed \(seed), step \(step)")
        #expect(bench.breaker.streak.count == trips, "seed \(seed), step \(step)")
        bench.wait(.seconds(seconds + random.span(0...5)))
      } else {
        let wasClosed = bench.breaker.state == .closed
        try bench.run(.success)
        if !wasClosed { healthy = bench.now }
        bench.wait(.seconds(random.span(0...3 * base)))
      }
    }
  }
}
