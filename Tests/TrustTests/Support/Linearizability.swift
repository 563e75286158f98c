import CircuitBreaker

/// One operation of a recorded history: something that took effect at one moment between its call and its return, or,
/// where its process was killed, perhaps not at all.
struct Operation: Sendable {
  /// What it does to the core, and whether that fits what was seen.
  typealias Effect = @Sendable (inout Model) -> Bool

  var label: String
  var call: Double
  var end: Double
  /// Killed on the way: it may not have happened.
  var isOptional = false
  /// Looks and changes nothing: where it fits at all, it fits at once.
  var isLook = false
  var effect: Effect
  /// What nobody asks for once this has returned: two states that differ in nothing else are one.
  var forget: (@Sendable (inout Model) -> Void)?
}

/// The pure core, and what its users hold in their hands.
struct Model: Hashable, Sendable {
  var breaker: Breaker
  /// The permits that were given, by the number of the operation.
  var permits: [Int: Permit] = [:]
  /// How far the commands with probes have come, by the number of the first operation.
  var stages: [Int: Crowd.Stage] = [:]
  /// The runs whose processes are dead, and whether what is known of them has returned. Every look shows them lost; in the
  /// store they are with the first change that takes note of it.
  var dead: [Token: Bool] = [:]
  static let now = Timestamp(milliseconds: 1_700_000_000_000)

  mutating func apply(_ event: Event) -> Step { breaker.apply(event, at: Self.now) }

  /// The breaker as a look shows it.
  var seen: Breaker {
    var breaker = breaker
    if !dead.isEmpty { _ = breaker.apply(.lose(Array(dead.keys)), at: Self.now) }
    return breaker
  }

  mutating func lose(_ tokens: [Token]) {
    let lost = tokens.filter { token in breaker.leases.contains { $0.token == token } }
    if !lost.isEmpty { _ = apply(.lose(lost)) }
    for token in lost { dead[token] = nil }
  }

  /// Without what decides nothing and what no operation here sees.
  fileprivate mutating func normalize() {
    breaker.recent = []
    breaker.lastFailure = nil
    breaker.lastSuccess = nil
    breaker.lastPolicy = nil
    breaker.otherPolicy = nil
    if breaker.leases.count > 1 { breaker.leases.sort { $0.token.text < $1.token.text } }
    // Of whom nothing is to come any more.
    dead = dead.filter { token, hasReturned in !hasReturned || breaker.leases.contains { $0.token == token } }
  }
}

/// Looks for an order of the operations in which the core gives what was seen (Wing and Gong, "Testing and verifying
/// concurrent objects", 1993), as Lowe's just-in-time linearization ("Testing for linearizability", 2017): calls and
/// returns are gone through in the order of their times with all the states that the core may be in, and an operation
/// is put in its place no earlier than a return asks for. A state is remembered but once, and where nothing is under
/// way nothing else is left than the states: so the time grows with how many operations overlap, not with how many
/// there are, and every history is decided.
struct LinearizabilityChecker {
  enum Verdict: Equatable {
    case linearizable
    /// The operation that fits none of the states in which the core may have been, and some of those.
    case violation(at: String, states: [String])
    /// Too many states: nothing was shown, which is a failure of the test.
    case undecided(at: String)
  }

  var operations: [Operation] = []
  /// The history of the breaker as the store had it: a state whose own begins otherwise is no way on.
  var history: [Int: Seen] = [:]
  /// States at once.
  var limit = 200_000

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

  /// A state of the core, and which of the operations under way have brought it there (a bit for the place of each).
  private struct Standing: Hashable {
    var done: UInt64
    var model: Model

    /// What tells most states apart; all of them are compared.
    func hash(into hasher: inout Hasher) {
      hasher.combine(done)
      let breaker = model.breaker
      hasher.combine(breaker.generation &* 31 &+ breaker.failCounter)
      let totals = breaker.totals
      hasher.combine((totals.calls &* 1009 &+ totals.failures) &* 1009 &+ totals.rejected)
      hasher.combine((totals.stale &* 1009 &+ totals.lost) &* 1009 &+ breaker.leases.count)
    }
  }

  private struct Moment {
    var time: Double
    var isReturn: Bool
    var operation: Int
  }

  func check(from start: Model) -> Verdict {
    var moments: [Moment] = []
    for (index, operation) in operations.enumerated() {
      moments.append(Moment(time: operation.call, isReturn: false, operation: index))
      moments.append(Moment(time: operation.end, isReturn: true, operation: index))
    }
    // What touches overlaps: of one time, calls come first.
    moments.sort { ($0.time, $0.isReturn ? 1 : 0, $0.operation) < ($1.time, $1.isReturn ? 1 : 0, $1.operation) }
    // The operations under way, each in a place of its own.
    var going = [Int?](repeating: nil, count: 64)
    var start = start
    start.normalize()
    var standings: Set<Standing> = [Standing(done: 0, model: start)]
    for moment in moments {
      let operation = operations[moment.operation]
      guard moment.isReturn else {
        guard let free = going.firstIndex(of: nil) else { return .undecided(at: operation.label) }
        going[free] = moment.operation
        if operation.isLook { standings = Set(standings.map { looked($0, going) }) }
        continue
      }
      guard let place = going.firstIndex(of: moment.operation) else { continue }
      guard let next = passed(standings, operation, place, going) else { return .undecided(at: operation.label) }
      if next.isEmpty {
        let states = standings.prefix(3).map { standing in
          let done = going.indices.filter { standing.done >> UInt64($0) & 1 == 1 }
          let labels = done.compactMap { going[$0].map { operations[$0].label } }
          return "after \(labels): \(Self.text(standing.model))"
        }
        return .violation(at: operation.label, states: states)
      }
      standings = next
      going[place] = nil
    }
    return .linearizable
  }

  /// The standings after the return of the operation in `place`; nil where there are too many.
  private func passed(_ standings: Set<Standing>, _ returning: Operation, _ place: Int, _ going: [Int?]) -> Set<
    Standing
  >? {
    let bit: UInt64 = 1 << UInt64(place)
    var seen = standings
    var open = Array(standings)
    var result: Set<Standing> = []
    while let standing = open.popLast() {
      let isDone = standing.done & bit != 0
      if isDone || returning.isOptional {
        var kept = standing
        kept.done &= ~bit
        returning.forget?(&kept.model)
        kept.model.normalize()
        result.insert(kept)
        if isDone { continue }
      }
      // The dead are taken note of by some change: nobody sees a difference before.
      let dead = standing.model.breaker.leases.map(\.token).filter { standing.model.dead[$0] != nil }
      for noticed in Self.subsets(dead) {
        for index in going.indices where standing.done >> UInt64(index) & 1 == 0 {
          // A look that fits here is done already.
          guard let number = going[index], !operations[number].isLook else { continue }
          var model = standing.model
          model.lose(noticed)
          guard operations[number].effect(&model), fits(&model.breaker) else { continue }
          model.normalize()
          let next = looked(Standing(done: standing.done | 1 << UInt64(index), model: model), going)
          if seen.insert(next).inserted { open.append(next) }
        }
      }
      if seen.count > limit { return nil }
    }
    return result
  }

  private static func subsets(_ tokens: [Token]) -> [[Token]] {
    tokens.reduce(into: [[]]) { subsets, token in subsets += subsets.map { $0 + [token] } }
  }

  /// With all looks done that fit here: where a look has changed nothing it may as well have happened, and no other way
  /// on is lost.
  private func looked(_ standing: Standing, _ going: [Int?]) -> Standing {
    var standing = standing
    for index in going.indices where standing.done >> UInt64(index) & 1 == 0 {
      guard let number = going[index], operations[number].isLook else { continue }
      var model = standing.model
      if operations[number].effect(&model) { standing.done |= 1 << UInt64(index) }
    }
    return standing
  }

  /// Entries that were compared are dropped, so that equal states are equal.
  private func fits(_ breaker: inout Breaker) -> Bool {
    for entry in breaker.history { if let expected = history[entry.sequence], expected != Seen(entry) { return false } }
    breaker.history = []
    return true
  }

  private static func text(_ model: Model) -> String {
    let breaker = model.breaker
    let totals = breaker.totals.fields.filter { $0.count > 0 }.map { "\($0.key) \($0.count)" }
    let leases = breaker.leases.map { "\($0.token.text.prefix(10))\($0.isTrial ? " (trial)" : "")" }
    let dead = model.dead.keys.map { $0.text.prefix(10) }
    let counts = "counter \(breaker.failCounter), generation \(breaker.generation), \(totals)"
    return "\(breaker.phase), \(counts), leases \(leases), dead \(dead)"
  }
}
