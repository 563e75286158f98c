import CircuitBreaker
import System

/// What `cb status --watch` shows and how keys change it: a value, so that it can be tested without a terminal.
struct WatchModel {
  /// What may be done to a breaker, after a question.
  enum Change: Equatable {
    case open
    case close
    case halfOpen

    var verb: String {
      switch self {
      case .open: "Open"
      case .close: "Close"
      case .halfOpen: "Half-open"
      }
    }
  }

  /// What a key asks of the loop.
  enum Action: Equatable {
    case none
    case quit
    case apply(Change, BreakerName)
  }

  /// What the keys mean.
  private enum Mode: Equatable {
    case looking
    case filtering
    case asking(Change, BreakerName)
  }

  var interval: Span
  /// What the last change came to; until the next key.
  var message = ""
  /// What could not be read at the last look.
  var fault = ""
  private(set) var filter = ""
  private var mode = Mode.looking
  private var all: [StatusRow] = []
  /// By name and not by place: the selection stays with its breaker when others come and go.
  private(set) var selected: BreakerName?
  /// The first row that is drawn.
  private(set) var top = 0
  /// Rows that fit between the header and the last line.
  var room = 20 { didSet { keepSelectionInView() } }

  init(interval: Span) {
    self.interval = interval
  }

  /// All breakers, for the counts.
  var rows: [StatusRow] {
    get { all }
    set {
      all = newValue
      keepSelection()
    }
  }

  /// Those that the filter lets through.
  var shown: [StatusRow] {
    guard !filter.isEmpty else { return all }
    let wanted = filter.lowercased()
    return all.filter { Self.contains($0.name.lowercased(), wanted) }
  }

  /// `String.contains` is Foundation's.
  private static func contains(_ text: String, _ part: String) -> Bool {
    let text = Array(text.utf8)
    let part = Array(part.utf8)
    guard text.count >= part.count else { return false }
    return (0...(text.count - part.count)).contains { text[$0..<($0 + part.count)].elementsEqual(part) }
  }

  // MARK: The last line

  enum Footer: Equatable {
    case help
    case message(String)
    case filter(String)
    case question(String)
  }

  var footer: Footer {
    switch mode {
    case .filtering: .filter(filter)
    case .asking(let change, let name): .question("\(change.verb) \(name.text.escapingControls())? [y/N]")
    case .looking: [message, fault].first { !$0.isEmpty }.map { .message($0) } ?? .help
    }
  }

  // MARK: Keys

  mutating func take(_ key: Key) -> Action {
    switch mode {
    case .filtering: return takeWhileFiltering(key)
    case .asking(let change, let name):
      // Whatever is not a plain yes is a no.
      mode = .looking
      return key == .character("y") || key == .character("Y") ? .apply(change, name) : .none
    case .looking: return takeWhileLooking(key)
    }
  }

  private mutating func takeWhileLooking(_ key: Key) -> Action {
    message = ""
    switch key {
    case .character("q"): return .quit
    case .character("/"): mode = .filtering
    case .character("o"): ask(.open)
    case .character("c"): ask(.close)
    case .character("h"): ask(.halfOpen)
    case .escape: setFilter("")
    case .up, .character("k"): move(by: -1)
    case .down, .character("j"): move(by: 1)
    case .pageUp: move(by: -max(1, room - 1))
    case .pageDown: move(by: max(1, room - 1))
    case .home: move(by: -shown.count)
    case .end: move(by: shown.count)
    case .enter, .backspace, .character: break
    }
    return .none
  }

  private mutating func takeWhileFiltering(_ key: Key) -> Action {
    switch key {
    case .enter: mode = .looking
    case .escape:
      mode = .looking
      setFilter("")
    case .backspace: setFilter(String(filter.dropLast()))
    case .character(let character): setFilter(filter + String(character).escapingControls())
    case .up: move(by: -1)
    case .down: move(by: 1)
    case .pageUp, .pageDown, .home, .end: break
    }
    return .none
  }

  private mutating func ask(_ change: Change) {
    if let selected { mode = .asking(change, selected) } else { message = "no breaker is selected" }
  }

  private mutating func setFilter(_ text: String) {
    filter = text
    keepSelection()
  }

  // MARK: The selection

  private mutating func move(by count: Int) {
    let rows = shown
    guard !rows.isEmpty else { return }
    let index = rows.firstIndex { $0.breaker == selected } ?? 0
    selected = rows[min(max(0, index + count), rows.count - 1)].breaker
    keepSelectionInView()
  }

  private mutating func keepSelection() {
    let rows = shown
    if !rows.contains(where: { $0.breaker == selected }) {
      // The next in order takes the place of one that is gone.
      selected = (rows.first { row in selected.map { row.breaker > $0 } ?? true } ?? rows.last)?.breaker
    }
    keepSelectionInView()
  }

  private mutating func keepSelectionInView() {
    let rows = shown
    let index = rows.firstIndex { $0.breaker == selected } ?? 0
    let room = max(1, room)
    top = min(max(0, min(top, index)), max(0, rows.count - room))
    if index >= top + room { top = index - room + 1 }
  }
}
