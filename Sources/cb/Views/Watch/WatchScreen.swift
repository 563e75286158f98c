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
    if model.isHelpShown {
      lines += Self.help.map { $0.isEmpty ? "" : cut("  " + $0) }
    } else if model.inspected != nil {
      lines += model.detail.dropFirst(model.detailTop)
    } else {
      lines += table(model)
    }
    while lines.count < size.rows - 1 { lines.append("") }
    lines = Array(lines.prefix(max(0, size.rows - 1)))
    lines.append(footer(model))
    return lines
  }

  private func table(_ model: WatchModel) -> [String] {
    let shown = model.shown
    guard !shown.isEmpty else {
      let why =
        !model.rows.isEmpty
        ? "no name holds '\(model.filter)'"
        : model.emptiness.isEmpty ? String(StatusTable.empty.dropLast()) : model.emptiness.escapingControls()
      return ["", cut("  " + why)]
    }
    var style = style
    style.columns = columns - 2
    let table = StatusTable(shown, style, elapsed: elapsed, indent: 2)
    // Reverse video is over the whole of the line: colours would end it.
    style.isColored = false
    let plain = StatusTable(shown, style, elapsed: elapsed, indent: 2)
    var lines = ["  " + table.header]
    for row in shown.dropFirst(model.top).prefix(max(0, size.rows - Self.frame)) {
      lines.append(row.breaker == model.selected ? Self.reversed("> " + plain.line(row)) : "  " + table.line(row))
    }
    return lines
  }

  private static func reversed(_ line: String) -> String { "\u{1B}[7m\(line)\u{1B}[0m" }

  private static let help = [
    "", "Keys", "",
    "arrows, j, k    select a breaker; PgUp, PgDn, Home, End move further",
    "Enter           that breaker in full, live; Enter or Esc goes back",
    "/               show only names that hold a text; Esc shows all",
    "s               sort by urgency, name, state, failures, changed",
    "o  c  h         open, close, half-open the selected breaker",
    "H               hold it open or closed until it is changed by hand",
    "r               reset it: closed, counters, history and holds cleared",
    "q               quit", "",
    "Each change is confirmed first; H and r take a reason.", "Any key goes back.",
  ]

  /// `12 breakers: 1 open, 1 half-open, 10 closed                  every 1s  15:17:26Z`
  private func title(_ model: WatchModel) -> String {
    var left = StatusSummary.text(model.rows, elapsed: elapsed)
    if !model.filter.isEmpty { left += "  /\(model.filter)" }
    let clock = ClockText.seconds(now).dropFirst(11)
    var corners = ["every \(DurationText.format(model.interval))  \(clock)", String(clock)]
    if let stale = model.staleSince {
      let since = ClockText.seconds(stale).dropFirst(11)
      corners = ["OLD: not read since \(since)", "OLD since \(since)", "OLD"]
    }
    // The counts come first: of the corner as much as they leave room for.
    let width = DisplayWidth.of(left)
    guard let right = corners.first(where: { width + 2 + $0.utf8.count <= columns }) else {
      return style.paint(cut(left), .bold)
    }
    let gap = columns - width - right.utf8.count
    return style.paint(left, .bold) + String(repeating: " ", count: gap)
      + style.paint(right, model.staleSince == nil ? .dim : .red)
  }

  private func footer(_ model: WatchModel) -> String {
    switch model.footer {
    case .help:
      let arrows = style.isUnicode ? "↑↓" : "arrows"
      let isTable = model.inspected == nil && !model.isHelpShown
      let help =
        isTable
        ? "q quit  ? keys  \(arrows) select  Enter in full  / filter  o open  c close"
        : model.isHelpShown
          ? "q quit  any key goes back" : "q quit  Esc back  \(arrows) scroll  o open  c close  h half-open"
      let place = isTable ? place(model) : ""
      let gap = columns - DisplayWidth.of(help) - place.utf8.count
      let isPlaceShown = gap > 1 && !place.isEmpty
      return style.paint(cut(isPlaceShown ? help + String(repeating: " ", count: gap) + place : help), .dim)
    case .message(let text):
      // Why the rows are old stands at the end of the sentence, where to read them at its beginning.
      if model.staleSince != nil, model.message.isEmpty {
        return style.paint(text.escapingControls().cutInTheMiddle(to: columns, style.ellipsis), .yellow)
      }
      return cut(text.escapingControls())
    case .filter(let text): return cut("/\(text)_")
    case .question(let text): return style.paint(cut(text.escapingControls()), .bold)
    }
  }

  private func place(_ model: WatchModel) -> String {
    let count = model.shown.count
    let last = min(count, model.top + max(0, size.rows - Self.frame))
    return count > last - model.top ? "\(model.top + 1)-\(last) of \(count)" : ""
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
