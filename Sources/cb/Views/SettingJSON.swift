import CircuitBreaker
import JSON
import Settings

extension SettingValue {
  /// As `status --json` shows it: durations in seconds, rates from 0 to 1, lists as arrays, null if there is no
  /// value. `window` is a number where it counts runs, and a text such as `1h` where it is a time.
  var json: JSONValue {
    switch self {
    case .none: .null
    case .count(let count): .integer(Int64(count))
    case .number(let number), .rate(let number): Int64(exactly: number).map { .integer($0) } ?? .number(number)
    case .duration(let span):
      span.milliseconds % 1000 == 0 ? .integer(span.milliseconds / 1000) : .number(span.seconds)
    case .text(let text): .string(text)
    case .list(let texts): .array(texts.map { .string($0) })
    }
  }
}

extension Settings {
  /// The effective value of a key.
  func value(_ key: SettingKey) -> SettingValue { key.row.value(self) }
}
