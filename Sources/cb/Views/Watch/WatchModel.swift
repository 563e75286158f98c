import CircuitBreaker
import System

/// What `cb status --watch` shows and how keys change it: a value, so that it can be tested without a terminal.
struct WatchModel {
  /// What may be done to a breaker, after a question.
  enum Change: Equatable {
    case open
    case close
    case halfOpen
    case reset
    case holdOpen
    case holdClosed

    var verb: String {
      switch self {
      case .open: "Open"
      case .close: "Close"
      case .halfOpen: "Half-open"
      case .reset: "Reset"
      case .holdOpen: "Hold open"
      case .holdClosed: "Hold closed"
      }
    }
  }

  /// What a key asks of the loop.
  enum Action: Equatable {
    case none
    case quit
    /// The store is to be looked at: one breaker is to be shown in full.
    case look
    case apply(Change, BreakerName, reason: String?)
  }

  /// What the keys mean.
  private enum Mode: Equatable {
    case looking
    case filtering
    case asking(Change, BreakerName)
    case choosingHold(BreakerName)
    case giving(Change, BreakerName, reason: String)
  }

  /// Which order the rows have.
  enum Order: Equatable, CaseIterable {
    case urgency
    case name
    case state
    case failures
    case changed

    var next: Order {
      let all = Self.allCases
      return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
    }

    var text: String { "\(self)" }

    init(_ order: StatusOrder?) {
      self =
        switch order {
        case nil: .urgency
        case .name: .name
        case .state: .state
        case .failures: .failures
        case .changed: .changed
        }
    }

    func sorted(_ rows: [StatusRow]) -> [StatusRow] {
      switch self {
      case .urgency: StatusOrder.byUrgency(rows)
      case .name: StatusOrder.name.sorted(rows)
      case .state: StatusOrder.state.sorted(rows)
      case .failures: StatusOrder.failures.sorted(rows)
      case .changed: StatusOrder.changed.sorted(rows)
      }
    }
  }

  var interval: Span
  /// What the last change came to; until the next key.
  var message = ""
  /// What could not be read at the last look.
  var fault = ""
  /// Of when the rows are, while the store cannot be read since.
  var staleSince: Timestamp?
  /// Why there is nothing to see, where it is not that there are no breakers: names that are not there.
  var emptiness = ""
  private(set) var filter = ""
  private(set) var order: Order
  private(set) var isHelpShown = false
  /// The breaker that is shown in full.
  private(set) var inspected: BreakerName?
  /// Its lines.
  var detail: [String] = []
  /// The first of them that is drawn.
  private(set) var detailTop = 0
  private var mode = Mode.looking
  private var all: [StatusRow] = []
  /// By name and not by place: the selection stays with its breaker when others come and go.
  private(set) var selected: BreakerName?
  /// The first row that is drawn.
  private(set) var top = 0
  /// Rows that fit between the header and the last line.
  var room = 20 { didSet { keepSelectionInView() } }

  init(interval: Span, order: StatusOrder? = nil) {
    self.interval = interval
    self.order = Order(order)
  }

  /// All breakers, for the counts.
  var rows: [StatusRow] {
    get { all }
    set {
      all = order.sorted(newValue)
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
    case .choosingHold(let name): .question("Hold \(name.text.escapingControls()) o open or c closed? [o/c]")
    case .giving(let change, let name, let reason):
      .question("\(change.verb) \(name.text.escapingControls()), why? (Enter does it, Esc leaves it) \(reason)_")
    case .looking: [message, fault].first { !$0.isEmpty }.map { .message($0) } ?? .help
    }
  }

  // MARK: Keys

  mutating func handle(_ key: Key) -> Action {
    switch mode {
    case .filtering: return handleWhileFiltering(key)
    case .asking(let change, let name):
      // Whatever is not a plain yes is a no.
      mode = .looking
      return key == .character("y") || key == .character("Y") ? .apply(change, name, reason: nil) : .none
    case .choosingHold(let name):
      mode = .looking
      if key == .character("o") { mode = .giving(.holdOpen, name, reason: "") }
      if key == .character("c") { mode = .giving(.holdClosed, name, reason: "") }
      return .none
    case .giving(let change, let name, let reason): return handleReason(key, change, name, reason)
    case .looking: return isHelpShown ? handleInHelp(key) : handleWhileBrowsing(key)
    }
  }

  private mutating func handleInHelp(_ key: Key) -> Action {
    isHelpShown = false
    return key == .character("q") ? .quit : .none
  }

  private mutating func handleWhileBrowsing(_ key: Key) -> Action {
    message = ""
    switch key {
    case .character("q"): return .quit
    case .character("?"): isHelpShown = true
    case .character("o"): ask(.open)
    case .character("c"): ask(.close)
    case .character("h"): ask(.halfOpen)
    case .character("r"): askForReason(.reset)
    case .character("H"): choose { .choosingHold($0) }
    default: return inspected == nil ? handleInTable(key) : handleInDetail(key)
    }
    return .none
  }

  private mutating func handleInTable(_ key: Key) -> Action {
    switch key {
    case .character("/"): mode = .filtering
    case .character("s"):
      order = order.next
      rows = all
      message = "sorted by \(order.text)"
    case .enter:
      guard let selected else { return .none }
      inspected = selected
      detail = []
      detailTop = 0
      return .look
    case .escape: setFilter("")
    case .up, .character("k"): move(by: -1)
    case .down, .character("j"): move(by: 1)
    case .pageUp: move(by: -max(1, room - 1))
    case .pageDown: move(by: max(1, room - 1))
    case .home: move(by: -shown.count)
    case .end: move(by: shown.count)
    case .backspace, .character: break
    }
    return .none
  }

  private mutating func handleInDetail(_ key: Key) -> Action {
    switch key {
    case .enter, .escape, .backspace: inspected = nil
    case .up, .character("k"): scroll(by: -1)
    case .down, .character("j"): scroll(by: 1)
    case .pageUp: scroll(by: -max(1, room - 1))
    case .pageDown: scroll(by: max(1, room - 1))
    case .home: scroll(by: -detail.count)
    case .end: scroll(by: detail.count)
    case .character: break
    }
    return .none
  }

  /// A line more than rows fit, as a detail has no header of columns.
  private mutating func scroll(by lines: Int) {
    detailTop = min(max(0, detailTop + lines), max(0, detail.count - room - 1))
  }

  private mutating func handleWhileFiltering(_ key: Key) -> Action {
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

  private mutating func handleReason(_ key: Key, _ change: Change, _ name: BreakerName, _ reason: String) -> Action {
    switch key {
    case .enter:
      mode = .looking
      return .apply(change, name, reason: reason.isEmpty ? nil : reason)
    case .escape:
      mode = .looking
      message = "left as it is"
    case .backspace: mode = .giving(change, name, reason: String(reason.dropLast()))
    case .character(let character) where reason.utf8.count < ReasonOption.longest - 16:
      mode = .giving(change, name, reason: reason + String(character))
    default: break
    }
    return .none
  }

  private mutating func ask(_ change: Change) { choose { .asking(change, $0) } }

  private mutating func askForReason(_ change: Change) { choose { .giving(change, $0, reason: "") } }

  private mutating func choose(_ next: (BreakerName) -> Mode) {
    if let name = inspected ?? selected { mode = next(name) } else { message = "no breaker is selected" }
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
      // What now has its place takes the place of one that is gone.
      let index = min(lastIndex, max(0, rows.count - 1))
      selected = rows.isEmpty ? nil : rows[index].breaker
    }
    keepSelectionInView()
  }

  /// Where the selected row was drawn last.
  private var lastIndex = 0

  private mutating func keepSelectionInView() {
    let rows = shown
    let index = rows.firstIndex { $0.breaker == selected } ?? 0
    lastIndex = index
    let room = max(1, room)
    top = min(max(0, min(top, index)), max(0, rows.count - room))
    if index >= top + room { top = index - room + 1 }
  }
}
