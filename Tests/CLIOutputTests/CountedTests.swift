import CircuitBreaker
import Settings
import Testing

@testable import cb

@Suite struct CountedTests {
  @Test(arguments: [(0, "0 failures"), (1, "1 failure"), (2, "2 failures"), (11, "11 failures")])
  func `a noun is plural but for 1`(count: Int, text: String) {
    #expect(counted(count, "failure") == text)
  }

  @Test(arguments: [
    (1, "after 1 failure (last: exit 1"), (3, "after 3 failures in a row (last: exit 1"),
  ])
  func `a circuit that an older version opened tells its failures`(count: Int, text: String) {
    let row = Fixtures.row("db") { breaker in
      breaker.phase = Fixtures.open(since: 5, for: 60)
      if case .open(var open) = breaker.phase {
        open.reason = nil
        breaker.phase = .open(open)
      }
      Fixtures.failed(&breaker, count, "exit 1", 5)
    }
    let sentence = StatusSentence(row: row).text
    #expect(holds(sentence, text), "\(sentence)")
  }

  @Test(arguments: [(1, "1 of 1 run failed"), (2, "2 of 2 runs failed")])
  func `a window tells its runs`(count: Int, text: String) {
    let row = Fixtures.row("db", [(.window, "20")]) { breaker in
      for _ in 0..<count { _ = breaker.window.add(.failed, size: .runs(20), at: Fixtures.now) }
      Fixtures.failed(&breaker, count, "exit 1", 5)
    }
    let sentence = StatusSentence(row: row).text
    #expect(holds(sentence, text), "\(sentence)")
  }
}
