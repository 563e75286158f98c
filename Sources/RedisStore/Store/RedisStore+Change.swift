package import BreakerStore
package import CircuitBreaker
import JSON
import System

/// Changing: the events of a step go to the server in one stroke, and are worked out here.
extension RedisStore {
  /// One script, one write. An act by hand is repeated if another host changed the breaker in between.
  package func apply(_ event: Event, to name: BreakerName) throws(StoreError) -> Applied {
    guard event.isByHand else {
      let stroke = stroke(event, name)
      return try finish(stroke, try write(stroke, name), name)
    }
    // What people ask for is written where all that is there was understood, and nowhere else. The last try goes ahead:
    // in a herd somebody is always faster, and a moment ago all was well.
    if known?.name != name { _ = try ask(name) }
    for _ in 1..<Self.carefulTries {
      let stroke = stroke(event, name)
      let reply = try write(stroke, name, isCareful: true)
      if reply.wasWritten { return try finish(stroke, reply, name) }
      let (log, own) = try fold(reply, name, until: stroke.ids.last)
      known = (name, log)
      // The answer was lost, and it was our own event that had changed the breaker when it was sent again.
      if let own { return Applied(breaker: own.breaker, step: own.step, now: own.now) }
    }
    let stroke = stroke(event, name)
    return try finish(stroke, try write(stroke, name), name)
  }

  /// The server answers with less if nothing hinges on the effect, and nothing is folded here.
  package func submit(_ event: Event, to name: BreakerName) throws(StoreError) -> [String] {
    let stroke = stroke(event, name)
    // Who brings about that the key goes away by itself, or stays, has to look whether that came out right.
    let isPlain = stroke.log != nil && stroke.events.count == 1 && stroke.lifetime == Self.timeToLive
    let reply = try write(stroke, name, isBrief: isPlain)
    return isPlain && reply.isBrief ? [] : try finish(stroke, reply, name).notices
  }

  /// What goes to the server in one stroke.
  struct Stroke {
    /// What is known of the breaker; nil if it was not read.
    var log: EventLog?
    /// How long it lives untouched after the events, as far as is known; nil: forever.
    var lifetime: Span?
    var compaction: Compaction?
    /// The last one is the caller's.
    var events: [Event] = []
    var ids: [String] = []
  }

  func stroke(_ event: Event, _ name: BreakerName) -> Stroke {
    let log = known?.name == name ? known?.log : nil
    let events = Self.losing(log?.breaker, liveness) + [event]
    let ids = events.map { _ in EventID.draw(random) }
    return Stroke(
      log: log, lifetime: log.flatMap { Self.lifetime($0, after: events, ids) },
      compaction: log.flatMap { Self.compaction($0, name, from: Self.eventsAtMost) }, events: events, ids: ids)
  }

  /// Works out what the stroke came to, and keeps the log in order.
  func finish(_ stroke: Stroke, _ reply: LogReply, _ name: BreakerName) throws(StoreError) -> Applied {
    let (folded, own) = try fold(reply, name, compacted: stroke.compaction?.log, until: stroke.ids.last)
    known = (name, folded)
    let isLong = folded.next - folded.base >= Self.eventsInHerd
    if (Self.lifetime(folded.breaker) != nil) != reply.isMortal {
      setRight(folded, name)
    } else if isLong, stroke.log == nil || reply.next % LogScripts.turn == 0 {
      // Of those who meet in a long log one shortens it for all: each would otherwise be handed the events of all the
      // others. And commands that change without a look must not make it grow forever.
      shorten(folded, name)
    }
    guard let own else {
      let effect: Effect = if case .record = stroke.events.last { .stale } else { .done }
      return Applied(breaker: folded.breaker, step: Step(effect), now: reply.now)
    }
    return Applied(breaker: own.breaker, step: own.step, now: own.now)
  }

  /// A snapshot of a log that has grown, the history that leaves it, and the log as it is if the server takes it.
  struct Compaction {
    var log: EventLog
    var snapshot: [UInt8]
    var history: (first: Int, lines: [[UInt8]])
  }

  static func compaction(_ log: EventLog, _ name: BreakerName, from least: Int) -> Compaction? {
    guard log.next - log.base >= least else { return nil }
    var rest = log
    let history = rest.spill(keeping: historyKept, atMost: LogScripts.historyAtMost)
    guard let snapshot = rest.snapshot(name: name) else { return nil }
    return Compaction(log: rest.compacted(), snapshot: snapshot, history: history)
  }

  static func standing(_ log: EventLog?) -> [[UInt8]] {
    guard let log else { return [word(-1), [], []] }
    return [word(log.next), Array(log.snapshotID.utf8), Array(log.lastID.utf8)]
  }

  func write(
    _ stroke: Stroke, _ name: BreakerName, isBrief: Bool = false, isCareful: Bool = false
  ) throws(StoreError) -> LogReply {
    let arguments = Self.arguments(stroke, isBrief: isBrief, isCareful: isCareful)
    return try run(LogScripts.append, name, arguments, "change", ids: stroke.ids)
  }

  static func arguments(_ stroke: Stroke, isBrief: Bool = false, isCareful: Bool = false) -> [[UInt8]] {
    let history = stroke.compaction?.history ?? (first: 0, lines: [])
    var arguments = standing(stroke.log)
    arguments.append(word(stroke.lifetime?.milliseconds ?? 0))
    arguments.append(stroke.compaction?.snapshot ?? [])
    arguments.append(word(history.lines.count))
    arguments.append(word(isBrief ? 1 : 0))
    arguments.append(word(isCareful ? 1 : 0))
    arguments.append(word(history.first))
    arguments += history.lines
    for (event, id) in zip(stroke.events, stroke.ids) {
      var object = EventDocument.encode(event)
      object.append("id", .string(id))
      arguments.append(JSONValue.object(object).bytes(.compact))
    }
    return arguments
  }

  /// The dead of this host lose their places with the same stroke.
  static func losing(_ breaker: Breaker?, _ liveness: (Holder) -> HolderStatus) -> [Event] {
    let dead = (breaker?.leases ?? []).filter { $0.holder.map(liveness) == .dead }
    return dead.isEmpty ? [] : [.lose(dead.map(\.token))]
  }

  /// How long the breaker lives untouched after these events, as far as this client knows.
  static func lifetime(_ log: EventLog, after events: [Event], _ ids: [String]) -> Span? {
    var log = log
    for (event, id) in zip(events, ids) {
      _ = log.fold(event, id: id, at: log.time ?? Timestamp(milliseconds: 0))
    }
    return lifetime(log.breaker)
  }

  /// nil: forever. A log without a breaker is what a late result left where its breaker is gone.
  static func lifetime(_ breaker: Breaker?) -> Span? {
    guard let breaker else { return .seconds(60) }
    return breaker.state == .closed && breaker.hold == nil && breaker.settings.isEmpty ? timeToLive : nil
  }

  /// Sets right the time to live that the stroke itself got wrong, because others were at it in the same moment, and
  /// shortens the log. Not worth an error: the next change does the same.
  func setRight(_ log: EventLog, _ name: BreakerName) {
    let stroke = upkeep(log, name)
    guard let reply = try? write(stroke, name) else { return }
    if let folded = try? fold(reply, name, compacted: stroke.compaction?.log) { known = (name, folded.log) }
  }

  /// Shortens the log, and does not wait for it: what becomes of it changes nothing for us.
  func shorten(_ log: EventLog, _ name: BreakerName) {
    client.post(LogScripts.append, keys: [key(name)], arguments: Self.arguments(upkeep(log, name)))
  }

  /// A stroke without an event.
  func upkeep(_ log: EventLog, _ name: BreakerName) -> Stroke {
    Stroke(
      log: log, lifetime: Self.lifetime(log.breaker),
      compaction: Self.compaction(log, name, from: Self.eventsAtMost))
  }

  /// Repeated if another host changed the breaker in between. A damaged log goes too; a newer one throws and stays.
  package func remove(_ name: BreakerName) throws(StoreError) -> Bool {
    for attempt in 1...Self.carefulTries {
      var isUnderstood = true
      do {
        _ = try ask(name)
      } catch {
        // One that is damaged goes; one that is newer is not ours to judge.
        guard case .damagedLog = error.kind else { throw error }
        isUnderstood = false
      }
      let isCareful = isUnderstood && attempt < Self.carefulTries
      let arguments = Self.standing(isUnderstood ? known?.log : nil) + [Self.word(isCareful ? 1 : 0)]
      let reply = try guarded("remove") { () throws(RedisError) in
        try client.run(LogScripts.remove, keys: [key(name)], arguments: arguments, deadline: client.deadline())
      }
      if let parts = reply.array, parts.count == 2, parts[0].string == "removed" {
        known = nil
        return parts[1].string == "1"
      }
      // Somebody changed it meanwhile.
      _ = try checked(reply, name)
    }
    return false
  }
}
