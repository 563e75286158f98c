import ArgumentParser
import BreakerStore
import CircuitBreaker
import JSON
import Settings

struct Get: CBCommand {
  static let configuration = CommandConfiguration(
    commandName: "get",
    abstract: "Print one value, raw, for scripts.",
    usage: "cb get NAME KEY",
    discussion: """
      KEY is state, fail-counter, retry-after (seconds; empty while held open without an end), or any setting: \
      durations in seconds, rates from 0 to 1, lists one value per line, nothing if a setting has no value.

      Example: cb get db-backup retry-after
      """)

  @OptionGroup var common: CommonOptions
  @Argument(help: "The breaker.") var name: String
  @Argument(help: "What to print.") var key: String

  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    try GetOptions(name: name, key: key, places: common.places).execute(world)
  }
}

extension GetOptions {
  func execute(_ world: World) throws(CommandFailure) -> Int32 {
    let name = try BreakerName(argument: name)
    guard let key = GettableKey(key) else { throw .usage("get: \(GettableKey.unknown(key))") }
    let session = try Session(places, world: world)
    let (breaker, now) = try session.existing(name)
    let settings = session.settings(for: name, stored: breaker.settings)
    try world.print(key.value(breaker, settings, at: now) + "\n")
    return ExitCode.success
  }
}

/// What `cb get` can print.
enum GettableKey {
  case state
  case failCounter
  case retryAfter
  case setting(SettingKey)

  private static let names = ["state", "fail-counter", "retry-after"] + SettingKey.allCases.map(\.name)

  /// The nearest first.
  static func unknown(_ text: String) -> String {
    let nearest = NearestWord.of(text, in: names).map { "did you mean \($0)? " } ?? ""
    return "unknown key '\(text)': \(nearest)The keys are \(names.joined(separator: ", "))"
  }

  init?(_ text: String) {
    switch text {
    case "state": self = .state
    case "fail-counter": self = .failCounter
    case "retry-after": self = .retryAfter
    default:
      guard let key = SettingKey(named: text) else { return nil }
      self = .setting(key)
    }
  }

  func value(_ breaker: Breaker, _ settings: ResolvedSettings, at now: Timestamp) -> String {
    switch self {
    case .state: breaker.state.rawValue
    case .failCounter: String(breaker.failCounter)
    case .retryAfter:
      if breaker.state != .open {
        "0"
      } else {
        breaker.retryAfter(settings.policy, at: now).map { DurationText.decimal(thousandths: $0.milliseconds) } ?? ""
      }
    case .setting(let key): settings.settings.value(key).raw
    }
  }
}

extension Session {
  /// The breaker, which has to be there.
  func existing(_ name: BreakerName) throws(CommandFailure) -> (breaker: Breaker, now: Timestamp) {
    try existing(name, in: try read(name))
  }

  func existing(
    _ name: BreakerName, in reading: Reading
  ) throws(CommandFailure) -> (breaker: Breaker, now: Timestamp) {
    if let damage = reading.damage { throw .failed("\(name): \(damage)") }
    guard let breaker = reading.breaker else { throw .failed(missing(name)) }
    return (breaker, reading.now)
  }
}
