import BreakerStore
import CircuitBreaker
import JSON
import System

/// Asking the server, and what its answer comes to.
extension RedisStore {
  func run(
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

  func checked(_ reply: RedisReply, _ name: BreakerName) throws(StoreError) -> LogReply {
    do {
      return try LogReply(reply)
    } catch {
      throw fault(error, name)
    }
  }

  /// Leaves Redis alone for a while after a failure, and remembers one.
  func guarded<Value>(
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
  func fold(
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
      if let taken = log.fold(event, id: id, at: time), id == own {
        result = (log.breaker, taken.step, taken.now)
      }
    }
    return (log, result)
  }

  func fault(_ fault: LogReply.Fault, _ name: BreakerName) -> StoreError {
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

  func fault(_ fault: FormatFault, _ name: BreakerName, _ what: String) -> StoreError {
    outage.noteUnusableKey()
    let place = "\(location.redacted) \(name)"
    return switch fault {
    case .damaged(let reason): StoreError(.damagedLog(reason: "\(what) is damaged: \(reason)"), "use", place)
    case .newer(let unknown): StoreError(.newer(unknown), "use", place)
    }
  }

  func key(_ name: BreakerName) -> [UInt8] {
    BreakerKey(name, prefix: location.prefix).bytes
  }

  static func word(_ number: some BinaryInteger) -> [UInt8] {
    Array(String(number).utf8)
  }
}
