import JSON
import Testing

/// The four ways to give a setting (docs/CONTRACT.md, "Settings").
enum SettingChannel: String, CaseIterable, Sendable {
  case option
  case environment
  case stored
  case file

  /// Gives breaker `x` the setting; what comes back belongs on the command line of `run`.
  func give(_ key: String, _ value: String, to scene: Scene) -> [String] {
    switch self {
    case .option: return ["--\(key)", value]
    case .environment: scene["CB_" + key.uppercased().replacing("-", with: "_")] = value
    case .stored: #expect(scene.cb("set", "x", "\(key)=\(value)").status == .exited(0))
    case .file: scene.configure(configuration(key, value))
    }
    return []
  }

  /// The setting in a configuration file: its key in line 3, column 5.
  func configuration(_ key: String, _ value: String) -> String {
    let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return "{\n  breakers: {x: {\n    \"\(key)\": \"\(escaped)\",\n  }},\n}\n"
  }
}

/// A way to give a setting to a breaker in a store.
struct SettingWay: Sendable, CustomTestStringConvertible {
  var store: StoreUnderTest
  var channel: SettingChannel

  /// All ways in the file store. Environment and file are read before there is a store: Redis gets one way that it has
  /// no part in, and the one in which it keeps the setting.
  static let all =
    SettingChannel.allCases.map { SettingWay(store: .file, channel: $0) }
    + [SettingChannel.option, .stored].map { SettingWay(store: .redis(url: SharedRedis.url), channel: $0) }

  /// The ways in which a person types it.
  static let typed = all.filter { $0.channel == .option || $0.channel == .stored }

  var testDescription: String { "\(store.testDescription), \(channel.rawValue)" }
}

/// One effect of a setting that cb does not show without it.
struct SettingEffect: Sendable, CustomTestStringConvertible {
  var key: String
  var value: String
  var channels: [SettingChannel] = SettingChannel.allCases
  /// Checks the effect; the options belong on each `run`.
  var check: @Sendable (Scene, _ options: [String]) -> Void

  var testDescription: String { key }

  static let all: [SettingEffect] = counts + judging + more + rates + times + edge + rejections

  private static let counts = [
    SettingEffect(key: "fail-max", value: "2") { scene, options in
      scene.run(options, sh: "exit 1")
      #expect(scene.state() == "closed")
      scene.run(options, sh: "exit 1")
      #expect(scene.state() == "open")
    },
    SettingEffect(key: "success-threshold", value: "2") { scene, options in
      scene.cb("half-open", "x")
      scene.run(options, sh: "exit 0")
      #expect(scene.state() == "half-open")
      scene.run(options, sh: "exit 0")
      #expect(scene.state() == "closed")
    },
    SettingEffect(key: "half-open-max", value: "2") { scene, options in
      scene.cb("half-open", "x")
      let trial = scene.runInFlight(options)
      #expect(scene.run(options, sh: "exit 0").status == .exited(0))
      trial.end(0)
    },
    SettingEffect(key: "max-concurrent", value: "1") { scene, options in
      let run = scene.runInFlight(options)
      #expect(scene.run(options, sh: "exit 0").status == .exited(75))
      run.end(0)
    },
  ]

  private static let judging = [
    SettingEffect(key: "exclude", value: "3") { scene, options in
      scene.run(options, sh: "exit 3")
      #expect(scene.total("excluded") == 1)
    },
    SettingEffect(key: "exclude-if", value: "test \"$CB_EXIT_STATUS\" = 3") { scene, options in
      scene.run(options, sh: "exit 3")
      scene.run(options, sh: "exit 4")
      #expect(scene.total("excluded") == 1)
      #expect(scene.total("failures") == 1)
    },
    SettingEffect(key: "ignore", value: "3") { scene, options in
      scene.run(options, sh: "exit 3")
      #expect(scene.total("ignored") == 1)
    },
    SettingEffect(key: "only", value: "4") { scene, options in
      scene.run(options, sh: "exit 3")
      scene.run(options, sh: "exit 4")
      #expect(scene.total("excluded") == 1)
      #expect(scene.total("failures") == 1)
    },
    SettingEffect(key: "ignore-if", value: "test \"$CB_EXIT_STATUS\" = 3") { scene, options in
      scene.run(options, sh: "exit 3")
      scene.run(options, sh: "exit 4")
      #expect(scene.total("ignored") == 1)
      #expect(scene.total("failures") == 1)
    },
    SettingEffect(key: "fail-if", value: "true") { scene, options in
      #expect(scene.run(options, sh: "exit 0").status == .exited(0))
      #expect(scene.total("failures") == 1)
      #expect(scene.counter() == "1")
    },
    SettingEffect(key: "preset", value: "curl") { scene, options in
      scene.run(options, sh: "exit 63")
      scene.run(options, sh: "exit 7")
      #expect(scene.total("excluded") == 1)
      #expect(scene.total("failures") == 1)
    },
  ]

  /// What opens, holds, or is the trial.
  private static let more = [
    SettingEffect(key: "trip-on", value: "3") { scene, options in
      scene.run(options, sh: "exit 3")
      #expect(scene.state() == "open")
      #expect(scene.shown("held")?.isNull == true)
    },
    SettingEffect(key: "hold-on", value: "3") { scene, options in
      scene.run(options, sh: "exit 3")
      #expect(scene.shown("held.state")?.string == "open")
    },
    SettingEffect(key: "hold-if", value: "test \"$CB_EXIT_STATUS\" = 3") { scene, options in
      scene.run(options, sh: "exit 4")
      #expect(scene.state() == "closed")
      scene.run(options, sh: "exit 3")
      #expect(scene.shown("held.state")?.string == "open")
    },
    SettingEffect(key: "hold-after", value: "2") { scene, options in
      for isHeld in [false, true] {
        scene.run(options + ["--fail-max", "1", "--reset-timeout", "0"], sh: "exit 1")
        #expect((scene.shown("held.state")?.string == "open") == isHeld)
      }
    },
    SettingEffect(key: "retry-hint", value: "echo 10m") { scene, options in
      scene.run(options, sh: "exit 1")
      let left = Double(scene.get("retry-after")) ?? 0
      #expect(left > 300 && left <= 600)
    },
    SettingEffect(key: "retry-hint-max", value: "5m") { scene, options in
      scene.run(options + ["--retry-hint", "echo 10m"], sh: "exit 1")
      let left = Double(scene.get("retry-after")) ?? 0
      #expect(left > 60 && left <= 300)
    },
    SettingEffect(key: "probe", value: "exit 2") { scene, options in
      scene.trip("--reset-timeout", "0")
      let rejected = scene.run(options, sh: "echo started")
      #expect(rejected.status == .exited(75))
      #expect(rejected.errorText.contains(" (probe: exit 2)"))
    },
    SettingEffect(key: "probe-timeout", value: "50ms") { scene, options in
      scene.trip("--reset-timeout", "0")
      let rejected = scene.run(options + ["--probe", "exec sleep 600"], sh: "echo started")
      #expect(rejected.status == .exited(75))
      #expect(rejected.errorText.contains("the probe took over 50ms and was ended"))
    },
  ]

  private static let rates = [
    SettingEffect(key: "window", value: "10") { scene, options in
      for code in [0, 1, 0, 1, 0, 1, 0, 1, 0] { scene.run(options, sh: "exit \(code)") }
      #expect(scene.state() == "closed")
      scene.run(options, sh: "exit 1")
      #expect(scene.state() == "open")
    },
    SettingEffect(key: "failure-rate", value: "20%") { scene, options in
      let options = options + ["--window", "10", "--min-calls", "5"]
      for code in [0, 0, 0, 0, 1] { scene.run(options, sh: "exit \(code)") }
      #expect(scene.state() == "open")
    },
    SettingEffect(key: "min-calls", value: "2") { scene, options in
      let options = options + ["--window", "10"]
      scene.run(options, sh: "exit 1")
      #expect(scene.state() == "closed")
      scene.run(options, sh: "exit 1")
      #expect(scene.state() == "open")
    },
    SettingEffect(key: "slow-after", value: "1ms") { scene, options in
      #expect(scene.run(options, sh: "sleep 0.05").status == .exited(0))
      #expect(scene.total("slow") == 1)
      #expect(scene.counter() == "1")
    },
    SettingEffect(key: "slow-rate", value: "50%") { scene, options in
      let options = options + ["--window", "10", "--min-calls", "2"]
      scene.run(options, sh: "exit 0")
      scene.run(options + ["--slow-after", "10ms"], sh: "sleep 0.1")
      #expect(scene.state() == "open")
    },
  ]

  private static let times = [
    SettingEffect(key: "reset-timeout", value: "1ms") { scene, options in
      scene.run(options + ["--fail-max", "1"], sh: "exit 1")
      scene.waitUntilDue()
      #expect(scene.run(options, sh: "exit 0").status == .exited(0))
    },
    SettingEffect(key: "reset-backoff", value: "10") { scene, options in
      let options = options + ["--fail-max", "1", "--reset-timeout", "100"]
      for left in [100.0, 1000, 3600] {
        scene.run(options, sh: "exit 1")
        let shown = Double(scene.get("retry-after")) ?? 0
        #expect(shown > left * 0.5 && shown <= left)
        scene.cb("half-open", "x")
      }
    },
    SettingEffect(key: "reset-max", value: "200s") { scene, options in
      let options = options + ["--fail-max", "1", "--reset-timeout", "100", "--reset-backoff", "10"]
      for left in [100.0, 200, 200] {
        scene.run(options, sh: "exit 1")
        let shown = Double(scene.get("retry-after")) ?? 0
        #expect(shown > left * 0.55 && shown <= left)
        scene.cb("half-open", "x")
      }
    },
    SettingEffect(key: "jitter", value: "100%") { scene, options in
      let options = options + ["--fail-max", "1", "--reset-timeout", "1000"]
      var longest = 0.0
      // Each is drawn from 1000 s to 2000 s.
      for _ in 1...8 where longest <= 1000 {
        scene.run(options, sh: "exit 1")
        longest = Double(scene.get("retry-after")) ?? 0
        #expect(longest > 500 && longest <= 2000)
        scene.cb("half-open", "x")
      }
      #expect(longest > 1000)
    },
    SettingEffect(key: "timeout", value: "50ms") { scene, options in
      #expect(scene.run(options, sh: "exec sleep 600").status == .exited(124))
      #expect(scene.total("timeouts") == 1)
    },
    SettingEffect(key: "kill-after", value: "10ms") { scene, options in
      let stubborn = "trap '' TERM; while :; do sleep 0.05; done"
      let result = scene.run(options + ["--timeout", "50ms"], sh: stubborn)
      #expect(result.status == .exited(124))
      // The default is 5 s.
      #expect(result.seconds < 4.5)
    },
    SettingEffect(key: "timeout-signal", value: "INT") { scene, options in
      let command = "trap 'echo int > got; exit 7' INT; while :; do sleep 0.05; done"
      #expect(scene.run(options + ["--timeout", "200ms"], sh: command).status == .exited(124))
      #expect(scene.lines("got") == ["int"])
    },
  ]

  private static let edge = [
    SettingEffect(key: "on-event", value: "failure=file:events") { scene, options in
      scene.run(options, sh: "exit 1")
      #expect(scene.events() == ["failure"])
    },
    SettingEffect(key: "on-store-error", value: "reject", channels: [.option, .environment, .file]) { scene, options in
      scene.breakStore()
      #expect(scene.run(options, sh: "echo started").status == .exited(125))
    },
    SettingEffect(key: "mode", value: "observe") { scene, options in
      scene.trip()
      #expect(scene.run(options, sh: "exit 0").status == .exited(0))
      #expect(scene.total("would_reject") == 1)
    },
  ]

  /// What a rejected run does.
  private static let rejections = [
    SettingEffect(key: "fallback", value: "exit 4") { scene, options in
      scene.trip()
      #expect(scene.run(options, sh: "exit 0").status == .exited(4))
    },
    SettingEffect(key: "wait", value: "60s") { scene, options in
      scene.cb("open", "x", "--hold")
      let run = scene.sandbox.start([Programs.cb, "run"] + options + ["x", "--", "true"])
      // One that does not wait is over long before.
      _ = eventually(seconds: 2) { !isAlive(run.pid) }
      scene.cb("half-open", "x")
      #expect(run.wait(seconds: 60).status == .exited(0))
    },
    SettingEffect(key: "notice", value: "none") { scene, options in
      scene.trip()
      let rejected = scene.run(options, sh: "exit 0")
      #expect(rejected.status == .exited(75))
      #expect(rejected.error == [])
    },
    SettingEffect(key: "remind", value: "1ms") { scene, options in
      scene.trip()
      let texts = (1...2).map { _ in scene.run(options + ["--notice", "first"], sh: "exit 0").errorText }
      #expect(texts.first?.hasPrefix("cb: x: circuit ") == true)
      #expect(texts.last?.hasPrefix("cb: x: circuit still open, retry in ") == true)
    },
    SettingEffect(key: "rejected-exit", value: "9") { scene, options in
      scene.trip()
      #expect(scene.run(options, sh: "exit 0").status == .exited(9))
    },
  ]
}

/// A value that a setting cannot take, and a word of the range that the error has to name.
struct SettingError: Sendable, CustomTestStringConvertible {
  var key: String
  var values: [String]
  var range: String

  var testDescription: String { key }

  static let all: [SettingError] =
    ["fail-max", "success-threshold", "half-open-max", "min-calls", "max-concurrent", "hold-after"].map {
      SettingError(key: $0, values: ["0", "-1", "1.5", "many", "99999999999999999999"], range: "1 or more")
    }
    + [
      "reset-timeout", "timeout", "kill-after", "slow-after", "reset-max", "retry-hint-max", "probe-timeout", "remind",
      "wait",
    ].map {
      SettingError(key: $0, values: ["-1s", "5 m", "1x", "h", "1s1h", "1e3", "1s ", "soon"], range: "duration")
    }
    + ["exclude", "ignore", "only", "trip-on", "hold-on"].map {
      SettingError(key: $0, values: ["256", "-1", "5-3", "SIGNONE", "1,,2", "1;2"], range: "exit codes")
    }
    + ["failure-rate", "slow-rate"].map {
      SettingError(key: $0, values: ["0", "101%", "1.01", "-5%", "half"], range: "rate")
    }
    + [
      SettingError(key: "jitter", values: ["101%", "1.01", "-5%", "half"], range: "rate"),
      SettingError(key: "window", values: ["0", "-1", "some", "0s"], range: "number of runs"),
      SettingError(key: "reset-backoff", values: ["0", "0.5", "-2", "twice"], range: "number"),
      SettingError(key: "on-event", values: ["nothing", "fail=true", "=true", "failure="], range: "EVENT=CMD"),
      SettingError(key: "on-store-error", values: ["panic", "Local"], range: "local, run or reject"),
      SettingError(key: "mode", values: ["off", "Observe"], range: "enforce, observe or bypass"),
      SettingError(key: "notice", values: ["sometimes", "First"], range: "each, first or none"),
      SettingError(key: "preset", values: ["tar", "Curl"], range: "one of curl, wget, rsync"),
      SettingError(key: "timeout-signal", values: ["NONE", "15"], range: "the name of a signal"),
      SettingError(key: "rejected-exit", values: ["256", "-1", "no"], range: "0 to 255"),
    ]
}
