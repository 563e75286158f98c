import CircuitBreaker
import Testing

/// Every interleaving of two and of three processes on one breaker: breadth-first over all events, with every state
/// that was seen before (up to the names of processes and tokens, and whatever only counts) left out, held against
/// `Invariant` and the two of `WorldFault`.
struct ExhaustiveTests {
  /// What does not hold of a world. `cannotRecover`: once nobody disturbs and all times have run out,
  /// `success-threshold` good trials have to close the circuit, unless it is held. `moreTrialsThanPlaces`: never more
  /// than half-open-max processes may be at a trial of this round.
  enum WorldFault: Error, CustomStringConvertible {
    case broken(Set<Invariant>, Event)
    case cannotRecover(Event)
    case moreTrialsThanPlaces(Event)

    var description: String {
      switch self {
      case .broken(let invariants, let event): "\(invariants) broken by \(event)"
      case .cannotRecover(let event): "no way back to closed after \(event)"
      case .moreTrialsThanPlaces(let event): "too many processes run a trial after \(event)"
      }
    }
  }

  struct Configuration: CustomTestStringConvertible {
    var processes: Int
    var halfOpenMax: Int
    var successThreshold: Int
    var maxConcurrent: Int?
    var features: World.Features = []
    /// In ticks.
    var remind: Int64?
    var holdAfter: Int?

    var testDescription: String {
      "\(processes) processes, half-open-max \(halfOpenMax), success-threshold \(successThreshold)"
        + (maxConcurrent.map { ", max-concurrent \($0)" } ?? "")
        + (features.contains(.listening) ? ", hints, holds and probes" : "")
        + (features.contains(.bending) ? ", observe, force and unasked results" : "")
        + (remind.map { ", remind \($0)" } ?? "") + (holdAfter.map { ", hold-after \($0)" } ?? "")
    }

    var policy: Policy {
      var policy = Policy()
      policy.failMax = 2
      policy.halfOpenMax = halfOpenMax
      policy.successThreshold = successThreshold
      policy.resetTimeout = World.resetTimeout
      policy.maxConcurrent = maxConcurrent
      policy.retryHintMax = World.retryHintMax
      policy.remind = remind.map { .seconds($0) }
      policy.holdAfter = holdAfter
      return policy
    }

    static let all = [2, 3].flatMap { processes in
      [1, 2].flatMap { halfOpenMax in
        [1, 2].map { Configuration(processes: processes, halfOpenMax: halfOpenMax, successThreshold: $0) }
      }
    }

    /// Each of the rules beyond the table, and all of them together. Force beside max-concurrent is left to the random
    /// lives: as many places as one likes can be taken by force, and so there is no end of states.
    static let beyondTheTable = [
      Configuration(processes: 3, halfOpenMax: 1, successThreshold: 2, features: .listening),
      Configuration(processes: 3, halfOpenMax: 1, successThreshold: 1, features: .bending),
      Configuration(processes: 2, halfOpenMax: 1, successThreshold: 2, maxConcurrent: 1, features: .listening),
      Configuration(
        processes: 2, halfOpenMax: 1, successThreshold: 2, features: [.listening, .bending], remind: 2, holdAfter: 2),
    ]
  }

  /// Visits every state that can be reached, and says how many there are.
  private func explore(_ configuration: Configuration, mutation: Mutation? = nil) throws -> (states: Int, steps: Int) {
    let policy = configuration.policy
    var queue = [
      World(processes: configuration.processes, features: configuration.features, mutation: mutation)
    ]
    var seen: Set<[Int8]> = [queue[0].canonical(policy)]
    var next = 0
    var steps = 0
    while next < queue.count {
      let world = queue[next]
      next += 1
      for move in world.moves(policy) {
        var after = world
        try after.make(move, policy)
        steps += 1
        if seen.insert(after.canonical(policy)).inserted { queue.append(after) }
      }
    }
    return (queue.count, steps)
  }

  @Test("every invariant holds in every reachable state", arguments: Configuration.all)
  func holds(configuration: Configuration) throws {
    let (states, steps) = try explore(configuration)
    print("exhaustive: \(configuration.testDescription): \(states) states, \(steps) steps")
    #expect(states > 150)
  }

  @Test("every invariant holds in every reachable state beside max-concurrent")
  func holdsWithPlaces() throws {
    let configuration = Configuration(processes: 2, halfOpenMax: 1, successThreshold: 2, maxConcurrent: 2)
    let (states, steps) = try explore(configuration)
    print("exhaustive: \(configuration.testDescription): \(states) states, \(steps) steps")
    #expect(states > 500)
  }

  @Test("every invariant holds in every reachable state beyond the table", arguments: Configuration.beyondTheTable)
  func holdsBeyondTheTable(configuration: Configuration) throws {
    let (states, steps) = try explore(configuration)
    print("exhaustive: \(configuration.testDescription): \(states) states, \(steps) steps")
    #expect(states > 350)
  }

  @Test("a core that is broken on purpose is found", arguments: Mutation.allCases)
  func finds(mutation: Mutation) {
    let configuration = Configuration(
      processes: 2, halfOpenMax: 1, successThreshold: 2, features: [.listening, .bending], remind: 2)
    #expect(throws: WorldFault.self) { try explore(configuration, mutation: mutation) }
  }
}
