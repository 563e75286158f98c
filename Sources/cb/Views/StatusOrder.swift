import CircuitBreaker
import System

/// In which order `cb status` shows breakers to people.
enum StatusOrder: String, CaseIterable {
  case name
  case state
  case failures
  case changed

  /// What needs attention first: what rejects runs, what is about to try, what is not protected, what fails.
  static func byUrgency(_ rows: [StatusRow]) -> [StatusRow] {
    sorted(rows) { urgency($0) }
  }

  func sorted(_ rows: [StatusRow]) -> [StatusRow] {
    switch self {
    case .name: Self.sorted(rows) { _ in 0 }
    case .state: Self.sorted(rows) { Int64($0.state.rank) }
    case .failures: Self.sorted(rows) { -Int64($0.failCounter) }
    case .changed: Self.sorted(rows) { $0.changedAt.map { -$0.milliseconds } ?? .max }
    }
  }

  private static func sorted(_ rows: [StatusRow], by rank: (StatusRow) -> Int64) -> [StatusRow] {
    let keyed = rows.map { (rank: rank($0), key: NaturalKey($0.breaker), row: $0) }
    return keyed.sorted { $0.rank != $1.rank ? $0.rank < $1.rank : $0.key < $1.key }.map(\.row)
  }

  private static func urgency(_ row: StatusRow) -> Int64 {
    switch row.state {
    case .open: row.isDue() ? 1 : 0
    case .halfOpen: 2
    case .closed: row.isHeld ? 3 : row.failCounter > 0 ? 4 : 5
    }
  }
}

extension CircuitState {
  fileprivate var rank: Int {
    switch self {
    case .open: 0
    case .halfOpen: 1
    case .closed: 2
    }
  }
}

/// A name for sorting as people count: `job-2` before `job-10`.
struct NaturalKey: Comparable {
  private enum Part: Equatable {
    case text(ArraySlice<UInt8>)
    /// Without leading zeros.
    case number(ArraySlice<UInt8>)
  }

  private let parts: [Part]
  /// Decides between names that differ in leading zeros only.
  private let name: BreakerName

  init(_ name: BreakerName) {
    self.name = name
    var parts: [Part] = []
    var rest = Array(name.text.utf8)[...]
    while let first = rest.first {
      let isNumber = Self.isDigit(first)
      let stretch = rest.prefix { Self.isDigit($0) == isNumber }
      rest = rest.dropFirst(stretch.count)
      parts.append(isNumber ? .number(stretch.drop { $0 == UInt8(ascii: "0") }) : .text(stretch))
    }
    self.parts = parts
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  static func == (left: NaturalKey, right: NaturalKey) -> Bool { left.name == right.name }

  static func < (left: NaturalKey, right: NaturalKey) -> Bool {
    for (one, other) in zip(left.parts, right.parts) where one != other {
      switch (one, other) {
      case (.number(let a), .number(let b)):
        return a.count != b.count ? a.count < b.count : a.lexicographicallyPrecedes(b)
      case (.text(let a), .text(let b)): return a.lexicographicallyPrecedes(b)
      case (.number, .text): return true
      case (.text, .number): return false
      }
    }
    if left.parts.count != right.parts.count { return left.parts.count < right.parts.count }
    return left.name < right.name
  }
}

/// What `--state` lets through.
enum StateFilter: String, CaseIterable {
  case closed
  /// Held and due ones too.
  case open
  case halfOpen = "half-open"
  case held
  case due

  func lets(_ row: StatusRow) -> Bool {
    switch self {
    case .closed: row.state == .closed
    case .open: row.state == .open
    case .halfOpen: row.state == .halfOpen
    case .held: row.isHeld
    case .due: row.isDue()
    }
  }
}

/// `12 breakers: 2 open (1 held, 1 due), 1 half-open, 9 closed (1 held)`
enum StatusSummary {
  static func text(_ rows: [StatusRow], elapsed: Span = .zero) -> String {
    var counts: [String] = []
    for state in [CircuitState.open, .halfOpen, .closed] {
      let those = rows.filter { $0.state == state }
      if those.isEmpty { continue }
      let held = those.count { $0.isHeld }
      let due = those.count { !$0.isHeld && $0.isDue(elapsed: elapsed) }
      let more = [held > 0 ? "\(held) held" : "", due > 0 ? "\(due) due" : ""].filter { !$0.isEmpty }
      counts.append("\(those.count) \(state.rawValue)" + (more.isEmpty ? "" : " (\(more.joined(separator: ", ")))"))
    }
    let total = counted(rows.count, "breaker")
    return counts.isEmpty ? total : "\(total): \(counts.joined(separator: ", "))"
  }
}
