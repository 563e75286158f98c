import CircuitBreaker
import TestSupport
import Testing

/// `window`, by count and by time, against a plain reference: the list of all runs.
struct WindowTests {
  private struct Ended {
    var at: Timestamp
    var run: RunWindow.Mark
  }

  private func tally(_ runs: some Sequence<Ended>) -> RunWindow.Tally {
    var tally = RunWindow.Tally()
    for ended in runs {
      tally.calls += 1
      if ended.run.contains(.failed) { tally.failures += 1 }
      if ended.run.contains(.slow) { tally.slow += 1 }
    }
    return tally
  }

  private func draw(_ random: inout SeededRandom) -> RunWindow.Mark {
    RunWindow.Mark(rawValue: UInt8(random.int(0...3)))
  }

  @Test("a window by count holds exactly the last runs", arguments: 0..<60)
  func byCount(seed: Int) {
    var random = SeededRandom(seed: seed)
    let count = seed % 4 == 0 ? 1 : random.int(1...50)
    var window = RunWindow()
    var all: [Ended] = []
    var now = Timestamp.start
    for _ in 1...300 {
      now = now + .ms(random.chance(10) ? random.span(0...10_000_000_000) : 0)  // time plays no part
      all.append(Ended(at: now, run: draw(&random)))
      let held = window.add(all.last!.run, size: .runs(count), at: now)
      #expect(held == tally(all.suffix(count)), "seed \(seed)")
      #expect(window.runs.count <= count && window.slices.isEmpty, "seed \(seed)")
    }
  }

  /// The exactness: with a span T, a run that ended at t counts while now - t < T, and may go on to count for less
  /// than T + T/60 (and one millisecond, where T/60 is less than that).
  @Test("a run leaves a window by time at most a sixtieth of it late, and never early", arguments: 0..<80)
  func byTime(seed: Int) {
    var random = SeededRandom(seed: seed)
    let span = Span.ms(
      random.pick([100, 119, 179, 1000, 3599, 60_000, 3_600_000, 3_600_001, random.span(100...90_000)]))
    let late = Span.ms(max(1, span.milliseconds / 60))
    // From a handful of runs in each slice to a slice for each run: a slice straddles the window's end most of the time.
    let dense = max(1, span.milliseconds / random.pick([200, 60, 20]))
    var window = RunWindow()
    var all: [Ended] = []
    var now = Timestamp.start
    for _ in 1...250 {
      switch random.int(1...20) {
      case 1: now = now + .ms(random.span(0...2 * span.milliseconds))
      case 2: now = now + late
      case 3: now = now + span
      case 4...8: break
      default: now = now + .ms(random.span(0...dense))
      }
      all.append(Ended(at: now, run: draw(&random)))
      let held = window.add(all.last!.run, size: .time(span), at: now)
      check(held, all, span, late, now, seed)
      let later = now + .ms(random.span(0...span.milliseconds + 2 * late.milliseconds))
      check(window.tally(size: .time(span), at: later), all, span, late, later, seed)
      all.removeAll { now - $0.at > .ms(3 * span.milliseconds) }
      #expect(window.slices.count <= (span < .seconds(4) ? 120 : 62), "seed \(seed)")
    }
  }

  private func check(
    _ held: RunWindow.Tally, _ all: [Ended], _ span: Span, _ late: Span, _ now: Timestamp, _ seed: Int
  ) {
    let atLeast = tally(all.filter { now - $0.at < span })
    let atMost = tally(all.filter { now - $0.at < .ms(span.milliseconds + late.milliseconds) })
    let isExact =
      (atLeast.calls...atMost.calls).contains(held.calls)
      && (atLeast.failures...atMost.failures).contains(held.failures)
      && (atLeast.slow...atMost.slow).contains(held.slow)
    #expect(isExact, "seed \(seed), span \(span): \(atLeast) <= \(held) <= \(atMost)")
  }

  @Test("memory stays bounded however many runs there are, and a window of 10,000 keeps no more")
  func bounded() {
    var window = RunWindow()
    var now = Timestamp.start
    for _ in 1...12_000 {
      now = now + .ms(400)
      _ = window.add(.failed, size: .time(.seconds(3600)), at: now)
    }
    #expect(window.slices.count <= 62)
    #expect(window.tally(size: .time(.seconds(3600)), at: now).calls >= 9000)
    window.runs = Array(repeating: .failed, count: 9_999)
    for calls in [10_000, 10_000, 10_000] {
      #expect(window.add([], size: .runs(10_000), at: now).calls == calls)
    }
    #expect(window.runs.count == 10_000 && window.slices.isEmpty)
  }

  @Test("a long silence empties a window by time at the next run")
  func silence() {
    var window = RunWindow()
    for _ in 1...10 { _ = window.add(.failed, size: .time(.seconds(60)), at: .start) }
    let held = window.add([], size: .time(.seconds(60)), at: .start + .seconds(61))
    #expect(held == RunWindow.Tally(calls: 1, failures: 0, slow: 0))
  }

  // MARK: In the breaker

  @Test("by rate the circuit opens exactly when the list of all runs says so", arguments: 0..<80)
  func opensByCount(seed: Int) throws {
    var random = SeededRandom(seed: 1000 + seed)
    let (size, least) = (random.int(1...20), random.int(1...10))
    let percent = random.int(1...100)
    let slowPercent = random.int(1...100)
    let isSlowWatched = random.chance(50)
    var bench = Bench {
      $0.window = .runs(size)
      $0.minCalls = least
      $0.failureRate = Double(percent) / 100
      if isSlowWatched { $0.slowAfter = .seconds(1) }
      $0.slowRate = Double(slowPercent) / 100
    }
    var runs: [(failed: Bool, slow: Bool)] = []
    let failing = random.int(5...95)
    for step in 1...200 {
      let outcome: Outcome = random.chance(failing) ? .failure : random.pick([.success, .excluded, .ignored])
      let slow = random.chance(30)
      try bench.run(outcome, duration: slow ? .ms(1001) : .seconds(1))
      if outcome != .ignored { runs.append((outcome == .failure, slow)) }
      let held = runs.suffix(size)
      let enough = held.count >= min(least, size) && outcome != .ignored
      // In whole numbers, so that the reference has no rounding of its own.
      let byFailures = outcome == .failure && held.count { $0.failed } * 100 >= percent * held.count
      let bySlowness = isSlowWatched && slow && held.count { $0.slow } * 100 >= slowPercent * held.count
      let opens = enough && (byFailures || bySlowness)
      #expect((bench.breaker.state == .open) == opens, "seed \(seed), step \(step)")
      if opens { break }
    }
  }

  @Test(
    "3 of 10 reaches 30%, 29 of 100 reaches 29%, whatever these are in binary",
    arguments: [
      (3, 10, 0.3), (29, 100, 0.29), (1, 3, 0.333), (7, 10, 0.7), (57, 100, 0.57), (10, 10, 1.0), (1, 100, 0.01),
    ])
  func edges(part: Int, whole: Int, rate: Double) throws {
    for short in [0, 1] {
      var bench = Bench {
        $0.window = .runs(whole)
        $0.minCalls = whole
        $0.failureRate = rate
      }
      for _ in 0..<(whole - part + short) { try bench.run(.success) }
      for _ in 0..<(part - short) { try bench.run(.failure) }
      #expect(bench.breaker.state == (short == 0 ? .open : .closed))
      #expect(bench.breaker.failCounter == part - short)
    }
  }

  @Test("fewer runs than min-calls never open, and fail-max plays no part beside a window")
  func minCalls() throws {
    var bench = Bench {
      $0.window = .time(.seconds(3600))
      $0.failMax = 1
      $0.minCalls = 10
    }
    for _ in 1...9 { try bench.run(.failure) }
    bench.shows(.closed, counter: 9, writes: ["failure: exit 1"])
    try bench.run(.failure)
    #expect(bench.last.transitions.map(\.line) == ["closed -> open: 10 of 10 runs failed (exit 1)"])
  }

  @Test("failures that left the window by time do not open")
  func leftTheWindow() throws {
    var bench = Bench {
      $0.window = .time(.seconds(60))
      $0.minCalls = 4
    }
    for _ in 1...3 { try bench.run(.failure) }
    bench.wait(.seconds(61))
    for _ in 1...3 { try bench.run(.failure) }
    #expect(bench.breaker.state == .closed)
    try bench.run(.failure)
    #expect(bench.breaker.state == .open)
  }

  @Test("a closed circuit begins with an empty window", arguments: [true, false])
  func freshAfterClosing(byHand: Bool) throws {
    var bench = Bench {
      $0.window = .runs(10)
      $0.minCalls = 2
    }
    try bench.trip()
    if byHand {
      bench.close()
    } else {
      bench.wait(.seconds(60))
      try bench.run(.success)
    }
    #expect(bench.breaker.state == .closed && bench.breaker.window.isEmpty)
    try bench.run(.failure)
    #expect(bench.breaker.state == .closed)
  }

  @Test("slow-rate opens; slow is longer than slow-after, not as long")
  func slowRate() throws {
    var bench = Bench {
      $0.window = .runs(4)
      $0.minCalls = 4
      $0.slowAfter = .seconds(1)
      $0.slowRate = 0.5
    }
    try bench.run(.success, .success, .success, duration: .seconds(1))
    try bench.run(.success, duration: .ms(1001))
    #expect(bench.breaker.state == .closed && bench.breaker.totals.slow == 1)
    try bench.run(.success, duration: .seconds(9))
    #expect(bench.last.transitions.map(\.line) == ["closed -> open: 2 of 4 runs were slow"])
    #expect(bench.breaker.totals.failures == 0 && bench.breaker.totals.successes == 5)
  }

  @Test("without a window a slow success counts as a failure, a slow excluded or ignored run as what it was")
  func slowWithoutWindow() throws {
    var bench = Bench {
      $0.failMax = 2
      $0.slowAfter = .seconds(1)
    }
    try bench.run(.success, duration: .ms(1500))
    bench.shows(.closed, counter: 1, writes: ["failure: slow (1.5s)"])
    #expect(bench.breaker.totals.successes == 0 && bench.breaker.totals.failures == 1)
    try bench.run(.ignored, duration: .seconds(9))
    #expect(bench.breaker.failCounter == 1)
    try bench.run(.success, duration: .seconds(1))
    #expect(bench.breaker.failCounter == 0)
    try bench.run(.failure, duration: .seconds(9))
    try bench.run(.excluded, duration: .seconds(9))
    bench.shows(.closed, counter: 0)
    #expect(bench.breaker.totals.slow == 3)
    bench.end(try bench.startTrial(), .success, duration: .seconds(2))
    #expect(bench.breaker.state == .open)  // a slow trial failed
  }
}
