import CircuitBreaker
import Glibc
import Settings

@testable import cb

/// Breakers as an operator may have them, at one fixed time.
enum Fixtures {
  static let now = {
    // The clock of the host that draws the pictures is that of any.
    setenv("TZ", "UTC", 1)
    return RFC3339.parse("2026-11-23T15:17:26.123Z") ?? Timestamp(milliseconds: 0)
  }()

  static func ago(_ seconds: Int64) -> Timestamp { now + Span(milliseconds: -seconds * 1000) }

  static func row(
    _ name: String, _ settings: [(key: SettingKey, text: String)] = [], _ change: (inout Breaker) -> Void = { _ in }
  ) -> BreakerRow {
    var breaker = Breaker(id: 1)
    change(&breaker)
    guard let name = try? BreakerName(name) else { fatalError("a fixture's name is no name: \(name)") }
    return BreakerRow(name: name, breaker: breaker, settings: resolved(settings), now: now)
  }

  static func resolved(_ settings: [(key: SettingKey, text: String)]) -> ResolvedSettings {
    guard let resolved = try? ResolvedSettings(levels: [SettingsLevel(source: .stored, values: settings)]) else {
      fatalError("a fixture's settings do not hold: \(settings)")
    }
    return resolved
  }

  static func failed(_ breaker: inout Breaker, _ count: Int, _ reason: String, _ seconds: Int64) {
    breaker.failCounter = count
    breaker.lastFailure = Breaker.LastFailure(at: ago(seconds), reason: reason)
  }

  static func open(since seconds: Int64, for timeout: Int64?) -> Breaker.Phase {
    .open(
      Breaker.OpenPhase(
        since: ago(seconds), retryAt: timeout.map { ago(seconds) + .seconds($0) }, spread: 0, trips: 1))
  }

  static let dbBackup = row("db-backup", [(.failMax, "5"), (.resetTimeout, "60")]) { breaker in
    failed(&breaker, 5, "exit 1", 18)
    breaker.phase = open(since: 18, for: 60)
    breaker.generation = 4
    breaker.lastSuccess = ago(7200)
    breaker.streak = TripStreak(count: 2)
    breaker.totals.calls = 1284
    breaker.totals.successes = 1266
    breaker.totals.failures = 17
    breaker.totals.excluded = 1
    breaker.totals.rejected = 12
    breaker.totals.trips = 3
    breaker.recent =
      Array(repeating: .success, count: 30) + [.failure] + Array(repeating: .success, count: 20)
      + [.excluded, .success, .ignored, .success] + Array(repeating: .failure, count: 5)
  }

  static let events: [HistoryEntry] = [
    HistoryEntry(
      sequence: 60, at: ago(86_400), kind: .manual, from: .open, to: .closed, reason: "replica is back",
      by: "alice@web1"),
    HistoryEntry(sequence: 61, at: ago(7300), kind: .lost, reason: "run lost"),
    HistoryEntry(sequence: 62, at: ago(22), kind: .failure, reason: "exit 1"),
    HistoryEntry(sequence: 63, at: ago(21), kind: .failure, reason: "SIGKILL"),
    HistoryEntry(sequence: 64, at: ago(18), kind: .failure, reason: "exit 1"),
    HistoryEntry(
      sequence: 65, at: ago(18), kind: .stateChange, from: .closed, to: .open,
      reason: "5 failures in a row (exit 1)"),
    HistoryEntry(sequence: 66, at: ago(9), kind: .rejected, reason: "circuit open"),
  ]

  static let maintenance = row("mail", [(.maxConcurrent, "3"), (.excludeIf, "grep -q 'try later'")]) { breaker in
    breaker.phase = open(since: 3600, for: nil)
    breaker.hold = Breaker.Hold(state: .open, until: nil, reason: "maintenance\u{1B}[2J window", by: "root@web1")
    breaker.generation = 2
  }

  static let probing = row("search", [(.successThreshold, "3"), (.halfOpenMax, "2")]) { breaker in
    breaker.phase = .halfOpen(successes: 1)
    failed(&breaker, 5, "timeout", 75)
    breaker.generation = 3
    for index in 0..<2 {
      breaker.leases.append(
        Lease(
          token: Token(0, UInt64(index)), kind: .run, role: .trial, generation: 3, since: ago(1),
          expires: now + .seconds(14), holder: nil))
    }
  }

  /// All kinds of rows, sorted by name as every view has them.
  static let rows: [BreakerRow] =
    [
      dbBackup, maintenance, probing,
      row("api-gateway") { $0.lastSuccess = ago(4) },
      row("a-breaker-whose-name-was-made-by-a-generator-and-is-longer-than-any-column-17") {
        failed(&$0, 2, "exit 127 (not found)", 200_000)
        $0.lastSuccess = ago(90)
      },
      row("relay") {
        $0.hold = Breaker.Hold(state: .closed, until: now + .seconds(1800), reason: nil, by: "bob@web2")
        failed(&$0, 9, "SIGTERM", 3)
      },
      row("rate", [(.window, "20"), (.failureRate, "75%")]) { breaker in
        for index in 0..<15 { breaker.window.runs.append(index % 3 == 0 ? .failed : []) }
        failed(&breaker, 1, "exit 1", 30)
        breaker.lastSuccess = ago(12)
      },
      row("due") { breaker in
        failed(&breaker, 5, "slow (1m10s)", 61)
        breaker.phase = open(since: 61, for: 60)
      },
      row("日本語のバックアップ") { $0.lastSuccess = ago(5) },
      row("é-decomposed") { $0.lastSuccess = ago(5) },
      row("family-👨‍👩‍👧-job") { failed(&$0, 1, "exit 1", 8) },
      row("גיבוי-מסד") { failed(&$0, 3, "exit 2", 59) },
      row("نسخ-احتياطي") { $0.lastSuccess = ago(3600) },
      row("override\u{202E}gpj") { $0.lastSuccess = ago(1) },
    ].sorted { $0.name < $1.name }

  static let statusRows = rows.map { StatusRow($0) }

  /// As many as an operator of a fleet has.
  static let fleet = (1...120).map { number in
    StatusRow(
      row("job-\(number)") { breaker in
        breaker.lastSuccess = ago(Int64(number))
        if number % 40 == 0 {
          failed(&breaker, 5, "exit 1", 10)
          breaker.phase = open(since: 10, for: 60)
        }
      })
  }.sorted { $0.breaker < $1.breaker }

  static func terminal(_ columns: Int, color: Bool = false, unicode: Bool = true) -> OutputStyle {
    OutputStyle(columns: columns, isColored: color, isUnicode: unicode, isForEyes: true, takesEscapes: true)
  }
}
