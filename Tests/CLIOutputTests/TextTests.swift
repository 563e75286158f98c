import BreakerStore
import CircuitBreaker
import JSON
import Testing

@testable import cb

@Suite struct HistoryTextTests {
  @Test func `a line of each kind`() {
    let text = Fixtures.events.map { EventText.line(Fixtures.dbBackup.name, width: 9, $0, .pipe) + "\n" }.joined()
    expectGolden("history", text)
  }

  @Test func `an event as JSON has every key`() {
    #expect(
      String(decoding: EventText.json(Fixtures.dbBackup.name, Fixtures.events[0]).bytes(.compact), as: UTF8.self)
        == """
        {"at":"2026-11-22T15:17:26.123Z","breaker":"db-backup","sequence":60,"kind":"manual","from":"open",\
        "to":"closed","reason":"replica is back","by":"alice@web1"}
        """)
  }

  @Test func `histories are merged by time, and never against their own order`() throws {
    let a = try BreakerName("a")
    let b = try BreakerName("b")
    func entry(_ sequence: Int, _ seconds: Int64) -> HistoryEntry {
      HistoryEntry(sequence: sequence, at: Fixtures.ago(seconds), kind: .failure)
    }
    // The clock was set back between b's second and third event.
    let merged = HistoryMerge.merge([
      (a, [entry(1, 50), entry(2, 40), entry(3, 10)]), (b, [entry(1, 45), entry(2, 20), entry(3, 48), entry(4, 5)]),
    ])
    #expect(merged.map { "\($0.name)\($0.entry.sequence)" } == ["a1", "b1", "a2", "b2", "b3", "a3", "b4"])
  }
}

@Suite struct MetricsTextTests {
  @Test func `all families with their samples`() {
    var metrics = MetricsText()
    metrics.add(Fixtures.dbBackup)
    metrics.add(Fixtures.maintenance)
    expectGolden("metrics", metrics.finish())
  }

  @Test func `a store that is down is all there is to tell`() {
    #expect(MetricsText.storeDown.split(separator: "\n").last == "cb_store_up 0")
    #expect(MetricsText.storeDown.split(separator: "\n").count == 3)
  }

  @Test func `labels are escaped`() {
    #expect(MetricsText.escape("plain-日本語") == "plain-日本語")
    #expect(MetricsText.escape(#"a"b\c"#) == #"a\"b\\c"#)
  }
}

@Suite struct DoctorTextTests {
  @Test func `a check says what was seen and what to do`() {
    expectGolden(
      "doctor",
      DoctorText.text(
        [
          StoreCheck("configuration", .ok, "no file; the defaults hold"),
          StoreCheck("locks", .warning, "odd\u{1B}[2J", advice: "look"),
          StoreCheck("writing", .failure, "cannot write", advice: "free some space"),
        ], .pipe))
  }

  @Test func `a misspelt setting is told from one that is known`() {
    let checks = EnvironmentCheck.checks(["CB_FAIL_MAXX", "CB_STORE", "PATH", "CB_FAIL_MAX"]) { _ in "3" }
    #expect(checks.count == 1)
    #expect(checks[0].verdict == .warning)
    #expect(holds(checks[0].seen, "CB_FAIL_MAX?"))
  }

  @Test func `a setting out of range is a failure`() {
    let checks = EnvironmentCheck.checks(["CB_FAIL_MAX"]) { _ in "0" }
    #expect(checks.map(\.verdict) == [.failure])
  }

  @Test func `variables that cb gives to commands are known`() {
    #expect(EnvironmentCheck.checks(["CB_BREAKER", "CB_STATE", "CB_EVENT"]) { _ in "x" }.map(\.verdict) == [.ok])
  }
}
