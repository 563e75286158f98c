/// Effective settings: every key of CONTRACT section 3 with a meaning instead of a text.
package struct Settings: Hashable, Sendable {
  package var failMax = 5
  package var resetTimeout = Span.seconds(60)
  package var successThreshold = 1
  package var halfOpenMax = 1
  package var rules = JudgingRules()
  package var excludeIf: [String] = []
  package var window: WindowSize?
  package var failureRate = 0.5
  package var minCalls = 10
  package var slowAfter: Span?
  package var slowRate = 1.0
  package var resetBackoff = 1.0
  package var resetMax = Span.seconds(3600)
  package var jitter = 0.0
  package var maxConcurrent: Int?
  package var timeout: Span?
  package var killAfter = Span.seconds(5)
  package var listeners: [Listener] = []
  package var onStoreError = StoreErrorPolicy.local

  package init() {}

  /// Gives `key` the value that `text` names; what is a list grows.
  package mutating func apply(_ key: SettingKey, _ text: String) throws(SettingFault) {
    guard set(key, text) else { throw SettingFault(key: key, value: text) }
  }

  private mutating func set(_ key: SettingKey, _ text: String) -> Bool {
    switch key {
    case .failMax: assign(&failMax, Self.count(text))
    case .resetTimeout: assign(&resetTimeout, DurationText.parse(text))
    case .successThreshold: assign(&successThreshold, Self.count(text))
    case .halfOpenMax: assign(&halfOpenMax, Self.count(text))
    case .exclude: extend(&rules.exclude.elements, OutcomeSet(text)?.elements)
    case .ignore: extend(&rules.ignore.elements, OutcomeSet(text)?.elements)
    case .only: extend(&rules.only.elements, OutcomeSet(text)?.elements)
    case .excludeIf: extend(&excludeIf, text.isEmpty || text.utf8.contains(0) ? nil : [text])
    case .window: assign(&window, WindowSize(text))
    case .failureRate: assign(&failureRate, Self.positiveRate(text))
    case .minCalls: assign(&minCalls, Self.count(text))
    case .slowAfter: assign(&slowAfter, Self.positiveDuration(text))
    case .slowRate: assign(&slowRate, Self.positiveRate(text))
    case .resetBackoff: assign(&resetBackoff, Self.factor(text))
    case .resetMax: assign(&resetMax, Self.positiveDuration(text))
    case .jitter: assign(&jitter, DurationText.parseRate(text))
    case .maxConcurrent: assign(&maxConcurrent, Self.count(text))
    case .timeout: assignTimeout(text)
    case .killAfter: assign(&killAfter, DurationText.parse(text))
    case .onEvent: extend(&listeners, Listener(text).map { [$0] })
    case .onStoreError: assign(&onStoreError, StoreErrorPolicy(rawValue: text))
    }
  }

  /// `timeout 0` is no limit, as for timeout(1).
  private mutating func assignTimeout(_ text: String) -> Bool {
    guard let span = DurationText.parse(text) else { return false }
    timeout = span == .zero ? nil : span
    return true
  }

  private static func count(_ text: String) -> Int? {
    guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let value = Int32(text), value >= 1 else { return nil }
    return Int(value)
  }

  private static func positiveDuration(_ text: String) -> Span? {
    DurationText.parse(text).flatMap { $0 > .zero ? $0 : nil }
  }

  private static func positiveRate(_ text: String) -> Double? {
    DurationText.parseRate(text).flatMap { $0 > 0 ? $0 : nil }
  }

  private static func factor(_ text: String) -> Double? {
    guard text.utf8.allSatisfy({ ($0 >= 0x30 && $0 <= 0x39) || $0 == UInt8(ascii: ".") }), let value = Double(text),
      (1...1000).contains(value)
    else { return nil }
    return value
  }
}

extension Policy {
  package init(_ settings: Settings, callersResetTimeout: Span? = nil) {
    self.init()
    failMax = settings.failMax
    resetTimeout = settings.resetTimeout
    successThreshold = settings.successThreshold
    halfOpenMax = settings.halfOpenMax
    window = settings.window
    failureRate = settings.failureRate
    minCalls = settings.minCalls
    slowAfter = settings.slowAfter
    slowRate = settings.slowRate
    resetBackoff = settings.resetBackoff
    resetMax = settings.resetMax
    jitter = settings.jitter
    maxConcurrent = settings.maxConcurrent
    isResetTimeoutCallersOwn = callersResetTimeout != nil
  }
}

extension WindowSize {
  /// `20` is a number of runs, `1h` a time.
  package init?(_ text: String) {
    if text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) {
      guard let runs = Int(text), (1...10000).contains(runs) else { return nil }
      self = .runs(runs)
    } else {
      guard let span = DurationText.parse(text), span >= Span(milliseconds: 100), text.utf8.last ?? 0 > 0x39 else {
        return nil
      }
      self = .time(span)
    }
  }
}

/// What a run does when its store cannot be reached or written (CONTRACT section 6).
package enum StoreErrorPolicy: String, Hashable, Sendable, CaseIterable {
  case local
  case run
  case reject
}

/// The events that `on-event` can name (CONTRACT section 7).
package enum ListenedEvent: String, Hashable, Sendable, CaseIterable {
  case beforeCall = "before-call"
  case success
  case failure
  case excluded
  case ignored
  case rejected
  case stateChange = "state-change"
  case open
  case halfOpen = "half-open"
  case close
  case any
}

/// One `EVENT=CMD`.
package struct Listener: Hashable, Sendable {
  package var event: ListenedEvent
  package var command: String

  package init?(_ text: String) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let event = ListenedEvent(rawValue: String(parts[0])), !parts[1].isEmpty,
      !text.utf8.contains(0)
    else { return nil }
    self.event = event
    command = String(parts[1])
  }

  package var text: String { "\(event.rawValue)=\(command)" }
}

// Free functions, as a method of the value could not hold one of its own places.
private func assign<Value>(_ place: inout Value, _ value: Value?) -> Bool {
  guard let value else { return false }
  place = value
  return true
}

private func assign<Value>(_ place: inout Value?, _ value: Value?) -> Bool {
  guard let value else { return false }
  place = value
  return true
}

private func extend<Element>(_ list: inout [Element], _ more: [Element]?) -> Bool {
  guard let more else { return false }
  list += more
  return true
}
