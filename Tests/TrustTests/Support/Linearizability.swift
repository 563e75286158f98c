import CircuitBreaker

/// One operation of a recorded history: something that took effect at one moment between its call and its return, or,
/// where its process was killed, perhaps not at all.
struct Operation: Sendable {
  /// What it did to the core and whether that fits what was seen; nil if it does not fit.
  typealias Effect = @Sendable (inout Model) -> Bool

  var label: String
  var call: Double
  var end: Double
  /// Killed on the way: it may not have happened.
  var isOptional = false
  /// Another operation of this history that has to come first, such as the admission of a run before its result.
  var after: Int?
  var effect: Effect
}

/// The pure core, and what its users hold in their hands.
struct Model: Hashable, Sendable {
  var breaker: Breaker
  /// The permits that were given, by the number of the operation.
  var permits: [Int: Permit] = [:]
  /// Runs whose processes are dead: what still arrives of them is found dead by the next look.
  var dead: Set<Int> = []
  static let now = Timestamp(milliseconds: 1_700_000_000_000)

  mutating func apply(_ event: Event) -> Step { breaker.apply(event, at: Self.now) }
}

/// Looks for an order of the operations in which the core gives what was seen: the search of Wing and Gong ("Testing
/// and verifying concurrent objects", 1993), with the memory of Lowe ("Testing for linearizability", 2017): the same
/// set of operations that leaves the same state is not looked at twice.
struct LinearizabilityChecker {
  enum Verdict: Equatable {
    case linearizable
    /// The longest beginning that fits.
    case violation(best: [String])
    /// Given up after so many steps.
    case undecided(best: [String])
  }

  let operations: [Operation]
  /// The history of the breaker as the store has it at the end: a state whose own begins otherwise is no way on.
  var history: [Int: Seen] = [:]
  var limit = 150_000

  struct Seen: Hashable {
    var kind: HistoryEntry.Kind
    var from: CircuitState?
    var to: CircuitState?

    init(_ entry: HistoryEntry) {
      kind = entry.kind
      from = entry.from
      to = entry.to
    }
  }

  private struct Memory: Hashable {
    var done: [UInt64]
    var model: Model
  }

  private struct Frame {
    var memory: Memory
    var latestCall: Double
    var next: Int
    var chosen: Int
  }

  func check(from start: Model) -> Verdict {
    let words = (operations.count + 63) / 64
    var seen: Set<Memory> = []
    var stack = [
      Frame(
        memory: Memory(done: [UInt64](repeating: 0, count: words), model: start), latestCall: -.infinity, next: 0,
        chosen: -1)
    ]
    var best: [Int] = []
    var bestDepth = 0
    var steps = 0
    while var frame = stack.popLast() {
      let done = frame.memory.done
      let isDone = { (index: Int) in done[index / 64] >> UInt64(index % 64) & 1 == 1 }
      // Nothing may come after an operation that had ended before it began.
      var bound = Double.infinity
      var isOver = true
      for index in operations.indices where !isDone(index) && !operations[index].isOptional {
        bound = min(bound, operations[index].end)
        isOver = false
      }
      if isOver { return .linearizable }
      var candidate = frame.next
      while candidate < operations.count {
        let operation = operations[candidate]
        if !isDone(candidate), operation.call <= bound, operation.end >= frame.latestCall,
          operation.after.map(isDone) ?? true
        {
          break
        }
        candidate += 1
      }
      if candidate == operations.count { continue }
      frame.next = candidate + 1
      stack.append(frame)
      steps += 1
      if steps > limit { return .undecided(best: best.map { operations[$0].label }) }
      var memory = frame.memory
      guard operations[candidate].effect(&memory.model), fits(&memory.model.breaker) else { continue }
      // What changes nothing and fits now need not be tried later: moved here, every order that has it later still fits,
      // unless it would come before what had to happen before its call.
      if memory.model == frame.memory.model,
        !operations.indices.contains(where: { !isDone($0) && operations[$0].end < operations[candidate].call })
      {
        stack.removeLast()
      }
      memory.done[candidate / 64] |= 1 << UInt64(candidate % 64)
      guard seen.insert(memory).inserted else { continue }
      stack.append(
        Frame(
          memory: memory, latestCall: max(frame.latestCall, operations[candidate].call), next: 0, chosen: candidate))
      let depth = memory.done.reduce(0) { $0 + $1.nonzeroBitCount }
      if depth > bestDepth {
        bestDepth = depth
        best = stack.filter { $0.chosen >= 0 }.map(\.chosen)
      }
    }
    return .violation(best: best.map { operations[$0].label })
  }

  /// Entries that were compared are dropped, so that equal states are equal.
  private func fits(_ breaker: inout Breaker) -> Bool {
    for entry in breaker.history {
      if let expected = history[entry.sequence], expected != Seen(entry) { return false }
    }
    breaker.history = []
    return true
  }
}
