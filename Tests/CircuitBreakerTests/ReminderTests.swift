import CircuitBreaker
import Testing

/// `remind` (docs/CONTRACT.md, "Settings"): while open, the first rejected run after each such time, once for all.
struct ReminderTests {
  private func rejected(_ bench: inout Bench, mode: AdmissionMode = .enforce) -> Bool? {
    let step = bench.ask(mode: mode)
    return (bench.rejection ?? step.rejection)?.isReminder
  }

  @Test("the first rejection after each such time is one, counted from the last")
  func reminds() throws {
    var bench = Bench {
      $0.resetTimeout = .seconds(100_000)
      $0.remind = .seconds(3600)
    }
    try bench.trip()
    #expect(rejected(&bench) == false)
    bench.wait(.ms(3_599_999))
    #expect(rejected(&bench) == false)
    bench.wait(.ms(1))
    #expect(rejected(&bench) == true)
    #expect(rejected(&bench) == false)
    bench.wait(.seconds(5000))
    #expect(rejected(&bench) == true)
    bench.wait(.seconds(3599))
    #expect(rejected(&bench) == false)
    bench.wait(.seconds(1))
    #expect(rejected(&bench, mode: .observe) == true)
  }

  @Test("failed trials do not begin the time anew; only closing does")
  func outage() throws {
    var bench = Bench { $0.remind = .seconds(150) }
    try bench.trip()
    for _ in 1...2 {
      bench.wait(.seconds(60))
      try bench.run(.failure)
    }
    #expect(rejected(&bench) == false)
    bench.wait(.seconds(30))
    #expect(rejected(&bench) == true)
    bench.wait(.seconds(30))
    try bench.run(.success)
    bench.wait(.seconds(1000))
    try bench.trip()
    #expect(rejected(&bench) == false)
  }

  @Test("without the setting there is none, and none while half-open")
  func none() throws {
    var bench = Bench()
    try bench.trip()
    bench.wait(.seconds(59))
    #expect(rejected(&bench) == false)
    bench.policy.remind = .seconds(1)
    bench.wait(.seconds(1))
    _ = try bench.start()
    #expect(rejected(&bench) == false)
  }
}

/// "Who" (docs/CONTRACT.md, "Events"): what happens carries the process behind it.
struct CallerTests {
  private static let one = Caller(host: "web-1", pid: 11, user: "ann")
  private static let two = Caller(host: "web-2", pid: 22, user: "bob")

  @Test("failures, trips, rejections and lost places")
  func runs() throws {
    var bench = Bench { $0.failMax = 1 }
    bench.end(try bench.start(), .failure, caller: Self.one)
    #expect(bench.breaker.lastFailure?.caller == Self.one)
    bench.ask(caller: Self.two)
    #expect(bench.breaker.history.map(\.caller) == [Self.one, Self.one, Self.two])
    bench.wait(.seconds(60))
    bench.ask(caller: Self.two)
    let lease = try #require(bench.breaker.leases.first)
    #expect(lease.caller == Self.two && bench.breaker.heldPlace(of: lease) == .trial)
    bench.apply(.lose([lease.token]))
    #expect(bench.breaker.history.suffix(2).map(\.caller) == [Self.two, Self.two])
    #expect(bench.breaker.history.last?.kind == .lost)
    bench.record(.failure, caller: Self.one)
    #expect(bench.breaker.history.last?.caller == Self.one)
  }

  @Test("a trial of an earlier round holds a place")
  func places() throws {
    var bench = Bench()
    _ = try bench.startTrial()
    bench.halfOpen()
    let lease = try #require(bench.breaker.leases.first)
    #expect(bench.breaker.heldPlace(of: lease) == .place)
  }

  @Test("acts by hand, with what was asked for")
  func acts() throws {
    var bench = Bench()
    let action = ManualAction(by: "ann@web-1", reason: "deploy", caller: Self.one)
    bench.apply(.open(.held, action))
    #expect(bench.breaker.hold?.caller == Self.one && bench.breaker.hold?.since == bench.now)
    bench.apply(.close(.lasting(.seconds(90)), action))
    bench.apply(.halfOpen(action))
    let entry = SettingsChange.Entry(key: "on-event", values: ["open=mail"])
    bench.apply(
      .configure(
        SettingsChange(entries: [entry], policy: bench.policy, appliesToOpenCircuit: false, action: action)))
    #expect(
      bench.breaker.history.map(\.line) == [
        "manual closed -> open: deploy by ann@web-1, held",
        "manual open -> closed: deploy by ann@web-1, for 90s",
        "manual closed -> half-open: deploy by ann@web-1",
        "set on-event: deploy by ann@web-1",
      ])
    #expect(bench.breaker.history.allSatisfy { $0.caller == Self.one })
    bench.apply(.reset(action))
    #expect(bench.breaker.history.map(\.line) == ["reset half-open -> closed: deploy by ann@web-1"])
  }
}
