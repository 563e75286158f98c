import BreakerStore
import CircuitBreaker

/// A breaker as the events up to a number make it.
struct EventLog {
  private(set) var breaker: Breaker?
  /// The time of the last event.
  private(set) var time: Timestamp?
  /// The first event that the snapshot has not got.
  var base = 0
  /// The first event that is not in `breaker` yet.
  private(set) var next = 0
  /// Ids of the last events: one that was sent twice because its reply was lost counts once.
  private var ids: [String] = []

  private static let idsKept = 128
  /// A clock that goes back by less is one of two servers that do not agree to the second, not one that was set.
  private static let tolerance = Span.seconds(1)

  init() {}

  /// From a snapshot that has all events before `base`.
  init(snapshot: JSONValue, base: Int, name: BreakerName) throws(BreakerDocument.Fault) {
    self.base = base
    next = base
    breaker = try BreakerDocument.decode(snapshot, name: name)
    guard let time = snapshot["time"]?.int64 else { throw .damaged("'time' is not there") }
    self.time = Timestamp(milliseconds: time)
    ids = (snapshot["ids"]?.array ?? []).compactMap(\.string)
  }

  /// The snapshot that holds all events up to `next`.
  func snapshot(name: BreakerName) -> [UInt8]? {
    guard let breaker, let time else { return nil }
    var document = BreakerDocument.encode(breaker, name: name)
    document.append("time", .integer(time.milliseconds))
    document.append("ids", .array(ids.map { .string($0) }))
    return JSONValue.object(document).bytes(.compact)
  }

  /// The time that the server's clock comes to on this breaker's time line: it does not go back by a little, and
  /// where the clock was set back, every time in the breaker moves with it, so that no timeout outlasts the step.
  mutating func advance(to server: Timestamp) -> Timestamp {
    defer { time = max(time ?? server, server) }
    guard let last = time, server < last else { return server }
    if last - server <= Self.tolerance { return last }
    breaker?.shift(by: server - last)
    time = server
    return server
  }

  /// Takes the next event.
  ///
  /// - Returns: what it did; nil for one that was taken before, or that has no breaker to work on.
  mutating func take(_ event: Event, id: String, at server: Timestamp) -> (step: Step, now: Timestamp)? {
    next += 1
    guard !ids.contains(id) else { return nil }
    ids.append(id)
    if ids.count > Self.idsKept { ids.removeFirst(ids.count - Self.idsKept) }
    let now = advance(to: server)
    if breaker == nil {
      guard event.createsBreaker, let number = UInt64(id, radix: 16) else { return nil }
      breaker = Breaker(id: number)
    }
    guard let step = breaker?.apply(event, at: now) else { return nil }
    return (step, now)
  }

  /// Passes over an event that no version known here wrote.
  mutating func skip() {
    next += 1
  }

  /// Takes the events that make room out of the breaker's history, as lines for the history list.
  mutating func spill(keeping count: Int) -> [[UInt8]] {
    guard var breaker, breaker.history.count > count else { return [] }
    let leaving = breaker.history.prefix(breaker.history.count - count)
    let lines = leaving.map { BreakerDocument.historyLine($0).dropLast() }.map(Array.init)
    breaker.history.removeFirst(leaving.count)
    self.breaker = breaker
    return lines
  }
}
