import CircuitBreaker
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
      for (line, row) in zip(lines.dropFirst(), Fixtures.statusRows) {
        #expect(holds(line, row.stateText), "\(line)")
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
