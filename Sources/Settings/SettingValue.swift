package import CircuitBreaker

/// The effective value of a setting, in one of the forms in which all of them are shown.
package enum SettingValue: Hashable, Sendable {
  /// No value: the setting is off.
  case none
  case count(Int)
  case number(Double)
  /// From 0 to 1.
  case rate(Double)
  case duration(Span)
  case text(String)
  case list([String])

  /// As people write it: `5m`, `50%`, `3,64-78`, `none`.
  package var people: String {
    switch self {
    case .none: "none"
    case .count(let count): String(count)
    case .number(let number): NumberText.decimal(number)
    case .rate(let rate): NumberText.percent(rate)
    case .duration(let span): DurationText.format(span)
    case .text(let text): text
    case .list(let texts): texts.isEmpty ? "none" : texts.joined(separator: isOneWordEach(texts) ? "," : " | ")
    }
  }

  /// As `cb get` prints it for scripts: seconds, rates from 0 to 1, a line an element, nothing for no value.
  package var raw: String {
    switch self {
    case .none: ""
    case .count(let count): String(count)
    case .number(let number), .rate(let number): NumberText.decimal(number)
    case .duration(let span): DurationText.decimal(thousandths: span.milliseconds)
    case .text(let text): text
    case .list(let texts): texts.joined(separator: "\n")
    }
  }

  private func isOneWordEach(_ texts: [String]) -> Bool {
    texts.allSatisfy { !$0.utf8.contains { $0 <= 0x20 || $0 == UInt8(ascii: "=") } }
  }
}
