import CircuitBreaker

/// Says each sentence once: a view that lasts finds the same fault at every look. Once all was well a fault is news again.
struct Reporter {
  let world: World
  private var said: Set<String> = []
  private(set) var hasSpoken = false

  init(world: World) {
    self.world = world
  }

  mutating func say(_ name: BreakerName?, _ reason: String) {
    let sentence = name.map { "\($0): \(reason)" } ?? reason
    hasSpoken = true
    if said.insert(sentence).inserted { world.say(sentence) }
  }

  mutating func allIsWell() { said = [] }
}
