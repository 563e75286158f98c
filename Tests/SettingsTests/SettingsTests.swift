import CircuitBreaker
import System
import Testing

/// The settings of CONTRACT section 3: what each key takes, and how it refuses the rest.
struct SettingsTests {
  private static let counts = ["0", "-1", "1.5", "x", "", "+1", " 1", "1e3", "99999999999", "٣"]
  private static let durations = ["-1s", "x", "", "5x", "1 s", "1h30", "36526d"]
  private static let sets = ["", "256", "5-3", "SIGNOPE", "3,,4", "-1"]
  private static let rates = ["0", "0%", "101%", "1.5", "-0.1", "x", ""]

  static let refused: [(SettingKey, [String])] = SettingKey.allCases.map { key in
    switch key {
    case .failMax, .successThreshold, .halfOpenMax, .minCalls, .maxConcurrent: (key, counts)
    case .resetTimeout, .timeout, .killAfter: (key, durations)
    case .slowAfter, .resetMax: (key, durations + ["0", "0s"])
    case .exclude, .ignore, .only: (key, sets)
    case .excludeIf: (key, ["", "a\0b"])
    case .window: (key, ["0", "10001", "-1", "1.5", "", "x", "99ms", "0s", "5.", "0.5"])
    case .failureRate, .slowRate: (key, rates)
    case .resetBackoff: (key, ["0.5", "1001", "x", "", "-2", "1e1", "inf", "nan", "0x2", "."])
    case .jitter: (key, ["101%", "1.1", "-1%", "x", "", "20"])
    case .onEvent: (key, ["", "open", "open=", "=cmd", "nope=cmd", "Open=cmd", "open=a\0b", " open=x"])
    case .onStoreError: (key, ["", "Local", "none", "local "])
    }
  }

  @Test("each refused value is an error that names the key, the value and the range", arguments: SettingKey.allCases)
  func refuses(key: SettingKey) throws {
    let (_, values) = try #require(Self.refused.first { $0.0 == key })
    for value in values {
      var settings = Settings()
      let before = settings
      let fault = #expect(throws: SettingFault.self, "\(key.name) took '\(value)'") { try settings.apply(key, value) }
      #expect(fault?.key == key && fault?.value == value)
      let message = try #require(fault).message
      #expect(message == "\(key.name): '\(value.escapingControls())' is not valid: it must be \(key.range)")
      #expect(!message.unicodeScalars.contains { $0.value < 0x20 })
      #expect(settings == before)
    }
  }

  @Test("the ranges tell the limits that the values meet")
  func limits() {
    #expect(SettingKey.failMax.range.contains("1 or more") && SettingKey.failMax.range.contains("2147483647"))
    #expect(SettingKey.window.range.contains("10000") && SettingKey.window.range.contains("100ms"))
    #expect(SettingKey.resetTimeout.range.contains("100 years"))
    #expect(SettingKey.resetMax.range.contains("100 years") && SettingKey.resetMax.range.contains("above 0"))
  }

  private func settings(_ pairs: (SettingKey, String)...) throws -> Settings {
    var settings = Settings()
    for (key, text) in pairs { try settings.apply(key, text) }
    return settings
  }

  @Test("the counts take whole numbers from 1")
  func counts() throws {
    let set = try settings(
      (.failMax, "1"), (.successThreshold, "2"), (.halfOpenMax, "003"), (.minCalls, "4"), (.maxConcurrent, "2147483647")
    )
    #expect(set.failMax == 1 && set.successThreshold == 2 && set.halfOpenMax == 3 && set.minCalls == 4)
    #expect(set.maxConcurrent == 2_147_483_647)
  }

  @Test("the durations take every form; a timeout of 0 is none, as for timeout(1)")
  func durations() throws {
    let set = try settings(
      (.resetTimeout, "1h30m"), (.slowAfter, "250ms"), (.resetMax, "2d"), (.timeout, "1.5"), (.killAfter, "0"))
    #expect(set.resetTimeout == .seconds(5400) && set.slowAfter == .ms(250) && set.resetMax == .seconds(172_800))
    #expect(set.timeout == .ms(1500) && set.killAfter == .zero)
    #expect(try settings((.timeout, "5s"), (.timeout, "0")).timeout == nil)
    #expect(try settings((.resetTimeout, "0")).resetTimeout == .zero)
  }

  @Test("a window is a number of runs or a time, never both readings of one text")
  func window() throws {
    #expect(try settings((.window, "20")).window == .runs(20))
    #expect(try settings((.window, "1")).window == .runs(1))
    #expect(try settings((.window, "10000")).window == .runs(10_000))
    #expect(try settings((.window, "1h")).window == .time(.seconds(3600)))
    #expect(try settings((.window, "100ms")).window == .time(.ms(100)))
    #expect(try settings((.window, "1.5s")).window == .time(.ms(1500)))
  }

  @Test("rates and factors")
  func rates() throws {
    let set = try settings(
      (.failureRate, "30%"), (.slowRate, "0.25"), (.jitter, "0"), (.resetBackoff, "1.5"))
    #expect(set.failureRate == 0.3 && set.slowRate == 0.25 && set.jitter == 0 && set.resetBackoff == 1.5)
    #expect(try settings((.failureRate, "1"), (.jitter, "100%")).jitter == 1)
    #expect(try settings((.resetBackoff, "1")).resetBackoff == 1)
    #expect(try settings((.resetBackoff, "1000")).resetBackoff == 1000)
  }

  @Test("a listener is one of the eleven events and a command, in which '=' may stand")
  func listeners() throws {
    for event in ListenedEvent.allCases {
      let set = try settings((.onEvent, "\(event.rawValue)=mail -s 'a=b' x"))
      #expect(set.listeners.map(\.event) == [event])
      #expect(set.listeners.map(\.command) == ["mail -s 'a=b' x"])
      #expect(set.listeners.map(\.text) == ["\(event.rawValue)=mail -s 'a=b' x"])
    }
    #expect(ListenedEvent.allCases.count == 11)
  }

  @Test("on-store-error is one of three words")
  func storeError() throws {
    for policy in StoreErrorPolicy.allCases {
      #expect(try settings((.onStoreError, policy.rawValue)).onStoreError == policy)
    }
  }

  @Test("values of lists add up; of the rest the last stands")
  func lists() throws {
    let set = try settings(
      (.exclude, "3"), (.exclude, "SIGINT"), (.ignore, "4"), (.ignore, "5"), (.only, "1"), (.only, "timeout"),
      (.excludeIf, "a"), (.excludeIf, "b"), (.onEvent, "open=x"), (.onEvent, "close=y"), (.failMax, "1"),
      (.failMax, "2"))
    #expect(set.rules.exclude.texts == ["3", "SIGINT"])
    #expect(set.rules.ignore.texts == ["4", "5"])
    #expect(set.rules.only.texts == ["1", "timeout"])
    #expect(set.excludeIf == ["a", "b"])
    #expect(set.listeners.map(\.text) == ["open=x", "close=y"])
    #expect(set.failMax == 2)
  }

  @Test("the defaults are those of the contract's table")
  func defaults() {
    let set = Settings()
    #expect(set.failMax == 5 && set.resetTimeout == .seconds(60) && set.successThreshold == 1 && set.halfOpenMax == 1)
    #expect(set.rules == JudgingRules() && set.excludeIf.isEmpty && set.listeners.isEmpty)
    #expect(set.window == nil && set.failureRate == 0.5 && set.minCalls == 10)
    #expect(set.slowAfter == nil && set.slowRate == 1 && set.resetBackoff == 1 && set.resetMax == .seconds(3600))
    #expect(set.jitter == 0 && set.maxConcurrent == nil && set.timeout == nil && set.killAfter == .seconds(5))
    #expect(set.onStoreError == .local)
    #expect(Policy(set) == Policy())
  }

  @Test("the policy of the core takes over every setting on which it decides")
  func policy() throws {
    let set = try settings(
      (.failMax, "2"), (.resetTimeout, "3s"), (.successThreshold, "4"), (.halfOpenMax, "5"), (.window, "6"),
      (.failureRate, "70%"), (.minCalls, "8"), (.slowAfter, "9s"), (.slowRate, "10%"), (.resetBackoff, "11"),
      (.resetMax, "12s"), (.jitter, "13%"), (.maxConcurrent, "14"))
    var expected = Policy()
    expected.failMax = 2
    expected.resetTimeout = .seconds(3)
    expected.successThreshold = 4
    expected.halfOpenMax = 5
    expected.window = .runs(6)
    expected.failureRate = 0.7
    expected.minCalls = 8
    expected.slowAfter = .seconds(9)
    expected.slowRate = 0.1
    expected.resetBackoff = 11
    expected.resetMax = .seconds(12)
    expected.jitter = 0.13
    expected.maxConcurrent = 14
    #expect(Policy(set) == expected)
    expected.isResetTimeoutCallersOwn = true
    #expect(Policy(set, callersResetTimeout: .seconds(3)) == expected)
  }

  @Test("keys are the contract's, and each has its variable")
  func keys() {
    #expect(
      SettingKey.allCases.map(\.name) == [
        "fail-max", "reset-timeout", "success-threshold", "half-open-max", "exclude", "exclude-if", "ignore", "only",
        "window", "failure-rate", "min-calls", "slow-after", "slow-rate", "reset-backoff", "reset-max", "jitter",
        "max-concurrent", "timeout", "kill-after", "on-event", "on-store-error",
      ])
    #expect(SettingKey.failMax.environmentName == "CB_FAIL_MAX")
    #expect(SettingKey.onStoreError.environmentName == "CB_ON_STORE_ERROR")
    #expect(SettingKey.jitter.environmentName == "CB_JITTER")
    #expect(
      SettingKey.allCases.filter(\.isList).map(\.name) == ["exclude", "exclude-if", "ignore", "only", "on-event"])
  }
}
