import CircuitBreaker
import Testing

@testable import cb

@Suite struct WatchTests {
  private func model(_ rows: [StatusRow], size: TerminalSize) -> WatchModel {
    var model = WatchModel(interval: .seconds(1))
    model.rows = rows
    model.room = size.rows - WatchScreen.frame
    return model
  }

  private func picture(
    _ model: WatchModel, _ size: TerminalSize, color: Bool = false, elapsed: Span = .zero
  ) -> String {
    let style = Fixtures.terminal(size.columns, color: color)
    let lines = WatchScreen(size: size, style: style, elapsed: elapsed, now: Fixtures.now + elapsed).lines(model)
    #expect(lines.count == size.rows)
    for line in lines { #expect(DisplayWidth.of(visible(line)) < size.columns, "\(line)") }
    return lines.joined(separator: "\n") + "\n"
  }

  static let small = TerminalSize(columns: 80, rows: 24)
  static let large = TerminalSize(columns: 200, rows: 50)

  @Test(arguments: [small, large])
  func `the picture fills the terminal`(size: TerminalSize) {
    expectGolden(
      "watch-\(size.columns)x\(size.rows)", picture(model(Fixtures.statusRows, size: size), size))
  }

  @Test(arguments: [small, large])
  func `of many breakers as many as fit`(size: TerminalSize) {
    var many = model(Fixtures.fleet, size: size)
    for _ in 0..<60 { _ = many.handle(.down) }
    expectGolden("watch-fleet-\(size.columns)x\(size.rows)", picture(many, size, color: true))
  }

  @Test func `the countdown runs between two looks at the store`() {
    let one = model([StatusRow(Fixtures.dbBackup)], size: Self.small)
    #expect(holds(picture(one, Self.small), "  42s "))
    #expect(holds(picture(one, Self.small, elapsed: .seconds(10)), "  32s "))
    #expect(holds(picture(one, Self.small, elapsed: .seconds(42)), "  now "))
  }

  @Test func `a filter shows the names that hold it, whatever their case`() {
    var model = model(Fixtures.statusRows, size: Self.small)
    for key in "/DB-".map({ Key.character($0) }) { _ = model.handle(key) }
    #expect(model.shown.map(\.name) == ["db-backup"])
    expectGolden("watch-filter", picture(model, Self.small))
    _ = model.handle(.backspace)
    _ = model.handle(.character("x"))
    #expect(model.shown.isEmpty)
    expectGolden("watch-filter-none", picture(model, Self.small))
    _ = model.handle(.escape)
    #expect(model.shown.count == Fixtures.statusRows.count)
  }

  @Test func `a change is asked about first, and only y does it`() {
    var model = model([StatusRow(Fixtures.dbBackup)], size: Self.small)
    #expect(model.handle(.character("c")) == .none)
    expectGolden("watch-question", picture(model, Self.small))
    #expect(model.handle(.character("n")) == .none)
    #expect(model.handle(.character("y")) == .none)
    for (key, change) in [("o", WatchModel.Change.open), ("c", .close), ("h", .halfOpen)] {
      #expect(model.handle(.character(Character(key))) == .none)
      #expect(model.handle(.character("y")) == .apply(change, Fixtures.dbBackup.name, reason: nil))
    }
    #expect(model.handle(.character("o")) == .none)
    #expect(model.handle(.enter) == .none)
  }

  @Test func `reset and hold ask for a reason, which Esc takes back`() {
    let name = Fixtures.dbBackup.name
    var model = model([StatusRow(Fixtures.dbBackup)], size: Self.small)
    func type(_ text: String) { for character in text { #expect(model.handle(.character(character)) == .none) } }
    type("rdisc")
    #expect(model.handle(.backspace) == .none)
    type("k")
    #expect(model.handle(.enter) == .apply(.reset, name, reason: "disk"))
    type("r")
    #expect(model.handle(.enter) == .apply(.reset, name, reason: nil))
    type("Ho")
    #expect(model.handle(.enter) == .apply(.holdOpen, name, reason: nil))
    type("Hcnight")
    #expect(model.handle(.enter) == .apply(.holdClosed, name, reason: "night"))
    type("Hx")
    #expect(model.footer == .help)
    type("rno")
    #expect(model.handle(.escape) == .none)
    #expect(model.handle(.character("q")) == .quit)
  }

  @Test func `Enter shows one breaker in full, and changes are then of that one`() {
    var model = model(Fixtures.statusRows, size: Self.small)
    _ = model.handle(.down)
    let chosen = model.selected
    #expect(model.handle(.enter) == .look)
    #expect(model.inspected == chosen)
    model.detail = (1...40).map { "line \($0)" }
    #expect(holds(picture(model, Self.small), "\nline 22\nq quit  Esc back"))
    _ = model.handle(.end)
    #expect(holds(picture(model, Self.small), "\nline 40\nq quit  Esc back"))
    _ = model.handle(.character("o"))
    #expect(model.handle(.character("y")) == chosen.map { .apply(.open, $0, reason: nil) })
    #expect(model.handle(.escape) == .none)
    #expect(model.inspected == nil)
    #expect(holds(picture(model, Self.small), "  NAME"))
  }

  @Test func `? shows every key, and any key goes back`() {
    var model = model(Fixtures.statusRows, size: Self.small)
    _ = model.handle(.character("?"))
    expectGolden("watch-keys", picture(model, Self.small))
    #expect(model.handle(.character("o")) == .none)
    #expect(model.footer == .help)
    _ = model.handle(.character("?"))
    #expect(model.handle(.character("q")) == .quit)
  }

  @Test func `s sorts: by urgency, name, state, failures, time of change`() {
    let rows = ["b-10", "b-9", "a"].map { name in
      StatusRow(
        Fixtures.row(name) { breaker in
          breaker.failCounter = name == "b-10" ? 2 : 0
          breaker.changedAt = name == "a" ? Fixtures.ago(5) : nil
          if name == "b-9" { breaker.phase = Fixtures.open(since: 1, for: 60) }
        })
    }
    var model = model(rows, size: Self.small)
    var orders = [model.rows.map(\.name).joined(separator: " ")]
    for _ in 1...4 {
      _ = model.handle(.character("s"))
      orders.append(model.rows.map(\.name).joined(separator: " "))
    }
    #expect(orders == ["b-9 b-10 a", "a b-9 b-10", "b-9 a b-10", "b-10 a b-9", "a b-9 b-10"])
  }

  @Test func `rows that could not be read anew say since when they are old, and why`() {
    var model = model([StatusRow(Fixtures.dbBackup)], size: Self.small)
    model.staleSince = Fixtures.now
    model.fault = "cannot read redis://db: Connection refused"
    let lines = picture(model, Self.small, elapsed: .seconds(30)).split(separator: "\n")
    #expect(lines[0].hasSuffix("OLD: not read since 15:17:26Z"))
    #expect(lines.last == "cannot read redis://db: Connection refused")
    model.fault = "cannot list the breakers in \(String(repeating: "x", count: 90)): Connection refused"
    let long = picture(model, Self.small).split(separator: "\n").last
    #expect(long?.hasPrefix("cannot list the breakers in xx") == true && long?.hasSuffix("Connection refused") == true)
  }

  @Test func `names that are not there are not an empty store`() {
    var model = model([], size: Self.small)
    model.emptiness = "shpo: no such breaker; did you mean 'shop'?"
    #expect(holds(picture(model, Self.small), "  shpo: no such breaker; did you mean 'shop'?\n"))
  }

  @Test func `a due circuit reads so as soon as its countdown ends`() {
    let one = model([StatusRow(Fixtures.dbBackup)], size: Self.small)
    #expect(!holds(picture(one, Self.small, elapsed: .seconds(41)), "due"))
    #expect(holds(picture(one, Self.small, elapsed: .seconds(42)), "✗ open, due"))
    #expect(holds(picture(one, Self.small, elapsed: .seconds(42)), "1 breaker: 1 open (1 due)"))
  }

  @Test func `q ends, but not while a filter is typed`() {
    var model = model(Fixtures.statusRows, size: Self.small)
    #expect(model.handle(.character("q")) == .quit)
    _ = model.handle(.character("/"))
    #expect(model.handle(.character("q")) == .none)
    #expect(model.filter == "q")
  }

  @Test func `the selection stays with its breaker when others come and go`() {
    var model = model(Fixtures.fleet, size: Self.small)
    for _ in 0..<3 { _ = model.handle(.down) }
    let chosen = model.selected
    model.rows = Fixtures.fleet.filter { $0.name != "job-40" && $0.name != "job-2" }
    #expect(model.selected == chosen)
    model.rows = Fixtures.fleet.filter { $0.breaker != chosen }
    #expect(model.selected != chosen)
    #expect(model.selected != nil)
    model.rows = []
    #expect(model.selected == nil)
  }

  @Test func `the selected row is always in view`() {
    var model = model(Fixtures.fleet, size: Self.small)
    for key: Key in [.end, .up, .pageUp, .home, .pageDown, .pageDown, .end, .pageUp, .down] {
      _ = model.handle(key)
      let visible = model.shown.dropFirst(model.top).prefix(model.room)
      #expect(visible.contains { $0.breaker == model.selected })
    }
    _ = model.handle(.end)
    model.room = 5
    #expect(model.shown.dropFirst(model.top).prefix(5).contains { $0.breaker == model.selected })
  }

  @Test func `an empty store says so`() {
    expectGolden("watch-empty", picture(model([], size: Self.small), Self.small))
  }

  @Test(arguments: 1...12, [1, 5, 20, 80])
  func `a tiny terminal gets a picture of its size`(rows: Int, columns: Int) {
    let size = TerminalSize(columns: columns, rows: rows)
    let lines = WatchScreen(size: size, style: Fixtures.terminal(columns), now: Fixtures.now)
      .lines(model(Fixtures.statusRows, size: size))
    #expect(lines.count == rows)
  }

  @Test func `a change is one line on a pipe`() {
    let entry = HistoryEntry(
      sequence: 1, at: Fixtures.now, kind: .stateChange, from: .closed, to: .open,
      reason: "5 failures in a row (exit 1)")
    #expect(
      ChangeLines.line(.event(Fixtures.dbBackup.name, entry))
        == "2026-11-23T15:17:26Z db-backup: closed -> open (5 failures in a row (exit 1))\n")
    let rejected = HistoryEntry(sequence: 2, at: Fixtures.now, kind: .rejected, reason: "circuit open")
    #expect(ChangeLines.line(.event(Fixtures.dbBackup.name, rejected)) == nil)
    #expect(
      ChangeLines.line(.removed(Fixtures.dbBackup.name, from: .open, at: Fixtures.now))
        == "2026-11-23T15:17:26Z db-backup: open -> removed\n")
  }
}

@Suite struct WatchOptionTests {
  @Test(arguments: [
    (["status", "--watch"], ["status", "--watch=1"]),
    (["status", "--watch", "2"], ["status", "--watch=2"]),
    (["status", "--watch", "0.5", "db-*"], ["status", "--watch=0.5", "db-*"]),
    (["status", "--watch", "db-backup"], ["status", "--watch=1", "db-backup"]),
    (["status", "--watch=2", "3"], ["status", "--watch=2", "3"]),
    (["status", "a", "--watch", "--color", "never"], ["status", "a", "--watch=1", "--color", "never"]),
    (["history", "--watch"], ["history", "--watch"]),
  ])
  func `--watch takes a number that follows it and nothing else`(words: [String], completed: [String]) {
    #expect(WatchOption.complete(words) == completed)
  }

  @Test(arguments: ["0", "0.01", "-1", "x", "", "100000"])
  func `an interval that makes no sense is a usage error`(text: String) {
    #expect(throws: CommandFailure.self) { try WatchOption.interval(text) }
  }
}

@Suite struct KeyTests {
  @Test func `arrows are read in both modes of the terminal`() {
    var reader = KeyReader()
    #expect(
      reader.decode("\u{1B}[A\u{1B}OB\u{1B}[5~\u{1B}[6~q".utf8) == [.up, .down, .pageUp, .pageDown, .character("q")])
  }

  @Test func `a sequence cut apart is one key`() {
    var reader = KeyReader()
    #expect(reader.decode([0x1B]).isEmpty)
    #expect(reader.isWaiting)
    #expect(reader.decode([0x5B]).isEmpty)
    #expect(reader.decode([0x42]) == [.down])
    #expect(!reader.isWaiting)
  }

  @Test func `Esc alone is a key once nothing follows`() {
    var reader = KeyReader()
    #expect(reader.decode([0x1B]).isEmpty)
    #expect(reader.giveUp() == [.escape])
    #expect(!reader.isWaiting)
  }

  @Test func `a sign of several bytes is one key, and bytes that are none are passed over`() {
    var reader = KeyReader()
    #expect(reader.decode("日é".utf8) == [.character("日"), .character("é")])
    #expect(reader.decode([0xFF, 0x41]) == [.character("A")])
  }

  @Test func `no bytes can make it hang or crash`() {
    var generator = SystemRandomNumberGenerator()
    var reader = KeyReader()
    for _ in 0..<2000 {
      _ = reader.decode((0..<8).map { _ in UInt8.random(in: 0...255, using: &generator) })
      _ = reader.giveUp()
      #expect(!reader.isWaiting)
    }
  }
}
