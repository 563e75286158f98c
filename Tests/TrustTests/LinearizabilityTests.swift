import CircuitBreaker
import Glibc
import Testing

/// What many processes see of one breaker, some of them killed, is what one after the other would have seen.
@Suite(.serialized) struct LinearizabilityTests {
  private static var count: Int { 36 }

  @Test(arguments: (0..<(2 * Effort.factor)).map { Effort.seed &+ UInt64($0) })
  func `many processes and kills on the file store are some order of the core's events`(seed: UInt64) throws {
    if Effort.store == "redis" { return }
    let place = Place()
    let crowd = Crowd(place, store: "file:\(place.store)", seed: seed)
    let verdict = try crowd.verdict(count: Self.count, width: 6)
    // A search that was given up proves nothing, neither way: it is not counted as a history that was checked.
    if case .undecided = verdict {
      print("undecided on file, seed \(seed)")
      return
    }
    #expect(verdict == .linearizable, "seed \(seed): \(verdict) \(crowd.description)")
    print("history on file, seed \(seed): \(crowd.operations.count) operations, \(crowd.kills) kills")
  }

  @Test(arguments: (0..<(2 * Effort.factor)).map { Effort.seed &+ UInt64($0) })
  func `many processes and kills on a Redis server are some order of the core's events`(seed: UInt64) throws {
    if Effort.store == "file" { return }
    let place = Place()
    let server = try PrivateRedis(place)
    let crowd = Crowd(place, store: server.url, seed: seed)
    let verdict = try crowd.verdict(count: Self.count, width: 6)
    // A search that was given up proves nothing, neither way: it is not counted as a history that was checked.
    if case .undecided = verdict {
      print("undecided on redis, seed \(seed)")
      return
    }
    #expect(verdict == .linearizable, "seed \(seed): \(verdict) \(crowd.description)")
    print("history on redis, seed \(seed): \(crowd.operations.count) operations, \(crowd.kills) kills")
  }

  @Test func `a store that loses a change now and then is found out`() throws {
    let place = Place()
    let crowd = Crowd(place, store: "file:\(place.store)", seed: 1)
    let document = place.store + "/x.json"
    var old: [UInt8]?
    crowd.sabotage = {
      if let old { Place.write(document, old) }
      old = Place.contents(document)
    }
    let verdict = try crowd.verdict(count: 24, width: 2)
    guard case .violation = verdict else {
      Issue.record("not found out: \(verdict)")
      return
    }
  }

  @Test func `the checker knows a history that is none`() {
    let start = Model(breaker: Breaker(id: 1))
    let open = Event.open(.held, ManualAction(by: "a"))
    func see(_ state: CircuitState, _ call: Double, _ end: Double) -> Operation {
      Operation(label: "see", call: call, end: end) { $0.breaker.state == state }
    }
    let change = Operation(label: "open", call: 1, end: 3) {
      _ = $0.apply(open); return true
    }
    func verdict(_ operations: [Operation]) -> LinearizabilityChecker.Verdict {
      LinearizabilityChecker(operations: operations).check(from: start)
    }
    #expect(verdict([change, see(.closed, 0, 2), see(.open, 2, 4)]) == .linearizable)
    #expect(verdict([change, see(.open, 1, 2), see(.closed, 1, 2)]) == .linearizable)
    // Seen open, and closed again afterwards.
    #expect(verdict([change, see(.open, 1, 1.5), see(.closed, 2, 2.5)]) != .linearizable)
    // Acknowledged, and not seen.
    #expect(verdict([change, see(.closed, 4, 5)]) != .linearizable)
    // Killed, it may have happened or not, but not both.
    var killed = change
    killed.isOptional = true
    #expect(verdict([killed, see(.closed, 4, 5)]) == .linearizable)
    #expect(verdict([killed, see(.open, 4, 5)]) == .linearizable)
    #expect(verdict([killed, see(.open, 4, 5), see(.closed, 6, 7)]) != .linearizable)
    // Nor long after its death.
    #expect(verdict([killed, see(.closed, 4, 5), see(.open, 6, 7)]) != .linearizable)
  }
}

/// A redis-server on a private socket, ended with this value.
final class PrivateRedis {
  let url: String
  private let server: Child

  struct DoesNotStart: Error {}

  init(_ place: Place) throws {
    let socket = place.path + "/redis.sock"
    server = Child(
      ["/usr/bin/env", "redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", place.path]
        .map { Array($0.utf8) }, environment: place.environment, directory: place.path)
    url = "redis+unix://\(socket)?timeout=20s&connect-timeout=20s"
    for _ in 0..<3000 {
      if access(socket, F_OK) == 0 { return }
      usleep(10000)
    }
    throw DoesNotStart()
  }
}
