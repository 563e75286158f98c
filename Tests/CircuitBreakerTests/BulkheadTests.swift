import CircuitBreaker
import TestSupport
import Testing

/// `max-concurrent`: places on leases, which no dead process keeps (docs/CONTRACT.md, "Settings").
struct BulkheadTests {
  private func bench(most: Int) -> Bench { Bench { $0.maxConcurrent = most } }

  @Test("one more than max-concurrent is rejected, and an end makes room", arguments: [1, 2, 7])
  func limit(most: Int) throws {
    var bench = bench(most: most)
    let permits = try (1...most).map { _ in try bench.start() }
    #expect(permits.allSatisfy { $0.hasLease && !$0.isTrial })
    #expect(bench.breaker.running == most && !bench.wouldAdmit)
    bench.ask()
    bench.shows(.closed, counter: 0, writes: ["rejected: \(most) running (max-concurrent)"])
    #expect(bench.rejection?.cause == .tooManyRunning(max: most))
    #expect(bench.breaker.totals.rejected == 1 && bench.breaker.running == most)
    bench.end(permits[0], .success)
    #expect(bench.wouldAdmit && bench.breaker.running == most - 1)
  }

  @Test("whatever a run ends as, its place is free", arguments: Outcome.allCases)
  func ends(outcome: Outcome) throws {
    var bench = bench(most: 1)
    for _ in 1...3 { try bench.run(outcome) }
    #expect(bench.breaker.running == 0)
    #expect(bench.breaker.totals.calls == 3)
  }

  @Test("a run that holds a place is never admitted without a trace, a plain one is")
  func traceless() {
    let bench = bench(most: 1)
    let request = AdmissionRequest(token: Token(1, 1), policy: bench.policy)
    #expect(bench.breaker.admitWithoutTrace(request) == nil)
    #expect(bench.breaker.admitWithoutTrace(AdmissionRequest(token: Token(1, 1), policy: Policy())) != nil)
    let permit = AdmissionRequest(token: Token(1, 1), policy: Policy(), kind: .permit)
    #expect(bench.breaker.admitWithoutTrace(permit) == nil)
  }

  @Test("a holder seen dead frees its place at once, and its failure is no verdict")
  func dead() throws {
    var bench = bench(most: 1)
    let permit = try bench.start()
    bench.apply(.lose([permit.token]))
    bench.shows(.closed, counter: 0, writes: ["lost: run lost"])
    #expect(bench.wouldAdmit && bench.breaker.totals.lost == 1)
    bench.end(permit, .failure)
    #expect(bench.last.effect == .stale && bench.breaker.failCounter == 0)
    bench.apply(.lose([permit.token]))
    #expect(bench.breaker.totals.lost == 1)  // lost once
  }

  @Test("a holder on a host that vanished frees its place after 15 s; one that renews keeps it")
  func vanished() throws {
    var bench = bench(most: 2)
    let (gone, alive) = (try bench.start(), try bench.start())
    for _ in 1...2 {
      bench.wait(.seconds(5))
      bench.apply(.renew(alive.token, term: Lease.term))
    }
    bench.wait(.ms(4999))
    #expect(!bench.wouldAdmit)
    bench.wait(.ms(1))
    #expect(bench.wouldAdmit)
    bench.ask()
    #expect(Set(bench.breaker.leases.map(\.token)).isDisjoint(with: [gone.token]))
    #expect(bench.breaker.running == 2 && !bench.wouldAdmit)
  }

  @Test("a run keeps its place across state changes and a reset, though its result is stale")
  func acrossChanges() throws {
    var bench = bench(most: 1)
    let permit = try bench.start()
    bench.open()
    bench.close()
    #expect(!bench.wouldAdmit)
    bench.reset()
    #expect(!bench.wouldAdmit && bench.breaker.running == 1)
    bench.end(permit, .failure)
    #expect(bench.last.effect == .stale && bench.wouldAdmit)
  }

  @Test("a trial needs a place too: while old runs fill them, an open circuit whose timeout is over stays open")
  func trialNeedsPlace() throws {
    var bench = bench(most: 1)
    bench.policy.failMax = 1
    let old = try bench.start()
    bench.open()
    for _ in 1...12 {
      bench.wait(.seconds(5))
      bench.apply(.renew(old.token, term: Lease.term))
    }
    bench.ask()
    bench.shows(.open, counter: 0, writes: ["rejected: 1 running (max-concurrent)"])
    bench.end(old, .success)
    #expect(try bench.start().isTrial)
  }

  @Test("one that asks without the limit is let in, and takes no place")
  func mixed() throws {
    var bench = bench(most: 1)
    _ = try bench.start()
    bench.policy.maxConcurrent = nil
    let plain = try bench.start()
    #expect(!plain.hasLease && bench.breaker.running == 1)
  }

  @Test("places agree with a plain reference under starts, ends, kills and vanishing hosts", arguments: 0..<150)
  func reference(seed: Int) throws {
    var random = SeededRandom(seed: seed)
    let most = random.int(1...5)
    var bench = bench(most: most)
    bench.policy.failMax = 1_000_000
    var held: [(permit: Permit, until: Timestamp)] = []
    var gone: [Permit] = []
    var lost = 0
    for step in 1...200 {
      gone += held.filter { $0.until <= bench.now }.map(\.permit)
      held.removeAll { $0.until <= bench.now }
      #expect(bench.wouldAdmit == (held.count < most), "seed \(seed), step \(step)")
      switch random.int(1...10) {
      case 1...4:
        bench.ask()
        if case .admitted(let permit) = bench.last.effect {
          #expect(held.count < most, "seed \(seed), step \(step)")
          held.append((permit, bench.now + Lease.term))
        } else {
          #expect(held.count == most, "seed \(seed), step \(step)")
        }
      case 5, 6:
        guard let index = held.indices.randomElement(using: &random) else { continue }
        bench.end(held.remove(at: index).permit, random.pick(Outcome.allCases))
        #expect(bench.last.effect != .stale, "seed \(seed), step \(step)")
      case 7:
        guard let index = held.indices.randomElement(using: &random) else { continue }
        bench.apply(.lose([held[index].permit.token]))
        gone.append(held.remove(at: index).permit)
      case 8:
        guard let index = held.indices.randomElement(using: &random) else { continue }
        bench.apply(.renew(held[index].permit.token, term: Lease.term))
        held[index].until = bench.now + Lease.term
      case 9: bench.wait(.ms(random.span(0...20_000)))
      default:
        guard let late = gone.popLast() else { continue }
        lost += 1
        bench.end(late, .failure)
        #expect(bench.last.effect == .stale, "seed \(seed), step \(step)")
        #expect(bench.breaker.totals.stale == lost, "seed \(seed), step \(step)")
      }
      var settled = bench.breaker
      settled.settle(at: bench.now)
      let left = held.filter { $0.until > bench.now }
      #expect(Set(settled.leases.map(\.token)) == Set(left.map(\.permit.token)), "seed \(seed), step \(step)")
    }
  }
}
