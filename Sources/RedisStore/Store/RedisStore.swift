package import BreakerStore
package import CircuitBreaker

/// The Redis store: every host of a fleet shares a breaker through the events of its log (see `LogScripts`).
///
/// A class, as it holds the connection between two steps and what it has read of a breaker.
package final class RedisStore: BreakerStorage {
  private let client: RedisClient
  private let location: RedisLocation
  private let random: @Sendable () -> UInt64
  private var outage: Outage
  /// What this process has read of a breaker: the next step asks only for what came since.
  private var known: (name: BreakerName, log: EventLog)?
  private var identity: ProcessIdentity?
  private var isNewOutage = true

  /// Events in a log from which on the next report brings a snapshot along.
  private static let eventsAtMost = 16
  private static let historyKept = 16
  /// A breaker untouched for this long goes away, unless it is open, held or configured.
  private static let timeToLive = Span.seconds(90 * 86400)

  /// - Parameter outageDirectory: where the host remembers that Redis was away.
  package init(
    _ location: RedisLocation, outageDirectory: String, random: @escaping @Sendable () -> UInt64
  ) throws(StoreError) {
    self.location = location
    self.random = random
    outage = Outage(directory: outageDirectory, location: location)
    do {
      client = try RedisClient(location)
    } catch {
      throw StoreError(.redis(error.description), "use", location.redacted)
    }
  }

  package func rest() {
    client.close()
  }

  package var isNews: Bool { isNewOutage }

  // MARK: Reading

  package func read(_ name: BreakerName) throws(StoreError) -> Reading {
    let have = known?.name == name ? known?.log.next ?? -1 : -1
    let reply = try run(LogScripts.read, name, [Self.word(have)], "read")
    var log = try fold(reply, name).log
    known = (name, log)
    return reading(&log, at: reply.now)
  }

  private func reading(_ log: inout EventLog, at server: Timestamp) -> Reading {
    let now = log.advance(to: server)
    var breaker = log.breaker
    breaker?.takeCensus(at: now, liveness)
    breaker?.settle(at: now)
    return Reading(breaker: breaker, now: now)
  }

  /// Only the dead of this host are known for dead; the living renew their leases themselves.
  private func liveness(_ holder: Holder) -> Liveness {
    let observer = identity ?? ProcessIdentity.current()
    identity = observer
    return holder.liveness(seenBy: observer, sharesMachine: false) == .dead ? .dead : .unknown
  }

  package func readAll(_ body: (BreakerName, Result<Reading, StoreError>) -> Void) throws(StoreError) {
    for name in try names() {
      let reading = Result { () throws(StoreError) in try read(name) }
      // One that went away since its key was listed.
      if case .success(let reading) = reading, reading.breaker == nil { continue }
      body(name, reading)
    }
  }

  package func names() throws(StoreError) -> [BreakerName] {
    let prefix = location.prefix
    return try guarded("list") { () throws(RedisError) in
      try client.keys(withPrefix: prefix + [UInt8(ascii: "{")], deadline: client.deadline())
    }
    .compactMap { BreakerKeys.name(of: $0, prefix: prefix) }.sorted()
  }

  package func history(_ name: BreakerName, limit: Int) throws(StoreError) -> [HistoryEntry]? {
    let key = BreakerKeys(name, prefix: location.prefix).history
    // The list first: what moves there in between is then in both, and never in neither.
    let reply = try guarded("read") { () throws(RedisError) in
      try client.command(
        RedisClient.Command([Array("LRANGE".utf8), key, Self.word(-1000), Self.word(-1)], key: key),
        deadline: client.deadline())
    }
    guard let breaker = try read(name).breaker else { return nil }
    let lines = (reply.array ?? []).compactMap(\.bytes)
    let older = HistoryFile.entries(
      Array(lines.joined(separator: [UInt8(ascii: "\n")])),
      before: breaker.history.first?.sequence ?? breaker.nextSequence, limit: limit)
    return Array((older + breaker.history).drop { $0.sequence < breaker.firstSequence }.suffix(limit))
  }

  // MARK: Changing

  package func apply(_ event: Event, to name: BreakerName) throws(StoreError) -> Applied {
    let log = known?.name == name ? known?.log : nil
    let events = Self.losing(log?.breaker, liveness) + [event]
    let ids = events.map { _ in String(random(), radix: 16) }
    let predicted = log.map { Self.mayExpire($0, after: events, ids) } ?? false
    let have = log?.next ?? -1

    var arguments = [Self.word(have), Self.word(predicted ? Self.timeToLive.milliseconds : 0)]
    let compacted = addCompaction(of: log, name, to: &arguments)
    for (event, id) in zip(events, ids) {
      var object = EventDocument.encode(event)
      object.append("id", .string(id))
      arguments.append(JSONValue.object(object).bytes(.compact))
    }
    let reply = try run(LogScripts.append, name, arguments, "change", ids: ids)
    if let compacted, reply.base == compacted.next { known = (name, compacted) }
    let (folded, own) = try fold(reply, name, until: ids.last)
    known = (name, folded)
    let sawAll = have == reply.next - events.count
    if let breaker = folded.breaker, Self.mayExpire(breaker) != (predicted && sawAll) { setTimeToLive(folded, name) }
    guard let own else {
      let effect: Effect = if case .record = event { .stale } else { .done }
      return Applied(breaker: folded.breaker, step: Step(effect), now: reply.now)
    }
    return Applied(breaker: own.breaker, step: own.step, now: own.now)
  }

  /// Brings a snapshot along where the log has grown, with the history that leaves it; without one, empty words.
  ///
  /// - Returns: the log as it is if the server takes the snapshot.
  private func addCompaction(of log: EventLog?, _ name: BreakerName, to arguments: inout [[UInt8]]) -> EventLog? {
    guard var log, log.next - log.base >= Self.eventsAtMost else {
      arguments += [Self.word(0), Self.word(0), Self.word(0), []]
      return nil
    }
    let lines = log.spill(keeping: Self.historyKept)
    guard let snapshot = log.snapshot(name: name) else {
      arguments += [Self.word(0), Self.word(0), Self.word(0), []]
      return nil
    }
    arguments += [Self.word(lines.count), Self.word(log.base), Self.word(log.next), snapshot]
    arguments += lines
    log.base = log.next
    return log
  }

  /// The dead of this host lose their places with the same stroke.
  private static func losing(_ breaker: Breaker?, _ liveness: (Holder) -> Liveness) -> [Event] {
    let dead = (breaker?.leases ?? []).filter { $0.holder.map(liveness) == .dead }
    return dead.isEmpty ? [] : [.lose(dead.map(\.token))]
  }

  /// Whether a breaker may go away by itself after these events, as far as this client knows.
  private static func mayExpire(_ log: EventLog, after events: [Event], _ ids: [String]) -> Bool {
    var log = log
    for (event, id) in zip(events, ids) {
      _ = log.take(event, id: id, at: log.time ?? Timestamp(milliseconds: 0))
    }
    return log.breaker.map(mayExpire) ?? false
  }

  private static func mayExpire(_ breaker: Breaker) -> Bool {
    breaker.state == .closed && breaker.hold == nil && breaker.settings.isEmpty
  }

  /// Sets right what the stroke itself got wrong, because others were at it in the same moment. Not worth an error: the
  /// next change does the same.
  private func setTimeToLive(_ log: EventLog, _ name: BreakerName) {
    let live = log.breaker.map(Self.mayExpire) == true ? Self.timeToLive.milliseconds : 0
    let arguments = [Self.word(log.next), Self.word(live), Self.word(0), Self.word(0), Self.word(0), []]
    _ = try? run(LogScripts.append, name, arguments, "change")
  }

  package func remove(_ name: BreakerName) throws(StoreError) -> Bool {
    known = nil
    let keys = BreakerKeys(name, prefix: location.prefix)
    let reply = try guarded("remove") { () throws(RedisError) in
      try client.run(
        LogScripts.remove, keys: [keys.hash, keys.history], arguments: [], deadline: client.deadline())
    }
    guard let parts = reply.array, parts.first?.string == "ok", parts.count == 2 else {
      do {
        _ = try LogReply(reply)
      } catch {
        throw fault(error, name)
      }
      throw fault(.senseless("it is no answer to a removal"), name)
    }
    return parts[1].string == "1"
  }

  // MARK: The server

  private func run(
    _ script: Script, _ name: BreakerName, _ arguments: [[UInt8]], _ operation: String, ids: [String] = []
  ) throws(StoreError) -> LogReply {
    let keys = BreakerKeys(name, prefix: location.prefix)
    let reply = try guarded(operation) { () throws(RedisError) in
      let all = [keys.hash, keys.history]
      do throws(RedisError) {
        return try client.run(script, keys: all, arguments: arguments, deadline: client.deadline())
      } catch {
        // The events may be there already: sent again, their ids make them count once.
        guard error.mayHaveBeenApplied, !ids.isEmpty else { throw error }
        client.close()
        return try client.run(script, keys: all, arguments: arguments, deadline: client.deadline())
      }
    }
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
    if outage.isResting() {
      isNewOutage = false
      throw StoreError(
        .redis("it failed some seconds ago and is left alone for a moment"), operation, location.redacted)
    }
    do {
      let value = try body()
      outage.clear()
      return value
    } catch {
      isNewOutage = outage.note(error)
      client.close()
      throw StoreError(.redis(error.description), operation, location.redacted)
    }
  }

  /// Works the reply into what is known; says what the event `own` did.
  private func fold(
    _ reply: LogReply, _ name: BreakerName, until own: String? = nil
  ) throws(StoreError) -> (log: EventLog, own: (breaker: Breaker?, step: Step, now: Timestamp)?) {
    var log: EventLog
    if let known, known.name == name, known.log.next <= reply.next, known.log.next >= reply.base {
      log = known.log
      log.base = reply.base
    } else if reply.snapshot.isEmpty {
      log = EventLog()
    } else {
      do {
        log = try EventLog(snapshot: JSONValue.parse(reply.snapshot), base: reply.base, name: name)
      } catch let fault as BreakerDocument.Fault {
        throw self.fault(fault, name)
      } catch {
        throw self.fault(.senseless("the snapshot is damaged: \(error)"), name)
      }
    }
    guard log.next + reply.events.count == reply.next else { throw fault(.senseless("events are missing"), name) }
    var result: (breaker: Breaker?, step: Step, now: Timestamp)?
    for (time, value) in reply.events {
      guard let event = EventDocument.decode(value), let id = value["id"]?.string else {
        log.skip()
        continue
      }
      if let taken = log.take(event, id: id, at: time), id == own {
        result = (log.breaker, taken.step, taken.now)
      }
    }
    return (log, result)
  }

  private func fault(_ fault: LogReply.Fault, _ name: BreakerName) -> StoreError {
    switch fault {
    case .foreign:
      StoreError(
        .redis("the key of breaker \(name) holds data that are not cb's; use another prefix"), "use",
        location.redacted)
    case .newerVersion(let version):
      StoreError(
        .newerVersion(found: Int64(version), supported: Int64(LogScripts.format)), "use",
        "\(location.redacted) \(name)")
    case .senseless(let reason):
      StoreError(.redis("the answer for breaker \(name) makes no sense: \(reason)"), "use", location.redacted)
    }
  }

  private func fault(_ fault: BreakerDocument.Fault, _ name: BreakerName) -> StoreError {
    switch fault {
    case .damaged(let reason): self.fault(.senseless("the snapshot is damaged: \(reason)"), name)
    case .newerVersion(let version): self.fault(LogReply.Fault.newerVersion(version), name)
    }
  }

  private static func word(_ number: some BinaryInteger) -> [UInt8] {
    Array(String(number).utf8)
  }
}
