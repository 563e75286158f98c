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
  ///
  /// - Throws: where nothing at all can be read, as is then better known at once than after an hour of silence.
  mutating func skipToEnd(report: (BreakerName, String) -> Void) throws(CommandFailure) {
    var found: [BreakerName: Place] = [:]
    var troubles: [(name: BreakerName, reason: String)] = []
    try selection.forEach(in: session, report: { troubles.append(($0, $1)) }) { found[$0.name] = Place($0) }
    if found.isEmpty, let first = troubles.first { throw .failed("\(first.name): \(first.reason)") }
    for trouble in troubles { report(trouble.name, trouble.reason) }
    places = found
  }

  /// The breakers of the last look.
  var known: [BreakerName] { places.keys.sorted() }

  /// What the caller has read for itself is known from now on.
  mutating func know(_ name: BreakerName, upTo entry: HistoryEntry) {
    places[name]?.next = entry.sequence + 1
  }

  /// In the order of time; of one breaker in the order of its history. While the store, or one breaker in it, cannot be
  /// read there is nothing new of it, and nothing is taken for removed; what happened meanwhile is told afterwards.
  mutating func news(_ report: inout Reporter) -> [News] {
    var rows: [BreakerRow] = []
    var unread: Set<BreakerName> = []
    var troubles: [(BreakerName?, String)] = []
    do throws(CommandFailure) {
      try selection.forEach(
        in: session,
        report: { name, reason in
          unread.insert(name)
          troubles.append((name, reason))
        }
      ) { rows.append($0) }
    } catch {
      report.say(nil, error.message)
      return []
    }
    var histories: [(name: BreakerName, entries: [HistoryEntry])] = []
    var resets: [News] = []
    var found: [BreakerName: Place] = [:]
    for row in rows {
      var place = Place(row)
      let before = places[row.name].flatMap { $0.id == place.id ? $0 : nil }
      // One that was not there at the last look is new from its first event on.
      let first = max(before?.next ?? 1, place.first)
      if place.next > first {
        do throws(CommandFailure) {
          let entries = try entries(row, from: first)
          if let last = entries.last { place.next = last.sequence + 1 }
          histories.append((row.name, entries))
        } catch {
          // The next look begins where this one did.
          unread.insert(row.name)
          troubles.append((row.name, error.message))
          continue
        }
      }
      if let before, before.first != place.first, before.state != .closed {
        resets.append(.reset(row.name, from: before.state, at: row.now))
      }
      found[row.name] = place
    }
    var removals: [News] = []
    for (name, place) in places where found[name] == nil {
      if unread.contains(name) {
        found[name] = place
      } else {
        removals.append(.removed(name, from: place.state, at: place.now))
      }
    }
    places = found
    if troubles.isEmpty { report.allIsWell() }
    for (name, reason) in troubles { report.say(name, reason) }
    return resets + HistoryMerge.merge(histories).map { .event($0.name, $0.entry) } + removals
  }

  /// From the breaker itself where it has them all, else from the store, which may have moved them elsewhere.
  private func entries(_ row: BreakerRow, from first: Int) throws(CommandFailure) -> [HistoryEntry] {
    if let oldest = row.breaker.history.first?.sequence, oldest <= first {
      return row.breaker.history.filter { $0.sequence >= first }
    }
    let entries = try session.history(row.name, limit: Self.limit)
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
