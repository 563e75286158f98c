/// Commands on their way: which still have to go where, and which have their reply.
struct Work {
  struct Target: Hashable {
    var endpoint: RedisEndpoint
    /// ASKING goes before each command: the slot is moving there.
    var asks = false
  }

  let commands: [RedisClient.Command]
  private var replies: [RedisReply?]
  /// No target: where the command belongs is for the client to say.
  private var waiting: [(index: Int, target: Target?)]
  /// Commands that were answered by a server that is not a master.
  private(set) var demoted: [Int] = []
  /// Why the first of them is there.
  private(set) var demotion: RedisError?

  /// Set by a server that has only some of the keys, because their slot is moving: it is asked again a little later.
  private(set) var waits = false

  init(_ commands: [RedisClient.Command]) {
    self.commands = commands
    replies = Array(repeating: nil, count: commands.count)
    waiting = commands.indices.map { ($0, nil) }
  }

  var isDone: Bool { waiting.isEmpty && demoted.isEmpty }

  var finished: [RedisReply] { replies.compactMap { $0 } }

  /// What is to be sent now, by target; within a target in the order given.
  mutating func takeRoutes(
    _ destination: (Int) throws(RedisError) -> RedisEndpoint
  ) throws(RedisError) -> [(Target, [Int])] {
    var order: [Target] = []
    var routes: [Target: [Int]] = [:]
    for (index, known) in waiting {
      let target: Target
      if let known { target = known } else { target = Target(endpoint: try destination(index)) }
      if routes[target] == nil { order.append(target) }
      routes[target, default: []].append(index)
    }
    waiting = []
    return order.map { ($0, routes[$0] ?? []) }
  }

  mutating func finish(_ index: Int, _ reply: RedisReply) { replies[index] = reply }

  mutating func send(_ index: Int, to target: Target) { waiting.append((index, target)) }

  mutating func sendLater(_ index: Int, to target: Target) {
    waiting.append((index, target))
    waits = true
  }

  /// - Returns: whether the next round is to begin a little later only.
  mutating func takeWait() -> Bool {
    defer { waits = false }
    return waits
  }

  mutating func demote(_ index: Int, _ reason: RedisError) {
    demoted.append(index)
    if demotion == nil { demotion = reason }
  }

  mutating func retryDemoted() {
    waiting += demoted.map { ($0, nil) }
    demoted = []
  }
}
