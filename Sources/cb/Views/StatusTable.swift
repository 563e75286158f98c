import CircuitBreaker

/// The table of `cb status`. Widths come from all rows, so that a part of them can be drawn (`--watch`) in place.
struct StatusTable {
  private enum Column: Int, CaseIterable {
    case name
    case state
    case failures
    case retry
    case lastFailure
    case lastSuccess
    // On a terminal that has room for them.
    case rejected
    case holders
    case note
  }

  /// How many columns there are where nothing tells how much room there is.
  private static let usual = 6

  static let empty = "no breakers yet; the first run makes one: cb run NAME -- CMD\n"
  private static let gap = 2

  private let style: OutputStyle
  /// Time that went by since the rows were read.
  private let elapsed: Span
  /// Columns before the table, where its lines are put behind something.
  private let indent: Int
  private var widths: [Int]
  private var titles = [
    "NAME", "STATE", "FAILURES", "RETRY", "LAST FAILURE", "LAST SUCCESS", "REJECTED", "HOLDERS", "WHY",
  ]
  /// The first columns, all that fit; the state is always among them.
  private var shown = Self.usual
  private var isTerse = false

  init(_ rows: [StatusRow], _ style: OutputStyle, elapsed: Span = .zero, indent: Int = 0) {
    self.indent = indent
    self.style = style
    self.elapsed = elapsed
    widths = titles.map(\.utf8.count)
    for row in rows {
      grow(.name, DisplayWidth.of(row.name))
      grow(.state, row.widestState.utf8.count + (style.isForEyes ? 2 : 0))
      grow(.failures, row.failures.utf8.count)
      grow(.retry, row.retryText(elapsed: elapsed).utf8.count)
      if let failure = row.lastFailure {
        grow(.lastFailure, DisplayWidth.of(failure.reason) + 2 + age(failure.at, row).utf8.count)
      }
      if let success = row.lastSuccess { grow(.lastSuccess, age(success, row).utf8.count) }
      grow(.rejected, String(row.rejected).utf8.count)
      grow(.holders, DisplayWidth.of(row.holders))
      grow(.note, DisplayWidth.of(row.note))
    }
    if let columns = style.columns { fit(columns, rows) }
  }

  private mutating func grow(_ column: Column, _ width: Int) {
    widths[column.rawValue] = max(widths[column.rawValue], width)
  }

  // MARK: Fitting

  private var total: Int { widths.prefix(shown).reduce(0, +) + Self.gap * (shown - 1) }

  /// Takes from what can best be missed first: the end of long reasons, the middle of long names, the word "ago", more
  /// of both, and in the end columns from the right. Never from the state.
  private mutating func fit(_ columns: Int, _ rows: [StatusRow]) {
    let wholeName = widths[Column.name.rawValue]
    widen(columns)
    shrink(.lastFailure, downTo: 22, toFit: columns)
    shrink(.name, downTo: 40, toFit: columns)
    if total > columns { beTerse(rows) }
    shrink(.name, downTo: 20, toFit: columns)
    // `exit 127, 12s`: what most reasons begin with, and the age.
    shrink(.lastFailure, downTo: 13, toFit: columns)
    shrink(.name, downTo: 12, toFit: columns)
    shrink(.lastFailure, downTo: 12, toFit: columns)
    shrink(.name, downTo: 10, toFit: columns)
    while total > columns, shown > 2 { shown -= 1 }
    shrink(.name, downTo: 4, toFit: columns)
    // A column that went may have left more room than was needed.
    if total < columns {
      widths[Column.name.rawValue] = min(wholeName, widths[Column.name.rawValue] + columns - total)
    }
  }

  /// Shows more where there is room beside the usual columns; the last of them is cut where it must be.
  private mutating func widen(_ columns: Int) {
    let least = [Column.rejected: 8, .holders: 12, .note: 12]
    for column in [Column.rejected, .holders, .note] {
      let room = columns - total - Self.gap
      guard shown == column.rawValue, room >= min(widths[column.rawValue], least[column] ?? 0) else { return }
      widths[column.rawValue] = min(widths[column.rawValue], room)
      shown += 1
    }
  }

  /// The titles say LAST, so the ages need no "ago".
  private mutating func beTerse(_ rows: [StatusRow]) {
    isTerse = true
    titles[Column.lastSuccess.rawValue] = "LAST OK"
    widths[Column.lastSuccess.rawValue] = 7
    let widest = widths[Column.lastFailure.rawValue]
    widths[Column.lastFailure.rawValue] = 12
    for row in rows {
      if let failure = row.lastFailure {
        grow(.lastFailure, min(widest, DisplayWidth.of(failure.reason) + 2 + age(failure.at, row).utf8.count))
      }
      if let success = row.lastSuccess { grow(.lastSuccess, age(success, row).utf8.count) }
    }
  }

  private mutating func shrink(_ column: Column, downTo least: Int, toFit columns: Int) {
    guard column.rawValue < shown else { return }
    let excess = total - columns
    guard excess > 0, widths[column.rawValue] > least else { return }
    widths[column.rawValue] = max(least, widths[column.rawValue] - excess)
  }

  // MARK: Lines, each without its newline

  var header: String {
    var line = ""
    for column in 0..<shown { pad(&line, titles[column], width: titles[column].utf8.count, column) }
    return style.paint(line, .bold)
  }

  func line(_ row: StatusRow) -> String {
    var line = ""
    let name = row.name.cutInTheMiddle(to: widths[0], style.ellipsis)
    pad(&line, name, width: DisplayWidth.of(name), 0)
    let words = row.stateText(elapsed: elapsed)
    let state = style.isForEyes ? "\(style.sign(row.state)) \(words)" : words
    pad(&line, style.paint(state, ink(row)), width: words.utf8.count + (style.isForEyes ? 2 : 0), 1)
    plain(&line, row.failures, .failures)
    plain(&line, row.retryText(elapsed: elapsed), .retry)
    if shown > Column.lastFailure.rawValue {
      let failure = failure(row)
      pad(&line, failure, width: DisplayWidth.of(failure), Column.lastFailure.rawValue)
    }
    plain(&line, row.lastSuccess.map { age($0, row) } ?? "-", .lastSuccess)
    plain(&line, row.rejected == 0 ? "-" : String(row.rejected), .rejected)
    for (text, column) in [(row.holders, Column.holders), (row.note, .note)] where shown > column.rawValue {
      let cut = text.cutAtTheEnd(to: widths[column.rawValue], style.ellipsis)
      pad(&line, cut, width: DisplayWidth.of(cut), column.rawValue)
    }
    return line
  }

  /// Held closed is worth a look: nothing protects what it guards. Due is no longer shut.
  private func ink(_ row: StatusRow) -> Ink {
    if row.state == .closed, row.isHeld { return .yellow }
    if row.state == .open, row.isDue(elapsed: elapsed) || row.isObserved { return .yellow }
    return row.state.ink
  }

  private func plain(_ line: inout String, _ text: String, _ column: Column) {
    if column.rawValue < shown { pad(&line, text, width: text.utf8.count, column.rawValue) }
  }

  /// The reason as far as there is room, and always the age.
  private func failure(_ row: StatusRow) -> String {
    guard let failure = row.lastFailure else { return "-" }
    let age = age(failure.at, row)
    let room = max(0, widths[Column.lastFailure.rawValue] - age.utf8.count - 2)
    var reason = failure.reason
    if DisplayWidth.of(reason) > room {
      // `exit 127 (not found)`: what is in parentheses goes before any of the number does.
      if let end = reason.utf8.firstIndex(of: UInt8(ascii: "(")) {
        reason = String(reason[..<end])
        while reason.utf8.last == UInt8(ascii: " ") { reason.removeLast() }
      }
      reason = reason.cutAtTheEnd(to: room, style.ellipsis)
    }
    return DisplayWidth.of(reason) < min(4, DisplayWidth.of(failure.reason)) ? age : "\(reason), \(age)"
  }

  private func age(_ time: Timestamp, _ row: StatusRow) -> String {
    let age = Age.text(time, at: row.now + elapsed)
    return isTerse ? String(age.dropLast(4)) : age
  }

  private func pad(_ line: inout String, _ text: String, width: Int, _ column: Int) {
    let isText = [.name, .lastFailure, .holders, .note].contains(Column(rawValue: column))
    line += isText ? style.fence(text) : text
    guard column + 1 < shown else { return }
    line += String(repeating: " ", count: widths[column] - width + Self.gap)
    if isText, style.takesEscapes, DisplayWidth.isDisputed(text) {
      let start = widths.prefix(column + 1).reduce(0, +) + Self.gap * (column + 1)
      line += style.moved(to: indent + start)
    }
  }
}

extension StatusTable {
  /// All lines; to people with a summary below.
  static func text(_ rows: [StatusRow], _ style: OutputStyle) -> String {
    guard !rows.isEmpty else { return empty }
    let table = StatusTable(rows, style)
    var text = table.header + "\n"
    text.reserveCapacity(rows.count * 96)
    for row in rows {
      text += table.line(row)
      text += "\n"
    }
    if style.isForEyes {
      let summary = StatusSummary.text(rows)
      text += style.paint(style.columns.map { summary.cutAtTheEnd(to: $0, style.ellipsis) } ?? summary, .dim) + "\n"
    }
    return text
  }
}

extension OutputStyle {
  /// A text that runs from right to left, isolated (Unicode UAX 9, FSI and PDI), so that a terminal that turns it
  /// around turns nothing beside it.
  func fence(_ text: String) -> String {
    takesEscapes && DisplayWidth.isRightToLeft(text) ? "\u{2068}\(text)\u{2069}" : text
  }

  /// To a column of this line, counted from 0 (CHA, ECMA-48): what follows stands there, however wide the terminal
  /// drew what came before. The rest of the line is erased first, so that nothing of an earlier picture shows in the
  /// gap.
  func moved(to column: Int) -> String {
    "\u{1B}[K\u{1B}[\(column + 1)G"
  }
}
