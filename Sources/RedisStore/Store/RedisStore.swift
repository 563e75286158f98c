package import BreakerStore
package import CircuitBreaker
import JSON
import System

/// The Redis store: every host of a fleet shares a breaker through the events of its log (see `LogScripts`).
///
/// A class, as it holds the connection between two steps and what it has read of a breaker.
package final class RedisStore: BreakerStorage, StoreConnection {
  let client: RedisClient
  let location: RedisLocation
  let random: @Sendable () -> UInt64
  private var outage: Outage
  /// What this process has read of a breaker: the next step asks only for what came since.
  private var known: (name: BreakerName, log: EventLog)?
  private var identity: ProcessIdentity?
  /// Whether a failure of a moment ago keeps us from asking: not where a person waits.
  private var patience: Patience

  /// Events in a log from which on the next report brings a snapshot along.
  private static let eventsAtMost = 8
  /// Events in a log from which on somebody shortens it who brought no snapshot along.
  private static let eventsInHerd = 32
  private static let historyKept = 16
  /// How often a change or a removal that must not pass over what it does not know is tried before it goes ahead.
  private static let carefulTries = 8
  private static let readAtOnce = 100
  /// The server walks over all its keys for a list, in many steps.
  private static let listingTimeouts = 10
  /// A breaker untouched for this long goes away, unless it is open, held or configured.
  private static let timeToLive = Span.seconds(90 * 86400)

  /// - Parameter outageDirectory: where the host remembers that Redis was away.
  package init(
    _ location: RedisLocation, outageDirectory: String, patience: Patience = .script,
    random: @escaping @Sendable () -> UInt64
  ) throws(StoreError) {
    self.location = location
    self.patience = patience
    self.random = random
    outage = Outage(directory: outageDirectory, location: location)
    do {
      client = try RedisClient(location)
    } catch {
      throw StoreError(.redis(error.description), "use", location.redacted)
    }
  }

  /// Closes the connections; the next step connects again.
  package func close() {
    client.close()
  }

  package var isConnected: Bool { client.isConnected }

  /// As `OpenStore.label`.
  package var label: String { location.redacted }

  /// The directory of the file store that stands in while Redis is away: see `Outage.standIn`. Nil if no failure was
  /// met, or none can be remembered.
  package var standInDirectory: String? { outage.standIn }

  // MARK: Reading

  /// One round trip, unless a holder on this host has died. The time is the server's.
  package func read(_ name: BreakerName, _ look: Look) throws(StoreError) -> Reading {
    var (log, now) = try ask(name)
    // In one round trip: the events of a change are put in order by the server, whatever was seen before.
    if look == .beforeChange { return reading(log, at: now) }
    // A process that reported and ended between the server's answer and our looking for it was not lost: it died
    // without a report only if nothing came since.
    for _ in 0..<16 where hasDead(log.breaker) {
      let seen = log.lastID
      (log, now) = try ask(name)
      if log.lastID == seen { break }
    }
    return reading(log, at: now)
  }

  private func ask(_ name: BreakerName) throws(StoreError) -> (log: EventLog, now: Timestamp) {
    let reply = try run(LogScripts.read, name, Self.standing(known?.name == name ? known?.log : nil), "read")
    let log = try fold(reply, name).log
    known = (name, log)
    return (log, reply.now)
  }

  private func hasDead(_ breaker: Breaker?) -> Bool {
    breaker?.leases.contains { $0.holder.map(liveness) == .dead } ?? false
  }

  private func reading(_ log: EventLog, at server: Timestamp) -> Reading {
    var (breaker, now) = log.look(at: server)
    breaker?.takeCensus(at: now, liveness)
    breaker?.settle(at: now)
    return Reading(breaker: breaker, now: now)
  }

  /// Only the dead of this host are known for dead; the living renew their leases themselves.
  private func liveness(_ holder: Holder) -> HolderStatus {
    let observer = identity ?? ProcessIdentity.current()
    identity = observer
    return holder.liveness(seenBy: observer) == .dead ? .dead : .unknown
  }

  /// Batches of names in one round trip each; a breaker removed meanwhile is left out.
  package func readAll(_ body: (BreakerName, Result<Reading, StoreError>) -> Void) throws(StoreError) {
    var rest = try names()[...]
    while !rest.isEmpty {
      let batch = rest.prefix(Self.readAtOnce)
      rest = rest.dropFirst(Self.readAtOnce)
      known = nil
      let replies = try guarded("read") { () throws(RedisError) in
        let commands = batch.map { name in
          let key = key(name)
          return RedisClient.Command(LogScripts.read.evalsha([key], Self.standing(nil)), key: key)
        }
        return try client.pipeline(commands, deadline: client.deadline())
      }
      for (name, reply) in zip(batch, replies) {
        let reading = Result { () throws(StoreError) in
          // By itself where the server does not have the script, or something else is wrong: that says what.
          if case .error = reply { return try read(name) }
          let answer = try checked(reply, name)
          let log = try fold(answer, name).log
          return hasDead(log.breaker) ? try read(name) : self.reading(log, at: answer.now)
        }
        known = nil
        // One that went away since its key was listed.
        if case .success(let reading) = reading, reading.breaker == nil { continue }
        body(name, reading)
      }
    }
  }

  /// SCAN over every master; it may take several times the timeout.
  package func names() throws(StoreError) -> [BreakerName] {
    let prefix = location.prefix
    return try guarded("list") { () throws(RedisError) in
      try client.keys(
        withPrefix: prefix + [UInt8(ascii: "{")],
        deadline: .after(location.connectTimeout + location.timeout * Self.listingTimeouts))
    }
    .compactMap { BreakerKey.name(of: $0, prefix: prefix) }.sorted()
  }

  /// The events of the log, and before them those that compaction moved to fields of their own.
  package func history(_ name: BreakerName, limit: Int) throws(StoreError) -> [HistoryEntry]? {
    guard let breaker = try read(name).breaker else { return nil }
    let next = breaker.history.first?.sequence ?? breaker.nextSequence
    let first = max(breaker.firstSequence, next - min(limit, LogScripts.historyAtMost))
    var older: [HistoryEntry] = []
    if first < next, breaker.history.count < limit {
      let key = key(name)
      let fields = (first..<next).map { Array("h\($0)".utf8) }
      let reply = try guarded("read") { () throws(RedisError) in
        try client.command(
          RedisClient.Command([Array("HMGET".utf8), key] + fields, key: key), deadline: client.deadline())
      }
      older = (reply.array ?? []).compactMap(\.bytes).compactMap { try? BreakerDocument.historyEntry(line: $0[...]) }
    }
    return Array((older + breaker.history).drop { $0.sequence < breaker.firstSequence }.suffix(limit))
  }

  // MARK: Changing

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
      known = (name, try fold(reply, name).log)
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
  private struct Stroke {
    /// What is known of the breaker; nil if it was not read.
    var log: EventLog?
    /// How long it lives untouched after the events, as far as is known; nil: forever.
    var lifetime: Span?
    var compaction: Compaction?
    /// The last one is the caller's.
    var events: [Event] = []
    var ids: [String] = []
  }

  private func stroke(_ event: Event, _ name: BreakerName) -> Stroke {
    let log = known?.name == name ? known?.log : nil
    let events = Self.losing(log?.breaker, liveness) + [event]
    let ids = events.map { _ in EventID.draw(random) }
    return Stroke(
      log: log, lifetime: log.flatMap { Self.lifetime($0, after: events, ids) },
      compaction: log.flatMap { Self.compaction($0, name, from: Self.eventsAtMost) }, events: events, ids: ids)
  }

  /// Works out what the stroke came to, and keeps the log in order.
  private func finish(_ stroke: Stroke, _ reply: LogReply, _ name: BreakerName) throws(StoreError) -> Applied {
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
  private struct Compaction {
    var log: EventLog
    var snapshot: [UInt8]
    var history: (first: Int, lines: [[UInt8]])
  }

  private static func compaction(_ log: EventLog, _ name: BreakerName, from least: Int) -> Compaction? {
    guard log.next - log.base >= least else { return nil }
    var rest = log
    let history = rest.spill(keeping: historyKept, atMost: LogScripts.historyAtMost)
    guard let snapshot = rest.snapshot(name: name) else { return nil }
    return Compaction(log: rest.compacted(), snapshot: snapshot, history: history)
  }

  private static func standing(_ log: EventLog?) -> [[UInt8]] {
    guard let log else { return [word(-1), [], []] }
    return [word(log.next), Array(log.snapshotID.utf8), Array(log.lastID.utf8)]
  }

  private func write(
    _ stroke: Stroke, _ name: BreakerName, isBrief: Bool = false, isCareful: Bool = false
  ) throws(StoreError) -> LogReply {
    let arguments = Self.arguments(stroke, isBrief: isBrief, isCareful: isCareful)
    return try run(LogScripts.append, name, arguments, "change", ids: stroke.ids)
  }

  private static func arguments(_ stroke: Stroke, isBrief: Bool = false, isCareful: Bool = false) -> [[UInt8]] {
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
  private static func losing(_ breaker: Breaker?, _ liveness: (Holder) -> HolderStatus) -> [Event] {
    let dead = (breaker?.leases ?? []).filter { $0.holder.map(liveness) == .dead }
    return dead.isEmpty ? [] : [.lose(dead.map(\.token))]
  }

  /// How long the breaker lives untouched after these events, as far as this client knows.
  private static func lifetime(_ log: EventLog, after events: [Event], _ ids: [String]) -> Span? {
    var log = log
    for (event, id) in zip(events, ids) {
      _ = log.take(event, id: id, at: log.time ?? Timestamp(milliseconds: 0))
    }
    return lifetime(log.breaker)
  }

  /// nil: forever. A log without a breaker is what a late result left where its breaker is gone.
  private static func lifetime(_ breaker: Breaker?) -> Span? {
    guard let breaker else { return .seconds(60) }
    return breaker.state == .closed && breaker.hold == nil && breaker.settings.isEmpty ? timeToLive : nil
  }

  /// Sets right the time to live that the stroke itself got wrong, because others were at it in the same moment, and
  /// shortens the log. Not worth an error: the next change does the same.
  private func setRight(_ log: EventLog, _ name: BreakerName) {
    let stroke = upkeep(log, name)
    guard let reply = try? write(stroke, name) else { return }
    if let folded = try? fold(reply, name, compacted: stroke.compaction?.log) { known = (name, folded.log) }
  }

  /// Shortens the log, and does not wait for it: what becomes of it changes nothing for us.
  private func shorten(_ log: EventLog, _ name: BreakerName) {
    client.post(LogScripts.append, keys: [key(name)], arguments: Self.arguments(upkeep(log, name)))
  }

  /// A stroke without an event.
  private func upkeep(_ log: EventLog, _ name: BreakerName) -> Stroke {
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

  // MARK: The server

  private func run(
    _ script: Script, _ name: BreakerName, _ arguments: [[UInt8]], _ operation: String, ids: [String] = []
  ) throws(StoreError) -> LogReply {
    let reply = try guarded(operation) { () throws(RedisError) in
      let all = [key(name)]
      // One budget for both tries: a server that does not answer is not waited for twice.
      let isReused = client.isConnected
      let end = Deadline.after(location.connectTimeout + location.timeout)
      do throws(RedisError) {
        return try client.run(script, keys: all, arguments: arguments, deadline: min(client.deadline(), end))
      } catch {
        // The events may be there already: sent again, their ids make them count once. And a connection of an earlier
        // step may have been closed by the server since: that says nothing of the server.
        let wasClosed = isReused && error.code == .unreachable
        guard wasClosed || error.mayHaveBeenApplied && !ids.isEmpty, error.code != .timedOut, !end.hasPassed else {
          throw error
        }
        client.close()
        return try client.run(script, keys: all, arguments: arguments, deadline: end)
      }
    }
    return try checked(reply, name)
  }

  private func checked(_ reply: RedisReply, _ name: BreakerName) throws(StoreError) -> LogReply {
    do {
      return try LogReply(reply)
    } catch {
      throw fault(error, name)
    }
  }

  /// Leaves Redis alone for a while after a failure, and remembers one.
  private func guarded<Value>(
    _ operation: String, _ body: () throws(RedisError) -> Value
  ) throws(StoreError) -> Value {
    let isResting = outage.isResting()
    if isResting, patience == .script {
      var error = StoreError(
        .redis("it failed some seconds ago and is left alone for a moment"), operation, location.redacted)
      error.isNews = false
      throw error
    }
    do {
      let value = try body()
      outage.clear()
      return value
    } catch {
      var failure = StoreError(.redis(error.description), operation, location.redacted)
      failure.isNews = outage.note(error)
      // Asked and seen: the next of many breakers need not wait for the same.
      patience = .script
      client.close()
      throw failure
    }
  }

  /// Works the reply into what is known; says what the event `own` did.
  private func fold(
    _ reply: LogReply, _ name: BreakerName, compacted: EventLog? = nil, until own: String? = nil
  ) throws(StoreError) -> (log: EventLog, own: (breaker: Breaker?, step: Step, now: Timestamp)?) {
    var log: EventLog
    if let known, known.name == name, known.log.next == reply.first, reply.snapshot.isEmpty {
      log = known.log
      // The server has taken the snapshot that we brought, and nobody else can have put another behind it.
      if let compacted, reply.base == compacted.base, compacted.base > log.base { log = compacted }
    } else if reply.base == 0 {
      log = EventLog()
    } else {
      do {
        log = try EventLog(
          snapshot: JSONValue.parse(reply.snapshot), id: reply.snapshotID, base: reply.base, name: name)
      } catch let fault as FormatFault {
        throw self.fault(fault, name, "the snapshot")
      } catch {
        throw self.fault(FormatFault.damaged("\(error)"), name, "the snapshot")
      }
    }
    guard log.next == reply.first else { throw fault(.senseless("events are missing"), name) }
    var result: (breaker: Breaker?, step: Step, now: Timestamp)?
    for (time, value) in reply.events {
      let (event, id): (Event, String)
      do {
        (event, id) = try EventDocument.decode(value)
      } catch {
        throw fault(error, name, "an event")
      }
      if let taken = log.take(event, id: id, at: time), id == own {
        result = (log.breaker, taken.step, taken.now)
      }
    }
    return (log, result)
  }

  private func fault(_ fault: LogReply.Fault, _ name: BreakerName) -> StoreError {
    outage.noteUnusableKey()
    return switch fault {
    case .foreign:
      StoreError(
        .redis("the key of breaker \(name) holds data that are not cb's; use another prefix"), "use",
        location.redacted)
    case .newer(let what): StoreError(.newer(what), "use", "\(location.redacted) \(name)")
    case .senseless(let reason):
      StoreError(.redis("the answer for breaker \(name) makes no sense: \(reason)"), "use", location.redacted)
    }
  }

  private func fault(_ fault: FormatFault, _ name: BreakerName, _ what: String) -> StoreError {
    outage.noteUnusableKey()
    let place = "\(location.redacted) \(name)"
    return switch fault {
    case .damaged(let reason): StoreError(.damagedLog(reason: "\(what) is damaged: \(reason)"), "use", place)
    case .newer(let unknown): StoreError(.newer(unknown), "use", place)
    }
  }

  private func key(_ name: BreakerName) -> [UInt8] {
    BreakerKey(name, prefix: location.prefix).bytes
  }

  static func word(_ number: some BinaryInteger) -> [UInt8] {
    Array(String(number).utf8)
  }
}
