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
  var outage: Outage
  /// What this process has read of a breaker: the next step asks only for what came since.
  var known: (name: BreakerName, log: EventLog)?
  var identity: ProcessIdentity?
  /// Whether a failure of a moment ago keeps us from asking: not where a person waits.
  var patience: Patience

  /// Events in a log from which on the next report brings a snapshot along.
  static let eventsAtMost = 8
  /// Events in a log from which on somebody shortens it who brought no snapshot along.
  static let eventsInHerd = 32
  static let historyKept = 16
  /// How often a change or a removal that must not pass over what it does not know is tried before it goes ahead.
  static let carefulTries = 8
  static let readAtOnce = 100
  /// The server walks over all its keys for a list, in many steps.
  static let listingTimeouts = 10
  /// A breaker untouched for this long goes away, unless it is open, held or configured.
  static let timeToLive = Span.seconds(90 * 86400)

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
    if look == .beforeChange { return reading(log, at: now).reading }
    // A process that reported and ended between the server's answer and our looking for it was not lost: it died
    // without a report only if nothing came since. Each answer is looked through once: who died after that look may have
    // reported before, too.
    for _ in 0..<16 {
      let (reading, hasDead) = reading(log, at: now)
      if !hasDead { return reading }
      let seen = log.lastID
      (log, now) = try ask(name)
      if log.lastID == seen { return reading }
    }
    return reading(log, at: now).reading
  }

  func ask(_ name: BreakerName) throws(StoreError) -> (log: EventLog, now: Timestamp) {
    let reply = try run(LogScripts.read, name, Self.standing(known?.name == name ? known?.log : nil), "read")
    let log = try fold(reply, name).log
    known = (name, log)
    return (log, reply.now)
  }

  /// - Returns: what the log shows, and whether a holder of this host was found dead in it.
  func reading(_ log: EventLog, at server: Timestamp) -> (reading: Reading, hasDead: Bool) {
    var (breaker, now) = log.look(at: server)
    var hasDead = false
    breaker?.updateHolders(at: now) { holder in
      let status = liveness(holder)
      if status == .dead { hasDead = true }
      return status
    }
    breaker?.settle(at: now)
    return (Reading(breaker: breaker, now: now), hasDead)
  }

  /// Only the dead of this host are known for dead; the living renew their leases themselves.
  func liveness(_ holder: Holder) -> HolderStatus {
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
          let (reading, hasDead) = self.reading(log, at: answer.now)
          return hasDead ? try read(name) : reading
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
}
