import BreakerStore
import CircuitBreaker
import JSON

extension Settings {
  /// A setting as `status --json` and `cb get` show it: durations in seconds, rates from 0 to 1, lists as arrays, null
  /// where there is no value. `window` is a number where it counts runs, and a text such as `1h` where it is a time.
  func json(_ key: SettingKey) -> JSONValue {
    switch key {
    case .failMax: .integer(Int64(failMax))
    case .resetTimeout: Self.json(resetTimeout)
    case .successThreshold: .integer(Int64(successThreshold))
    case .halfOpenMax: .integer(Int64(halfOpenMax))
    case .exclude: Self.json(rules.exclude)
    case .excludeIf: .array(excludeIf.map { .string($0) })
    case .ignore: Self.json(rules.ignore)
    case .only: Self.json(rules.only)
    case .window:
      switch window {
      case nil: .null
      case .runs(let count): .integer(Int64(count))
      case .time(let span): .string(DurationText.format(span))
      }
    case .failureRate: Self.json(failureRate)
    case .minCalls: .integer(Int64(minCalls))
    case .slowAfter: slowAfter.map(Self.json) ?? .null
    case .slowRate: Self.json(slowRate)
    case .resetBackoff: Self.json(resetBackoff)
    case .resetMax: Self.json(resetMax)
    case .jitter: Self.json(jitter)
    case .maxConcurrent: maxConcurrent.map { .integer(Int64($0)) } ?? .null
    case .timeout: timeout.map(Self.json) ?? .null
    case .killAfter: Self.json(killAfter)
    case .onEvent: .array(listeners.map { .string($0.text) })
    case .onStoreError: .string(onStoreError.rawValue)
    }
  }

  private static func json(_ span: Span) -> JSONValue {
    span.milliseconds % 1000 == 0 ? .integer(span.milliseconds / 1000) : .number(span.seconds)
  }

  private static func json(_ number: Double) -> JSONValue {
    Int64(exactly: number).map { .integer($0) } ?? .number(number)
  }

  private static func json(_ set: OutcomeSet) -> JSONValue {
    .array(set.texts.map { .string($0) })
  }
}
