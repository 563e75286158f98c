import BreakerStore
import CircuitBreaker
import Settings

/// The breakers that NAMEs and quoted globs mean.
struct FoundBreakers {
  /// Each once, in the order given.
  var names: [BreakerName] = []
  /// The looks that it took to see whether those that were named are there.
  var looks: [BreakerName: Reading] = [:]
  /// Whether any was not there, or could not be read; that was reported.
  var isAnyMissing = false
}

extension Session {
  /// The breakers that NAMEs and quoted globs mean; a NAME that no breaker has is reported, unless the command makes it,
  /// and so is one that cannot be read.
  func breakers(_ texts: [String], creating: Bool) throws(CommandFailure) -> FoundBreakers {
    var found = FoundBreakers()
    var all: [BreakerName]?
    for text in texts {
      if Glob.isPattern(text) {
        let known: [BreakerName]
        if let all { known = all } else { known = try self.names() }
        all = known
        let matches = known.filter { Glob(text).matches($0.text) }
        if matches.isEmpty {
          world.say("no breaker matches '\(text)'")
          found.isAnyMissing = true
        }
        for name in matches where !found.names.contains(name) { found.names.append(name) }
        continue
      }
      let name = try BreakerName(argument: text)
      if !creating {
        let why: String?
        do throws(StoreError) {
          let reading = try store.storage.read(name)
          why = reading.breaker == nil && reading.damage == nil ? missing(name) : nil
          found.looks[name] = reading
        } catch {
          why = "\(name): \(error.description)"
        }
        if let why {
          world.say(why)
          found.isAnyMissing = true
          continue
        }
      }
      if !found.names.contains(name) { found.names.append(name) }
    }
    return found
  }

  /// `shpo: no such breaker; did you mean 'shop'?`
  func missing(_ name: BreakerName) -> String {
    NearestName((try? names()) ?? []).missing(name)
  }

  /// Does `body` to each breaker that NAMEs and quoted globs mean. One that fails is reported and keeps no other from it.
  ///
  /// - Returns: the exit code.
  func forEachBreaker(
    _ texts: [String], creating: Bool, _ body: (BreakerName) throws(CommandFailure) -> Void
  ) throws(CommandFailure) -> Int32 {
    try forEach(try breakers(texts, creating: creating), body)
  }

  func forEach(
    _ found: FoundBreakers, _ body: (BreakerName) throws(CommandFailure) -> Void
  ) throws(CommandFailure) -> Int32 {
    var isAnyLeft = found.isAnyMissing
    for name in found.names {
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

  func read(_ name: BreakerName) throws(CommandFailure) -> Reading {
    try storeResult { () throws(StoreError) in try store.storage.read(name) }
  }

  func names() throws(CommandFailure) -> [BreakerName] {
    try storeResult { () throws(StoreError) in try store.storage.names() }
  }

  func history(_ name: BreakerName, limit: Int) throws(CommandFailure) -> [HistoryEntry]? {
    try storeResult { () throws(StoreError) in try store.storage.history(name, limit: limit) }
  }

  /// Takes an event; what the store has to say besides is left to the caller.
  func applyQuietly(_ event: Event, to name: BreakerName) throws(CommandFailure) -> Applied {
    try storeResult { () throws(StoreError) in try store.storage.apply(event, to: name) }
  }

  /// Takes an event and passes on what the store has to say.
  ///
  /// - Parameter other: a store in the place of the session's own.
  func apply(_ event: Event, to name: BreakerName, on other: OpenStore? = nil) throws(CommandFailure) -> Applied {
    let storage = (other ?? store).storage
    let applied = try storeResult { () throws(StoreError) in try storage.apply(event, to: name) }
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

  /// The name that may have been meant where `name` was made anew: not one that differs in digits alone, as `host-2`
  /// beside `host-1` is no slip.
  func meant(by name: BreakerName) -> String? {
    let letters = name.text.filter { !$0.isWholeNumber }
    return of(name).flatMap { $0.filter { !$0.isWholeNumber } == letters ? nil : $0 }
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
