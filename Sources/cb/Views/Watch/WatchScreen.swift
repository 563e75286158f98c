import CircuitBreaker
import Settings
import System

/// The picture of a `WatchModel`: lines for a terminal of a given size at a given time.
struct WatchScreen {
  let size: TerminalSize
  let style: OutputStyle
  /// Time that went by since the rows were read.
  var elapsed = Span.zero
  /// For the clock in the corner.
  let now: Timestamp

  /// Lines of title, header and footer.
  static let frame = 3

  /// Never reaches into the last column: what is written there makes terminals disagree on where the cursor is.
  private var columns: Int { max(1, size.columns - 1) }

  func lines(_ model: WatchModel) -> [String] {
    var lines = [title(model)]
    let shown = model.shown
    if shown.isEmpty {
      lines.append("")
      let why = model.rows.isEmpty ? String(StatusTable.empty.dropLast()) : "no name holds '\(model.filter)'"
      lines.append(cut("  " + why))
    } else {
      var style = style
      style.columns = columns - 2
      let table = StatusTable(shown, style, elapsed: elapsed, indent: 2)
      lines.append("  " + table.header)
      for row in shown.dropFirst(model.top).prefix(max(0, size.rows - Self.frame)) {
        let isSelected = row.breaker == model.selected
        lines.append((isSelected ? style.paint(">", .bold) + " " : "  ") + table.line(row))
      }
    }
    while lines.count < size.rows - 1 { lines.append("") }
    lines = Array(lines.prefix(max(0, size.rows - 1)))
    lines.append(footer(model, shown.count))
    return lines
  }

  /// `12 breakers: 1 open, 1 half-open, 10 closed                  every 1s  15:17:26Z`
  private func title(_ model: WatchModel) -> String {
    let rows = model.rows
    var counts: [String] = []
    for state in [CircuitState.open, .halfOpen, .closed] {
      let count = rows.count { $0.state == state }
      if count > 0 { counts.append("\(count) \(state.rawValue)") }
    }
    var left = rows.count == 1 ? "1 breaker" : "\(rows.count) breakers"
    if !counts.isEmpty { left += ": " + counts.joined(separator: ", ") }
    if !model.filter.isEmpty { left += "  /\(model.filter)" }
    let clock = ClockText.seconds(now).dropFirst(11)
    let corners = ["every \(DurationText.format(model.interval))  \(clock)", String(clock)]
    // The counts come first: of the corner as much as they leave room for.
    let width = DisplayWidth.of(left)
    guard let right = corners.first(where: { width + 2 + $0.utf8.count <= columns }) else {
      return style.paint(cut(left), .bold)
    }
    let gap = columns - width - right.utf8.count
    return style.paint(left, .bold) + String(repeating: " ", count: gap) + style.paint(right, .dim)
  }

  private func footer(_ model: WatchModel, _ count: Int) -> String {
    switch model.footer {
    case .help:
      let arrows = style.isUnicode ? "↑↓" : "arrows"
      let help = "q quit  \(arrows) select  / filter  o open  c close  h half-open"
      let last = min(count, model.top + max(0, size.rows - Self.frame))
      let place = count > last - model.top ? "\(model.top + 1)-\(last) of \(count)" : ""
      let gap = columns - DisplayWidth.of(help) - place.utf8.count
      let isPlaceShown = gap > 1 && !place.isEmpty
      return style.paint(cut(isPlaceShown ? help + String(repeating: " ", count: gap) + place : help), .dim)
    case .message(let text): return cut(text.escapingControls())
    case .filter(let text): return cut("/\(text)_")
    case .question(let text): return style.paint(cut(text), .bold)
    }
  }

  private func cut(_ text: String) -> String {
    text.cutAtTheEnd(to: columns, style.ellipsis)
  }
}

extension WatchScreen {
  /// Begins and ends a picture that the terminal shows at once, where it knows how (synchronized output, mode 2026);
  /// others pass the sequences over.
  private static let begin = "\u{1B}[?2026h\u{1B}[H"
  private static let end = "\u{1B}[J\u{1B}[?2026l"

  /// The bytes that draw the lines over what is there: from the top, each line erased to its end and never the whole
  /// screen at once, which would flicker.
  static func picture(_ lines: [String]) -> String {
    begin + lines.map { "\u{1B}[0m" + $0 + "\u{1B}[K" }.joined(separator: "\r\n") + end
  }

  /// Another screen without a cursor, so that what stood there before comes back.
  static let enter = "\u{1B}[?1049h\u{1B}[?25l"
  static let leave = "\u{1B}[0m\u{1B}[?25h\u{1B}[?1049l"
}
