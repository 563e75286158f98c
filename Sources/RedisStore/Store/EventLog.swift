import BreakerStore
import CircuitBreaker
import JSON

/// A breaker as the events up to a number make it.
struct EventLog {
  private(set) var breaker: Breaker?
  /// The time of the last event.
  private(set) var time: Timestamp?
  /// The first event that the snapshot does not have.
  private(set) var base = 0
  /// The id of the last event in the snapshot: two logs that begin with the same snapshot have the same.
  private(set) var snapshotID = ""
  /// The first event that is not in `breaker` yet.
  private(set) var next = 0
  /// The id of the event before that.
  private(set) var lastID = ""
  /// The last events: one that was sent twice because its reply was lost counts once.
  private var seen: [Seen] = []

  private struct Seen {
    var id: UInt64
    var at: Timestamp
  }

  /// A client sends an event again only within its budget of a step, and as many clients at once are remembered as one
  /// server had waiting when it came back.
  private static let seenFor = Span.seconds(30)
  private static let seenAtMost = 1024
  /// A clock that goes back by less is one of two servers that do not agree to the second, not one that was set.
  private static let tolerance = Span.seconds(1)

  init() {}

  /// From a snapshot that has all events before `base`, the last of them `id`.
  init(snapshot: JSONValue, id: String, base: Int, name: BreakerName) throws(FormatFault) {
    self.base = base
    next = base
    snapshotID = id
    lastID = id
    breaker = try BreakerDocument.decode(snapshot, name: name, others: ["time", "ids"])
    guard let milliseconds = snapshot["time"]?.int64, let ids = snapshot["ids"]?.string else {
      throw .damaged("'time' or 'ids' is missing")
    }
    let time = Timestamp(milliseconds: milliseconds)
    self.time = time
    // As young as the snapshot: how old each was is not worth its bytes.
    seen = EventID.list(ids).map { Seen(id: $0, at: time) }
  }

  /// The snapshot that holds all events up to `next`.
  func snapshot(name: BreakerName) -> [UInt8]? {
    guard let breaker, let time else { return nil }
    var document = BreakerDocument.encode(breaker, name: name)
    document.append("time", .integer(time.milliseconds))
    let young = seen.filter { time - $0.at <= Self.seenFor }.suffix(Self.seenAtMost)
    document.append("ids", .string(EventID.text(young.map(\.id))))
    return JSONValue.object(document).bytes(.compact)
  }

  /// This log after the server has taken its snapshot.
  func compacted() -> EventLog {
    var log = self
    log.base = next
    log.snapshotID = lastID
    return log
  }

  /// The time that the server's clock comes to on this breaker's time line: it does not go back by a little, and
  /// where the clock was set back, every time in the breaker moves with it, so that no timeout outlasts the step.
  mutating func advance(to server: Timestamp) -> Timestamp {
    guard let last = time, server < last else {
      time = server
      return server
    }
    if last - server <= Self.tolerance { return last }
    breaker?.shift(by: server - last)
    for index in seen.indices { seen[index].at = seen[index].at + (server - last) }
    time = server
    return server
  }

  /// Takes the next event.
  ///
  /// - Returns: what it did; nil for one that was taken before, or that has no breaker to work on.
  mutating func fold(_ event: Event, id: String, at server: Timestamp) -> (step: Step, now: Timestamp)? {
    next += 1
    lastID = id
    guard let number = UInt64(id, radix: 16), !seen.contains(where: { $0.id == number }) else { return nil }
    let now = advance(to: server)
    seen.append(Seen(id: number, at: now))
    if seen.count > 2 * Self.seenAtMost { seen.removeFirst(seen.count - Self.seenAtMost) }
    if breaker == nil {
      guard event.createsBreaker else { return nil }
      breaker = Breaker(id: number)
    }
    guard let step = breaker?.apply(event, at: now) else { return nil }
    return (step, now)
  }

  /// The breaker for a look, which writes nothing, when the server's clock is at `server`.
  ///
  /// Where the clock was set back, how much time has gone by since is not known, and nothing that a look finds out can be
  /// remembered. So its time is that of the server, which does not stand still, and what began after it is not believed:
  /// an opening is due (`Breaker.retryAfter`), a lease has run out. A run that is given a place renews it soon, and with
  /// that the whole breaker is moved (see `advance`). So whatever was open is so for no longer than its timeout.
  func look(at server: Timestamp) -> (breaker: Breaker?, now: Timestamp) {
    guard let last = time, server < last else { return (breaker, server) }
    if last - server <= Self.tolerance { return (breaker, last) }
    var breaker = breaker
    breaker?.leases.removeAll { lease in
      lease.kind == .run ? lease.expires > server + Lease.term : lease.since > server
    }
    return (breaker, server)
  }

  /// Takes the entries that make room out of the breaker's history, as lines, and the number of the first.
  mutating func spill(keeping count: Int, atMost most: Int) -> (first: Int, lines: [[UInt8]]) {
    guard var breaker, breaker.history.count > count else { return (0, []) }
    let leaving = breaker.history.prefix(breaker.history.count - count)
    let lines = leaving.suffix(most).map { Array(BreakerDocument.historyLine($0).dropLast()) }
    breaker.history.removeFirst(leaving.count)
    self.breaker = breaker
    return (leaving.suffix(most).first?.sequence ?? 0, lines)
  }
}
