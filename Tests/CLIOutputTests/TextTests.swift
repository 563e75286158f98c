import BreakerStore
import CircuitBreaker
import JSON
import Settings
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
        "to":"closed","reason":"replica is back","by":"alice@web1","hold":false,"for":null,"keys":[],"host":null,\
        "pid":null,"user":null}
        """)
  }

  @Test func `who was behind it is shown once, and what was asked for`() {
    let ann = Caller(host: "web-3", pid: 4711, user: "ann")
    func text(_ kind: HistoryEntry.Kind, by: String? = nil, _ change: (inout HistoryEntry) -> Void) -> String {
      var entry = HistoryEntry(sequence: 1, at: Fixtures.now, kind: kind, by: by, caller: ann)
      change(&entry)
      return String(EventText.line(nil, entry, .pipe).dropFirst(22))
    }
    #expect(text(.failure) { $0.reason = "exit 1" } == "failure       exit 1  ann@web-3[4711]")
    let held = text(.manual, by: "ann@web-3") {
      ($0.from, $0.to, $0.isHold) = (.open, .open, true)
    }
    #expect(held == "manual        open, held (by ann@web-3[4711])")
    let lasting = text(.manual, by: "ann@web-3") {
      ($0.from, $0.to, $0.lasting, $0.reason) = (.closed, .open, .seconds(7200), "disk swap")
    }
    #expect(lasting == "manual        closed -> open, held for 2h (by ann@web-3[4711]: disk swap)")
    let set = text(.set, by: "bob@web-3") { $0.keys = ["fail-max", "on-event"] }
    #expect(set == "set           by bob@web-3: fail-max, on-event  ann@web-3[4711]")
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
    var metrics = MetricsText(store: "file://web-3/var/lib/cb")
    metrics.add(Fixtures.dbBackup)
    metrics.add(Fixtures.maintenance)
    expectGolden("metrics", metrics.finish())
  }

  @Test func `a store that is down is all there is to tell`() {
    let lines = MetricsText.storeDown("redis://db:6379").split(separator: "\n")
    #expect(lines.last == "cb_store_up{store=\"redis://db:6379\"} 0")
    #expect(lines.count == 6)
  }

  @Test func `a rate, places, a hold and settings have samples where there are any`() {
    var metrics = MetricsText(store: "s", showsSettings: true)
    for row in Fixtures.rows { metrics.add(row) }
    let text = metrics.finish()
    #expect(holds(text, "cb_window_failure_ratio{store=\"s\",breaker=\"rate\"} 0.3333333333333333\n"))
    #expect(!holds(text, "cb_window_failure_ratio{store=\"s\",breaker=\"due\"}"))
    #expect(holds(text, "cb_running{store=\"s\",breaker=\"mail\"} 0\n"))
    #expect(!holds(text, "cb_running{store=\"s\",breaker=\"due\"}"))
    #expect(holds(text, "cb_held{store=\"s\",breaker=\"relay\",state=\"closed\"} 1\n"))
    #expect(holds(text, "cb_rejecting{store=\"s\",breaker=\"due\"} 0\n"))
    #expect(holds(text, "cb_rejecting{store=\"s\",breaker=\"db-backup\"} 1\n"))
    #expect(holds(text, "cb_settings{store=\"s\",breaker=\"rate\",key=\"failure-rate\"} 0.75\n"))
  }

  @Test func `durations are a histogram of 12 buckets from 100 ms to 8 h, each with all that are shorter`() {
    var metrics = MetricsText(store: "s")
    metrics.add(
      Fixtures.row("job") { breaker in
        for span in [Span(milliseconds: 100), Span(milliseconds: 101), .seconds(28800), .seconds(28801)] {
          breaker.durations.add(span)
        }
      })
    let lines = metrics.finish().split(separator: "\n").filter { $0.hasPrefix("cb_run_duration_seconds") }
    #expect(lines.count == 15)
    let values = lines.map { line in line.split(separator: "breaker=\"job\"").last.map(String.init) ?? "" }
    #expect(values[0] == ",le=\"0.1\"} 1")
    #expect(values[1] == ",le=\"0.5\"} 2")
    #expect(values[11] == ",le=\"28800\"} 3")
    #expect(values[12] == ",le=\"+Inf\"} 4")
    #expect(values[13] == "} 57601.201")
    #expect(values[14] == "} 4")
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
          StoreCheck("configuration", .ok, "no file; the defaults have effect"),
          StoreCheck("locks", .warning, "odd\u{1B}[2J", advice: "look"),
          StoreCheck("writing", .failure, "cannot write", advice: "free some space"),
        ], .notGuarded, .pipe))
  }

  @Test func `what the checks come to depends on what a run does where the store fails`() {
    func conclusion(_ policy: StoreErrorPolicy, hasStandIn: Bool = true, faults: Int = 0) -> DoctorConclusion {
      DoctorConclusion(isStoreFailed: true, settingFaults: faults, policy: policy, hasStandIn: hasStandIn)
    }
    #expect(conclusion(.local) == .guardedHere)
    #expect(conclusion(.local, faults: 1) == .guardedHere)
    #expect(conclusion(.local, hasStandIn: false) == .notGuarded)
    #expect(conclusion(.run) == .notGuarded)
    #expect(conclusion(.reject) == .notStarted)
    let sound = DoctorConclusion(isStoreFailed: false, settingFaults: 1, policy: .local, hasStandIn: true)
    #expect(sound == .settingsLeftOut)
  }

  @Test func `a misspelt setting is told from one that is known, and those in force are listed`() {
    let checks = EnvironmentCheck.checks(["CB_FAIL_MAXX", "CB_STORE", "PATH", "CB_FAIL_MAX"]) { _ in "3" }
    #expect(checks.map(\.verdict) == [.ok, .warning])
    #expect(checks[0].seen == "CB_FAIL_MAX=3, CB_STORE")
    #expect(holds(checks[1].seen, "did you mean CB_FAIL_MAX?"))
  }

  @Test func `a setting out of range is a failure`() {
    let checks = EnvironmentCheck.checks(["CB_FAIL_MAX"]) { _ in "0" }
    #expect(checks.map(\.verdict) == [.ok, .failure])
    #expect(checks[0].seen == "no settings")
  }

  @Test func `variables that cb gives to commands are known`() {
    #expect(EnvironmentCheck.checks(["CB_BREAKER", "CB_STATE", "CB_EVENT"]) { _ in "x" }.map(\.verdict) == [.ok])
  }
}
