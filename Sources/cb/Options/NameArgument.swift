import BreakerStore
import CircuitBreaker

extension Session {
  /// The breakers that NAMEs and quoted globs mean, each once, in the order given; a NAME that no breaker has is
  /// reported, unless the command makes it.
  ///
  /// - Returns: the names, and whether any was missing.
  func breakers(_ texts: [String], creating: Bool) throws(CommandFailure) -> (names: [BreakerName], isAnyMissing: Bool)
  {
    var names: [BreakerName] = []
    var isAnyMissing = false
    var all: [BreakerName]?
    for text in texts {
      if Glob.isPattern(text) {
        let known: [BreakerName]
        if let all { known = all } else { known = try storeResult { () throws(StoreError) in try store.names() } }
        all = known
        let matches = known.filter { $0.text == text || Glob(text).matches($0.text) }
        if matches.isEmpty {
          world.say("no breaker matches '\(text)'")
          isAnyMissing = true
        }
        for name in matches where !names.contains(name) { names.append(name) }
        continue
      }
      let name = try BreakerName(argument: text)
      if !creating {
        let reading = try storeResult { () throws(StoreError) in try store.read(name) }
        if reading.breaker == nil, reading.damage == nil {
          world.say("\(name): no such breaker")
          isAnyMissing = true
          continue
        }
      }
      if !names.contains(name) { names.append(name) }
    }
    return (names, isAnyMissing)
  }

  /// A store that fails is exit 1 for every command but `run`.
  func storeResult<Value>(_ body: () throws(StoreError) -> Value) throws(CommandFailure) -> Value {
    do {
      return try body()
    } catch {
      throw .failed(error.description)
    }
  }

  /// Takes an event and passes on what the store has to say.
  func apply(_ event: Event, to name: BreakerName) throws(CommandFailure) -> Applied {
    let applied = try storeResult { () throws(StoreError) in try store.apply(event, to: name) }
    for notice in applied.notices { world.say(notice) }
    return applied
  }
}

extension BreakerName {
  init(argument text: String) throws(CommandFailure) {
    do {
      self = try BreakerName(text)
    } catch {
      let shown = text.utf8.count > 160 ? text.prefix(40) + "..." : text[...]
      throw .usage("'\(shown)' is no name for a breaker: \(error.reason)")
    }
  }
}
