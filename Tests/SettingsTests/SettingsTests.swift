import CircuitBreaker
import Settings
import System
import Testing

/// The settings of docs/CONTRACT.md, "Settings": what each key takes, and how it refuses the rest.
struct SettingsTests {
  private static let counts = ["0", "-1", "1.5", "x", "", "+1", " 1", "1e3", "99999999999", "٣"]
  private static let durations = ["-1s", "x", "", "5x", "1 s", "1h30", "36526d"]
  private static let sets = ["", "256", "5-3", "SIGNOPE", "3,,4", "-1"]
  private static let rates = ["0", "0%", "101%", "1.5", "-0.1", "x", ""]
  private static let shell = ["", "a\0b"]

  private static func refused(_ key: SettingKey) -> [String] {
    switch key {
    case .failMax, .successThreshold, .halfOpenMax, .minCalls, .maxConcurrent, .holdAfter: counts
    case .resetTimeout, .timeout, .killAfter, .wait: durations
    case .slowAfter, .resetMax, .retryHintMax, .probeTimeout, .remind: durations + ["0", "0s"]
    case .exclude, .ignore, .only, .tripOn, .holdOn: sets
    case .excludeIf, .ignoreIf, .failIf, .holdIf, .retryHint, .probe, .fallback: shell
    case .preset: ["", "Curl", "tar", "curl,wget", "curl "]
    case .mode: ["", "Observe", "off", "observe "]
    case .window: ["0", "10001", "-1", "1.5", "", "x", "99ms", "0s", "5.", "0.5"]
    case .failureRate, .slowRate: rates
    case .resetBackoff: ["0.5", "1001", "x", "", "-2", "1e1", "inf", "nan", "0x2", "."]
    case .jitter: ["101%", "1.1", "-1%", "x", "", "20"]
    case .timeoutSignal: ["", "NONE", "SIGNONE", "15", "TERM,INT", " TERM", "SIG0", "SIG65"]
    case .onEvent: ["", "open", "open=", "=cmd", "nope=cmd", "Open=cmd", "open=a\0b", " open=x"]
    case .onStoreError: ["", "Local", "none", "local "]
    case .notice: ["", "sometimes", "First", "none "]
    case .rejectedExit: ["", "256", "-1", "+1", "1.0", "no", "٣", "4294967296"]
    }
  }

  @Test("each refused value is an error that names the key, the value and the range", arguments: SettingKey.allCases)
  func refuses(key: SettingKey) throws {
    for value in Self.refused(key) {
      var settings = Settings()
      let before = settings
      let fault = #expect(throws: SettingFault.self, "\(key.name) took '\(value)'") { try settings.apply(key, value) }
      #expect(fault?.key == key && fault?.value == value)
      let message = try #require(fault).message
      #expect(message == "\(key.name): '\(value.escapingControls())' is not valid: it must be \(key.range)")
      #expect(!message.unicodeScalars.contains { $0.value < 0x20 })
      #expect(settings == before)
      #expect(throws: SettingFault.self) { try Settings.check(key, value) }
    }
  }

  @Test("the ranges name the limits that the values meet")
  func limits() {
    #expect(SettingKey.failMax.range.contains("1 or more") && SettingKey.failMax.range.contains("2147483647"))
    #expect(SettingKey.window.range.contains("10000") && SettingKey.window.range.contains("100ms"))
    #expect(SettingKey.resetTimeout.range.contains("100 years"))
    #expect(SettingKey.resetMax.range.contains("100 years") && SettingKey.resetMax.range.contains("above 0"))
    #expect(SettingKey.rejectedExit.range.contains("0 to 255"))
    #expect(SettingKey.mode.range == "enforce, observe or bypass")
    #expect(SettingKey.notice.range == "each, first or none")
    for preset in Preset.all { #expect(SettingKey.preset.range.contains(preset.name)) }
    for event in ListenedEvent.allCases { #expect(SettingKey.onEvent.range.contains(event.rawValue)) }
  }

  private func settings(_ pairs: (SettingKey, String)...) throws -> Settings {
    var settings = Settings()
    for (key, text) in pairs { try settings.apply(key, text) }
    return settings
  }

  @Test("the counts take whole numbers from 1")
  func counts() throws {
    let set = try settings(
      (.failMax, "1"), (.successThreshold, "2"), (.halfOpenMax, "003"), (.minCalls, "4"),
      (.maxConcurrent, "2147483647"),
      (.holdAfter, "6"))
    #expect(set.failMax == 1 && set.successThreshold == 2 && set.halfOpenMax == 3 && set.minCalls == 4)
    #expect(set.maxConcurrent == 2_147_483_647 && set.holdAfter == 6)
  }

  @Test("the durations take every form; a timeout of 0 is none, as for timeout(1)")
  func durations() throws {
    let set = try settings(
      (.resetTimeout, "1h30m"), (.slowAfter, "250ms"), (.resetMax, "2d"), (.timeout, "1.5"), (.killAfter, "0"),
      (.retryHintMax, "1d"), (.probeTimeout, "3s"), (.remind, "12h"), (.wait, "0"))
    #expect(set.resetTimeout == .seconds(5400) && set.slowAfter == .ms(250) && set.resetMax == .seconds(172_800))
    #expect(set.timeout == .ms(1500) && set.killAfter == .zero && set.wait == .zero)
    #expect(set.retryHintMax == .seconds(86_400) && set.probeTimeout == .seconds(3) && set.remind == .seconds(43_200))
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

  @Test("a listener is one of the events and a command, in which '=' may be")
  func listeners() throws {
    for event in ListenedEvent.allCases {
      let set = try settings((.onEvent, "\(event.rawValue)=mail -s 'a=b' x"))
      #expect(set.listeners.map(\.event) == [event])
      #expect(set.listeners.map(\.command) == ["mail -s 'a=b' x"])
      #expect(set.listeners.map(\.text) == ["\(event.rawValue)=mail -s 'a=b' x"])
    }
    #expect(
      ListenedEvent.allCases.map(\.rawValue) == [
        "before-call", "success", "failure", "excluded", "ignored", "rejected", "state-change", "open", "half-open",
        "close", "hold", "still-open", "manual", "any",
      ])
  }

  @Test("words, signals and exit codes")
  func words() throws {
    for policy in StoreErrorPolicy.allCases {
      #expect(try settings((.onStoreError, policy.rawValue)).onStoreError == policy)
    }
    for mode in RunMode.allCases { #expect(try settings((.mode, mode.rawValue)).mode == mode) }
    for notice in Notice.allCases { #expect(try settings((.notice, notice.rawValue)).notice == notice) }
    for name in ["INT", "int", "SIGINT", "SIG2"] { #expect(try settings((.timeoutSignal, name)).timeoutSignal == 2) }
    #expect(try settings((.rejectedExit, "0")).rejectedExit == 0)
    #expect(try settings((.rejectedExit, "255")).rejectedExit == 255)
    #expect(try settings((.fallback, "a"), (.fallback, "b")).fallback == "b")
    #expect(try settings((.probe, "a"), (.probe, "b")).probe == "b")
  }

  @Test("values of lists add up; of the rest the last has effect")
  func lists() throws {
    let set = try settings(
      (.exclude, "3"), (.exclude, "SIGINT"), (.ignore, "4"), (.ignore, "5"), (.only, "1"), (.only, "timeout"),
      (.tripOn, "6"), (.tripOn, "7-9"), (.holdOn, "10"), (.holdOn, "SIGABRT"), (.excludeIf, "a"), (.excludeIf, "b"),
      (.ignoreIf, "c"), (.ignoreIf, "d"), (.failIf, "e"), (.failIf, "f"), (.holdIf, "g"), (.holdIf, "h"),
      (.retryHint, "i"), (.retryHint, "j"), (.preset, "curl"), (.preset, "git"), (.onEvent, "open=x"),
      (.onEvent, "close=y"), (.failMax, "1"), (.failMax, "2"))
    #expect(set.rules.exclude.texts == ["3", "SIGINT"])
    #expect(set.rules.ignore.texts == ["4", "5"])
    #expect(set.rules.only.texts == ["1", "timeout"])
    #expect(set.rules.tripOn.texts == ["6", "7-9"])
    #expect(set.rules.holdOn.texts == ["10", "SIGABRT"])
    #expect(set.excludeIf == ["a", "b"] && set.ignoreIf == ["c", "d"] && set.failIf == ["e", "f"])
    #expect(set.holdIf == ["g", "h"] && set.retryHint == ["i", "j"])
    #expect(set.presets.map(\.name) == ["curl", "git"])
    #expect(set.listeners.map(\.text) == ["open=x", "close=y"])
    #expect(set.failMax == 2)
  }

  @Test(
    "the default of each key is that of the contract's table",
    arguments: [
      ("fail-max", "5"), ("reset-timeout", "60s"), ("success-threshold", "1"), ("half-open-max", "1"),
      ("exclude", "none"), ("exclude-if", "none"), ("ignore", "none"), ("ignore-if", "none"), ("fail-if", "none"),
      ("only", "none"), ("trip-on", "none"), ("hold-on", "none"), ("hold-after", "none"), ("hold-if", "none"),
      ("retry-hint", "none"), ("retry-hint-max", "1h"), ("probe", "none"), ("probe-timeout", "10s"),
      ("preset", "none"), ("mode", "enforce"), ("remind", "none"), ("window", "none"), ("failure-rate", "50%"),
      ("min-calls", "10"), ("slow-after", "none"), ("slow-rate", "100%"), ("reset-backoff", "1"), ("reset-max", "1h"),
      ("jitter", "0%"), ("max-concurrent", "none"), ("timeout", "none"), ("timeout-signal", "TERM"),
      ("kill-after", "5s"), ("on-event", "none"), ("on-store-error", "local"), ("fallback", "none"), ("wait", "none"),
      ("notice", "each"), ("rejected-exit", "75"),
    ])
  func defaults(_ name: String, _ text: String) throws {
    let key = try #require(SettingKey(named: name))
    #expect(key.row.value(Settings()).people == text)
    #expect(Settings().policy() == Policy())
  }

  @Test("the policy of the core takes over every setting on which it decides, and gives it back")
  func policy() throws {
    let set = try settings(
      (.failMax, "2"), (.resetTimeout, "3s"), (.successThreshold, "4"), (.halfOpenMax, "5"), (.window, "6"),
      (.failureRate, "70%"), (.minCalls, "8"), (.slowAfter, "9s"), (.slowRate, "10%"), (.resetBackoff, "11"),
      (.resetMax, "12s"), (.jitter, "13%"), (.maxConcurrent, "14"), (.retryHintMax, "15s"), (.holdAfter, "16"),
      (.remind, "17s"))
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
    expected.retryHintMax = .seconds(15)
    expected.holdAfter = 16
    expected.remind = .seconds(17)
    #expect(set.policy() == expected)
    #expect(Settings().with(expected) == set)
    expected.isResetTimeoutCallersOwn = true
    #expect(set.policy(ownsResetTimeout: true) == expected)
  }

  @Test("keys are the contract's, and each has its variable")
  func keys() {
    #expect(
      SettingKey.allCases.map(\.name) == [
        "fail-max", "reset-timeout", "success-threshold", "half-open-max", "exclude", "exclude-if", "ignore",
        "ignore-if", "fail-if", "only", "trip-on", "hold-on", "hold-if", "hold-after", "retry-hint", "retry-hint-max",
        "probe", "probe-timeout", "preset", "mode", "remind", "window", "failure-rate", "min-calls", "slow-after",
        "slow-rate", "reset-backoff", "reset-max", "jitter", "max-concurrent", "timeout", "timeout-signal",
        "kill-after", "on-event", "on-store-error", "fallback", "wait", "notice", "rejected-exit",
      ])
    #expect(SettingKey.failMax.environmentName == "CB_FAIL_MAX")
    #expect(SettingKey.onStoreError.environmentName == "CB_ON_STORE_ERROR")
    #expect(SettingKey.jitter.environmentName == "CB_JITTER")
    for key in SettingKey.allCases { #expect(SettingKey(environmentName: key.environmentName) == key) }
    for name in ["CB_", "FAIL_MAX", "CB_fail_max", "CB_FAIL-MAX", "CB_FAIL__MAX", "CB_STORE", "CB_RETRY_AFTER"] {
      #expect(SettingKey(environmentName: name) == nil)
    }
    #expect(
      Set(SettingKey.allCases.filter(\.isList).map(\.name)) == [
        "exclude", "exclude-if", "ignore", "ignore-if", "fail-if", "only", "trip-on", "hold-on",
        "hold-if", "retry-hint", "preset", "on-event",
      ])
  }
}
