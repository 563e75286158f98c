import BreakerStore
import CircuitBreaker

/// Finds what is new since the last look: for `cb history --follow`, and for `cb status --watch` on a pipe.
///
/// Histories and not states are compared, so that a circuit that opened and closed between two looks is told of.
struct Follower {
  /// A new event, or a change that leaves none: a reset clears the history, a removed breaker has none.
  enum News {
    case event(BreakerName, HistoryEntry)
    case reset(BreakerName, from: CircuitState, at: Timestamp)
    case removed(BreakerName, from: CircuitState, at: Timestamp)
  }

  private struct Place {
    var id: UInt64
    /// The numbers of the first event since the last reset, and of the next one.
    var first: Int
    var next: Int
    var state: CircuitState
    var now: Timestamp

    init(_ row: BreakerRow) {
      id = row.breaker.id
      first = row.breaker.firstSequence
      next = row.breaker.nextSequence
      state = row.breaker.state
      now = row.now
    }
  }

  private static let limit = 1000

  let session: Session
  let selection: Selection
  private var places: [BreakerName: Place] = [:]

  init(_ session: Session, _ selection: Selection) {
    self.session = session
    self.selection = selection
  }

  /// Everything that is there is known from now on.
  mutating func skipToEnd(report: (String) -> Void) throws(CommandFailure) {
    var found: [BreakerName: Place] = [:]
    try selection.forEach(in: session, report: report) { found[$0.name] = Place($0) }
    places = found
  }

  /// The breakers of the last look.
  var known: [BreakerName] { places.keys.sorted() }

  /// What the caller has read for itself is known from now on.
  mutating func know(_ name: BreakerName, upTo entry: HistoryEntry) {
    places[name]?.next = entry.sequence + 1
  }

  /// In the order of time; of one breaker in the order of its history.
  mutating func news(report: (String) -> Void) throws(CommandFailure) -> [News] {
    var rows: [BreakerRow] = []
    try selection.forEach(in: session, report: report) { rows.append($0) }
    var histories: [(name: BreakerName, entries: [HistoryEntry])] = []
    var resets: [News] = []
    var removals: [News] = []
    var found: [BreakerName: Place] = [:]
    for row in rows {
      var place = Place(row)
      let before = places[row.name].flatMap { $0.id == place.id ? $0 : nil }
      // One that was not there at the last look is new from its first event on.
      let first = max(before?.next ?? 1, place.first)
      if let before, before.first != place.first, before.state != .closed {
        resets.append(.reset(row.name, from: before.state, at: row.now))
      }
      if place.next > first {
        let entries = try entries(row, from: first)
        if let last = entries.last { place.next = last.sequence + 1 }
        histories.append((row.name, entries))
      }
      found[row.name] = place
    }
    for (name, place) in places where found[name] == nil {
      removals.append(.removed(name, from: place.state, at: place.now))
    }
    places = found
    return resets + HistoryMerge.merge(histories).map { .event($0.name, $0.entry) } + removals
  }

  /// From the breaker itself where it has them all, else from the store, which may have moved them elsewhere.
  private func entries(_ row: BreakerRow, from first: Int) throws(CommandFailure) -> [HistoryEntry] {
    if let oldest = row.breaker.history.first?.sequence, oldest <= first {
      return row.breaker.history.filter { $0.sequence >= first }
    }
    let entries = try session.storeResult { () throws(StoreError) in
      try session.store.history(row.name, limit: Self.limit)
    }
    return (entries ?? []).filter { $0.sequence >= first }
  }
}

/// The histories of several breakers as one.
enum HistoryMerge {
  /// By time, but never against the order within a breaker, which numbers tell and a stepped clock does not.
  static func merge(
    _ histories: [(name: BreakerName, entries: [HistoryEntry])]
  ) -> [(name: BreakerName, entry: HistoryEntry)] {
    var all: [(at: Timestamp, name: BreakerName, entry: HistoryEntry)] = []
    for (name, entries) in histories {
      var latest = Timestamp(milliseconds: .min)
      for entry in entries {
        latest = max(latest, entry.at)
        all.append((latest, name, entry))
      }
    }
    if histories.count > 1 {
      all.sort { ($0.at, $0.name, $0.entry.sequence) < ($1.at, $1.name, $1.entry.sequence) }
    }
    return all.map { ($0.name, $0.entry) }
  }
}
