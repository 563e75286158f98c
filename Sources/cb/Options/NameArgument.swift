import BreakerStore
import CircuitBreaker
import Settings

extension Session {
  /// The breakers that NAMEs and quoted globs mean, each once, in the order given; a NAME that no breaker has is
  /// reported, unless the command makes it, and so is one that cannot be read.
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
        let matches = known.filter { Glob(text).matches($0.text) }
        if matches.isEmpty {
          world.say("no breaker matches '\(text)'")
          isAnyMissing = true
        }
        for name in matches where !names.contains(name) { names.append(name) }
        continue
      }
      let name = try BreakerName(argument: text)
      if !creating {
        let why: String?
        do throws(StoreError) {
          let reading = try store.read(name)
          why = reading.breaker == nil && reading.damage == nil ? missing(name) : nil
        } catch {
          why = "\(name): \(error.description)"
        }
        if let why {
          world.say(why)
          isAnyMissing = true
          continue
        }
      }
      if !names.contains(name) { names.append(name) }
    }
    return (names, isAnyMissing)
  }

  /// `shpo: no such breaker; did you mean 'shop'?`
  func missing(_ name: BreakerName) -> String {
    NearestName((try? store.names()) ?? []).missing(name)
  }

  /// Does `body` to each breaker that NAMEs and quoted globs mean. One that fails is reported and keeps no other from it.
  ///
  /// - Returns: the exit code.
  func forEachBreaker(
    _ texts: [String], creating: Bool, _ body: (BreakerName) throws(CommandFailure) -> Void
  ) throws(CommandFailure) -> Int32 {
    let (names, isAnyMissing) = try breakers(texts, creating: creating)
    return try forEach(names, isAnyMissing: isAnyMissing, body)
  }

  func forEach(
    _ names: [BreakerName], isAnyMissing: Bool, _ body: (BreakerName) throws(CommandFailure) -> Void
  ) throws(CommandFailure) -> Int32 {
    var isAnyLeft = isAnyMissing
    for name in names {
      do throws(CommandFailure) {
        try body(name)
      } catch {
        if error.exitCode == ExitCode.usage { throw error }
        if !error.message.isEmpty { world.say(error.message) }
        isAnyLeft = true
      }
    }
    return isAnyLeft ? ExitCode.failure : ExitCode.success
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
  ///
  /// - Parameter other: a store in the place of the session's own.
  func apply(
    _ event: Event, to name: BreakerName, on other: (any BreakerStorage)? = nil
  ) throws(CommandFailure) -> Applied {
    let store = other ?? self.store
    let applied = try storeResult { () throws(StoreError) in try store.apply(event, to: name) }
    for notice in applied.notices { world.say(notice) }
    return applied
  }
}

/// The name that was meant, of those that there are.
struct NearestName {
  private let names: [BreakerName]

  init(_ names: [BreakerName]) {
    self.names = names
  }

  func of(_ name: BreakerName) -> String? {
    NearestWord.of(name.text, in: names.lazy.filter { $0 != name }.map(\.text))
  }

  func missing(_ name: BreakerName) -> String {
    "\(name): no such breaker" + (of(name).map { "; did you mean '\($0)'?" } ?? "")
  }
}

extension BreakerName {
  /// - Throws: a usage error that says why the text is not a name, and where patterns are taken.
  init(argument text: String) throws(CommandFailure) {
    do {
      self = try BreakerName(text)
    } catch {
      let shown = text.utf8.count > 160 ? text.prefix(40) + "..." : text[...]
      var reason = error.reason
      if case .pattern = error {
        reason +=
          "; patterns are taken by status, open, close, half-open, reset, remove, history, set and probe alone"
      }
      throw .usage("'\(shown)' is not valid as the name of a breaker: \(reason)")
    }
  }
}
