import CircuitBreaker
import Settings
import Testing

@testable import cb

@Suite struct StatusTests {
  @Test(arguments: [80, 200, 60, 40])
  func `the table fits the terminal`(columns: Int) {
    let text = StatusTable.text(Fixtures.statusRows, Fixtures.terminal(columns))
    expectGolden("status-\(columns)", text)
    for line in text.split(separator: "\n") {
      #expect(DisplayWidth.of(visible(String(line))) <= columns, "\(line)")
    }
  }

  @Test(arguments: 20...200)
  func `at every width no line is too long and every state is whole`(columns: Int) {
    for unicode in [true, false] {
      let text = StatusTable.text(Fixtures.statusRows, Fixtures.terminal(columns, unicode: unicode))
      let lines = text.split(separator: "\n").map { visible(String($0)) }
      for line in lines where columns >= 24 { #expect(DisplayWidth.of(line) <= columns, "\(line)") }
      #expect(lines.count == Fixtures.statusRows.count + 2)
      for (line, row) in zip(lines.dropFirst(), Fixtures.statusRows) {
        #expect(holds(line, row.stateText()), "\(line)")
      }
    }
  }

  @Test func `colours go with the signs, not instead of them`() {
    expectGolden("status-80-colour", StatusTable.text(Fixtures.statusRows, Fixtures.terminal(80, color: true)))
  }

  @Test func `a terminal without UTF-8 gets signs of ASCII`() {
    let rows = Fixtures.statusRows.filter { DisplayWidth.isASCII($0.name) }
    let text = StatusTable.text(rows, Fixtures.terminal(80, unicode: false))
    #expect(text.utf8.allSatisfy { $0 < 0x80 })
    expectGolden("status-80-ascii", text)
  }

  @Test func `a pipe gets no escape sequence, no sign, and nothing is cut`() {
    let text = StatusTable.text(Fixtures.statusRows, .pipe)
    #expect(!text.utf8.contains(0x1B))
    #expect(holds(text, "a-breaker-whose-name-was-made-by-a-generator-and-is-longer-than-any-column-17"))
    expectGolden("status-pipe", text)
  }

  @Test func `columns begin at the same place in every row, wide and narrow`() {
    let lines = StatusTable.text(Fixtures.statusRows, .pipe).split(separator: "\n").map(String.init)
    let header = lines[0]
    let start = DisplayWidth.of(String(header.prefix(while: { $0 != "S" })))
    for (line, row) in zip(lines.dropFirst(), Fixtures.statusRows) {
      var width = 0
      var rest = Substring(line)
      while width < start, let character = rest.popFirst() { width += DisplayWidth.of(String(character)) }
      #expect(width == start)
      #expect(rest.hasPrefix(row.state.rawValue), "\(line)")
    }
  }

  @Test func `an empty store says which command makes a breaker`() {
    #expect(StatusTable.text([], .pipe) == "no breakers yet; the first run makes one: cb run NAME -- CMD\n")
  }

  @Test(arguments: [80, 200])
  func `one breaker in full`(columns: Int) {
    let style = Fixtures.terminal(columns)
    expectGolden("status-NAME-\(columns)", detail(Fixtures.dbBackup, Fixtures.events, style))
  }

  @Test func `one breaker in colours`() {
    expectGolden(
      "status-NAME-80-colour", detail(Fixtures.dbBackup, Fixtures.events, Fixtures.terminal(80, color: true)))
  }

  @Test func `one breaker on a pipe`() {
    let text = detail(Fixtures.dbBackup, Fixtures.events, .pipe)
    #expect(!text.utf8.contains(0x1B))
    expectGolden("status-NAME-pipe", text)
  }

  @Test func `a hold shows who, why and until when, and drives no terminal`() {
    let text = detail(Fixtures.maintenance, [], Fixtures.terminal(80))
    #expect(!text.utf8.contains(0x1B))
    expectGolden("status-NAME-held", text)
  }

  @Test func `trials that run are shown`() {
    expectGolden("status-NAME-half-open", detail(Fixtures.probing, [], Fixtures.terminal(80)))
  }

  /// The first sentence, and notes.
  private func sentence(_ row: BreakerRow, _ events: [HistoryEntry] = []) -> String {
    let lines = detail(row, events, .pipe).split(separator: "\n", omittingEmptySubsequences: false)
    return lines[1...].prefix { !$0.isEmpty }.map { $0.dropFirst(2) }.joined(separator: "\n")
  }

  private let caller = Caller(host: "web-3", pid: 4711, user: "backup")

  @Test func `the first sentence says what happens to the next run, why, by whom, and what to do`() {
    #expect(sentence(Fixtures.row("a")) == "The next run starts.")
    #expect(
      sentence(
        Fixtures.row("a") { breaker in
          breaker.failCounter = 2
          breaker.lastFailure = Breaker.LastFailure(at: Fixtures.ago(300), reason: "exit 1", caller: caller)
        })
        == "The next run starts, after 2 failures in a row (last: exit 1 on web-3, 5m ago); 3 more in a row open the "
        + "circuit.")
    let opened = Fixtures.row("my job") { breaker in
      breaker.lastFailure = Breaker.LastFailure(at: Fixtures.ago(18), reason: "exit 1", caller: caller)
      breaker.phase = .open(
        Breaker.OpenPhase(
          since: Fixtures.ago(18), retryAt: Fixtures.ago(-42), spread: 0, trips: 1,
          reason: "6 of 10 runs failed (exit 1)"))
    }
    #expect(
      sentence(opened).hasPrefix("The next run is rejected: the circuit opened 18s ago after 6 of 10 runs failed "))
    #expect(holds(sentence(opened), "(exit 1) on web-3; retry in 42s, at "))
    #expect(sentence(opened).hasSuffix("To try earlier: cb half-open 'my job'"))
    #expect(
      holds(sentence(Fixtures.maintenance), "rejected: held: maintenance\\u{1B}[2J window, by root@web1. To release"))
  }

  @Test func `a hold by an exit code says which code, since when, and where`() {
    let held = Fixtures.row("mail") { breaker in
      breaker.phase = Fixtures.open(since: 60, for: nil)
      breaker.hold = Breaker.Hold(
        state: .open, until: nil, reason: "exit 12 is in hold-on", by: "cb on web-3", since: Fixtures.ago(60),
        caller: caller)
    }
    #expect(
      sentence(held).hasPrefix(
        "The next run is rejected: held: exit 12 is in hold-on, since 2026-11-23T15:16:26Z ("))
    #expect(
      holds(sentence(held), "1m ago), by cb on web-3. To release it: cb half-open mail (a trial) or cb close mail"))
  }

  @Test func `a hint of the other side is shown with what it asked for`() {
    let hinted = Fixtures.row("api") { breaker in
      breaker.phase = .open(
        Breaker.OpenPhase(
          since: Fixtures.now, retryAt: Fixtures.ago(-3600), spread: 0, trips: 1, reason: "exit 1",
          hintedUntil: Fixtures.ago(-3600)))
      breaker.lastHint = Breaker.LastHint(
        at: Fixtures.now, asked: .seconds(156 * 3600), until: Fixtures.ago(-3600), isCapped: true)
    }
    #expect(holds(sentence(hinted), "retry in 1h, at "))
    #expect(holds(sentence(hinted), " (the other side asked for 156h; retry-hint-max)"))
  }

  @Test func `due, half-open, full, observed and held closed are told apart`() {
    #expect(
      holds(sentence(Fixtures.rows.first { $0.name.text == "due" }!), "The next run is a trial: the circuit opened"))
    #expect(
      holds(sentence(Fixtures.probing), "The next run is rejected: 2 trials are running (1 of 3 successes so far)"))
    let full = Fixtures.row("full", [(.maxConcurrent, "1")]) { breaker in
      breaker.leases = [
        Lease(
          token: Token(0, 1), kind: .run, role: .ordinary, generation: 1, since: Fixtures.ago(9),
          expires: Fixtures.ago(-9), holder: nil, caller: caller)
      ]
    }
    #expect(sentence(full) == "The next run is rejected: 1 run is going on, and max-concurrent is 1.")
    #expect(holds(detail(full, [], .pipe), "Holders         place: backup@web-3[4711], since 2026-11-23T15:17:17Z ("))
    let observed = Fixtures.row("o", [(.mode, "observe")]) { $0.phase = Fixtures.open(since: 1, for: 60) }
    #expect(holds(sentence(observed), "The next run starts, as mode is observe. Otherwise: The next run is rejected"))
    #expect(StatusRow(observed).stateText() == "open (observed)")
    let relay = Fixtures.rows.first { $0.name.text == "relay" }!
    #expect(holds(sentence(relay), "The next run starts, whatever fails: held closed, by bob@web2, until "))
  }

  @Test func `failures of several hosts are counted by host`() {
    let events = ["web-1", "web-3", "web-3"].enumerated().map { index, host in
      HistoryEntry(
        sequence: index + 1, at: Fixtures.ago(9), kind: .failure, reason: "exit 1",
        caller: Caller(host: host, pid: 1, user: "u"))
    }
    #expect(holds(detail(Fixtures.dbBackup, events, .pipe), "  By host         web-3 2, web-1 1\n"))
    #expect(!holds(detail(Fixtures.dbBackup, Array(events.dropFirst()), .pipe), "By host"))
  }

  @Test func `a job that comes less often than the circuit stays open is never rejected, and the figures say so`() {
    let daily = Fixtures.row("daily", [(.resetTimeout, "60s")]) { breaker in
      breaker.totals.failures = 8
      breaker.totals.trips = 6
    }
    func events(_ gap: Int64) -> [HistoryEntry] {
      (0..<8).map { HistoryEntry(sequence: Int($0) + 1, at: Fixtures.ago((8 - $0) * gap), kind: .failure) }
    }
    let said = sentence(daily, events(86_400))
    #expect(holds(said, "8 failures, 6 trips and no rejection: runs come about every 1d, and reset-timeout is 60s"))
    #expect(!holds(sentence(daily, events(30)), "no rejection"))
    var rejecting = daily
    rejecting.breaker.totals.rejected = 1
    #expect(!holds(sentence(rejecting, events(86_400)), "no rejection"))
  }

  @Test func `settings without effect are said`() {
    let row = Fixtures.row("x", [(.window, "5"), (.failMax, "3")])
    #expect(holds(sentence(row), "Note: fail-max has no effect with window"))
    #expect(holds(sentence(row), "Note: min-calls 10 counts as 5"))
    #expect(holds(detail(row, [], .pipe), "opens at 50%, from 5 runs on"))
    #expect(holds(sentence(Fixtures.row("x", [(.failureRate, "20%")])), "failure-rate has no effect without window"))
  }

  @Test func `what needs attention comes first, and numbers are sorted as people count`() {
    let sorted = StatusOrder.byUrgency(Fixtures.statusRows).map(\.name)
    #expect(sorted.prefix(5) == ["db-backup", "mail", "due", "search", "relay"])
    let names = ["job-10", "job-9", "job-1", "job-09", "job", "a2b10", "a2b9"].compactMap { try? BreakerName($0) }
    #expect(
      names.sorted { NaturalKey($0) < NaturalKey($1) }.map(\.text)
        == ["a2b9", "a2b10", "job", "job-1", "job-09", "job-9", "job-10"])
  }

  @Test func `the summary counts states, holds and what is due`() {
    #expect(
      StatusSummary.text(Fixtures.statusRows)
        == "14 breakers: 3 open (1 held, 1 due), 1 half-open, 10 closed (1 held)")
    #expect(StatusSummary.text([]) == "0 breakers")
  }

  @Test func `every setting and its source`() {
    let detail = StatusDetail(
      row: Fixtures.probing, events: [], style: Fixtures.terminal(80), showsAllSettings: true)
    expectGolden("status-NAME-verbose", detail.text)
  }

  private func detail(_ row: BreakerRow, _ events: [HistoryEntry], _ style: OutputStyle) -> String {
    StatusDetail(row: row, events: events, style: style, showsAllSettings: false).text
  }
}

/// The text without escape sequences.
func visible(_ text: String) -> String {
  var result = ""
  var isEscape = false
  for scalar in text.unicodeScalars {
    if scalar == "\u{1B}" {
      isEscape = true
    } else if isEscape {
      if scalar != "[", scalar.value >= 0x40 { isEscape = false }
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}

func holds(_ text: String, _ part: String) -> Bool {
  let text = Array(text.utf8)
  let part = Array(part.utf8)
  guard text.count >= part.count else { return false }
  return (0...(text.count - part.count)).contains { text[$0..<($0 + part.count)].elementsEqual(part) }
}
