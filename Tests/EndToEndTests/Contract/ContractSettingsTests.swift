import BreakerStore
import Glibc
import JSON
import Testing

/// docs/CONTRACT.md, "Settings": every key, by every way to give it.
@Suite("The settings")
struct ContractSettingsTests {
  let scene = Scene()

  @Test(
    "every key has its effect, by every way to give it, in both stores", arguments: SettingEffect.all, SettingWay.all)
  func effect(_ effect: SettingEffect, _ way: SettingWay) {
    guard effect.channels.contains(way.channel) else { return }
    let scene = Scene(way.store)
    effect.check(scene, way.channel.give(effect.key, effect.value, to: scene))
  }

  /// Without these the effect would be waited for: for a minute or more.
  private static let slowToMiss: Set = ["reset-timeout", "timeout", "kill-after", "probe-timeout"]

  @Test(
    "what shows an effect fails without the setting",
    arguments: SettingEffect.all.filter { !slowToMiss.contains($0.key) })
  func noEffect(_ effect: SettingEffect) {
    withKnownIssue { effect.check(scene, []) }
  }

  /// Any shell text but none is taken: `emptyText`.
  private static let texts = ["exclude-if", "ignore-if", "fail-if", "hold-if", "retry-hint", "probe", "fallback"]

  @Test("the table of effects and errors has every key")
  func complete() {
    scene.run(exit: 0)
    let keys = scene.shown("settings")?.keys.sorted() ?? []
    #expect(SettingEffect.all.map(\.key).sorted() == keys)
    #expect((SettingError.all.map(\.key) + Self.texts).sorted() == keys)
  }

  // MARK: Only what is typed can stop a command

  @Test(
    "a value out of range that was typed names key, value and range, and nothing is run or written",
    arguments: SettingError.all, SettingWay.typed)
  func typedError(_ fault: SettingError, _ way: SettingWay) {
    let scene = Scene(way.store)
    // How a value is read does not depend on the store: there one of them shows that nothing is written.
    let values = if case .file = way.store { fault.values } else { Array(fault.values.prefix(1)) }
    for value in values {
      let result =
        way.channel == .stored
        ? scene.cb("set", "x", "\(fault.key)=\(value)")
        // With '=', as a value that begins with '-' would else be an option.
        : scene.cb(["run", "--\(fault.key)=\(value)", "x", "--", "/bin/sh", "-c", "echo started"])
      #expect(result.status == .exited(64), "\(value)")
      #expect(result.output == [])
      #expect(result.isOneMessage)
      for part in [fault.key, "'\(value)'", fault.range] { #expect(result.errorText.contains(part)) }
    }
    #expect(scene.isStoreUntouched)
  }

  @Test(
    "in the environment and the file it is one warning, and CMD runs, also where a failed store would stop it",
    arguments: SettingError.all, [SettingChannel.environment, .file])
  func givenError(_ fault: SettingError, _ channel: SettingChannel) {
    let scene = Scene()
    for value in fault.values {
      _ = channel.give(fault.key, value, to: scene)
      let result = scene.run("--on-store-error", "reject", sh: "echo started; exit 3")
      #expect(result.status == .exited(3), "\(value)")
      #expect(result.outputText == "started\n")
      #expect(result.isOneMessage, "\(result.errorText)")
      for part in [fault.key, "'\(value)'", fault.range] { #expect(result.errorText.contains(part)) }
      #expect(result.errorText.hasSuffix("; it is left out\n"))
      #expect(scene.run("--quiet", sh: "exit 0").error == [])
    }
    #expect(scene.total("calls") == 2 * fault.values.count)
    #expect(scene.cb("doctor").status == .exited(1))
  }

  @Test("a shell text of nothing is an error where it was typed", arguments: texts)
  func emptyText(_ key: String) {
    let option = scene.run(["--\(key)="], sh: "echo started")
    #expect(option.status == .exited(64))
    #expect(option.output == [])
    #expect(option.isOneMessage)
    for part in [key, "''", "a shell command"] { #expect(option.errorText.contains(part)) }
    #expect(scene.isStoreUntouched)
    scene.configure(SettingChannel.file.configuration(key, ""))
    let file = scene.run(sh: "echo started")
    #expect(file.status == .exited(0))
    #expect(file.outputText == "started\n")
    #expect(file.isOneMessage && file.errorText.contains("line 3, column "))
    // `KEY=` returns the key to its default, and an empty variable is none.
    scene["CB_CONFIG"] = nil
    scene["CB_" + key.uppercased().replacing("-", with: "_")] = ""
    #expect(scene.cb("set", "x", "\(key)=").status == .exited(0))
    let run = scene.run(exit: 1)
    #expect(run.status == .exited(1))
    #expect(run.error == [])
    #expect(scene.counter() == "1")
  }

  @Test("an unknown key is an error by option, set and get, with the nearest; in the file it is a warning")
  func unknownKey() {
    for arguments in [
      ["run", "--fail-min", "3", "x", "--", "echo", "started"], ["set", "x", "fail-min=3"], ["get", "x", "fail-min"],
    ] {
      let result = scene.cb(arguments)
      #expect(result.status == .exited(64))
      #expect(result.output == [])
      #expect(result.isOneMessage)
      #expect(result.errorText.contains("fail-min") && result.errorText.contains("fail-max"), "\(result.errorText)")
    }
    #expect(scene.isStoreUntouched)
    scene.configure("{defaults: {\"fail-min\": 3}}")
    let file = scene.run(sh: "echo started")
    #expect(file.status == .exited(0))
    #expect(file.outputText == "started\n")
    #expect(file.isOneMessage)
    #expect(file.errorText.contains("unknown key 'fail-min' (did you mean fail-max?); it is left out"))
  }

  @Test("a stored setting that this version does not know, or whose value it does not take, is a warning, and is kept")
  func storedByAnother() throws {
    scene.cb("set", "x", "fail-max=1", "jitter=10%", "reset-timeout=1h")
    let document = try #require(scene.sandbox.read("state/x.json"))
    _ = scene.sandbox.file(
      "state/x.json",
      document.replacing("\"fail-max\": \"1\"", with: "\"from-tomorrow\": \"1\"")
        .replacing("\"10%\"", with: "\"a tenth\""), mode: 0o600)
    let result = scene.run("--on-store-error", "reject", sh: "echo started; exit 3")
    #expect(result.status == .exited(3))
    #expect(result.outputText == "started\n")
    #expect(result.errorLines.count == 2, "\(result.errorText)")
    #expect(result.errorText.contains("cb: stored settings: unknown key 'from-tomorrow'; it is left out\n"))
    #expect(result.errorText.contains("cb: stored setting jitter: 'a tenth' is not valid: it must be a rate"))
    #expect(scene.get("jitter") == "0" && scene.get("reset-timeout") == "3600")
    #expect(scene.sandbox.read("state/x.json")?.contains("\"from-tomorrow\": \"1\"") == true)
    scene.cb("reset", "x")
    scene.cb("set", "x", "reset-timeout=")
    #expect(scene.sandbox.read("state/x.json")?.contains("\"from-tomorrow\": \"1\"") == true)
    #expect(scene.sandbox.read("state/x.json")?.contains("\"a tenth\"") == true)
    // Who sets the key anew mends it.
    scene.cb("set", "x", "jitter=20%")
    #expect(scene.get("jitter") == "0.2")
  }

  @Test(
    "a mistake in the environment or the file stops no command",
    arguments: [
      ["status"], ["check", "x"], ["wait", "x"], ["open", "x"], ["set", "x", "fail-max=3"], ["get", "x", "state"],
      ["close", "x"], ["half-open", "x"], ["reset", "x"], ["remove", "x"], ["history"], ["metrics"], ["list"],
      ["record", "x", "success"], ["permit", "x"], ["probe", "x"],
    ])
  func everyCommand(_ arguments: [String]) {
    scene.run(exit: 0)
    scene["CB_FAIL_MAX"] = "none"
    #expect(scene.cb(arguments).status == .exited(0))
    scene["CB_FAIL_MAX"] = nil
    scene.configure("{defaults: {\"fail-max\": \"none\"}, fleet: 3}")
    scene.run(exit: 0)
    #expect(scene.cb(arguments).status == .exited(0))
  }

  // MARK: Precedence

  @Test("option before environment before cb set before configuration before default", arguments: StoreUnderTest.all)
  func precedence(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.run(exit: 0)
    #expect(scene.get("fail-max") == "5")
    scene.configure("{defaults: {'fail-max': 11}}")
    #expect(scene.get("fail-max") == "11")
    scene.configure("{defaults: {'fail-max': 11}, breakers: {x: {'fail-max': 10}}}")
    #expect(scene.get("fail-max") == "10")
    scene.cb("set", "x", "fail-max=9")
    #expect(scene.get("fail-max") == "9")
    scene["CB_FAIL_MAX"] = "8"
    #expect(scene.get("fail-max") == "8")
    scene.run("--fail-max", "1", exit: 1)
    #expect(scene.state() == "open")
  }

  @Test("the lists of all levels add up", arguments: StoreUnderTest.all)
  func listsAddUp(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.configure("{defaults: {exclude: 4}, breakers: {x: {exclude: [5, '50-51']}}}")
    scene.cb("set", "x", "exclude=3")
    scene["CB_EXCLUDE"] = "2"
    for code in [1, 2, 3, 4, 5, 51, 6] { scene.run("--exclude", "1", "--exclude", "6", exit: code) }
    #expect(scene.total("excluded") == 7)
    #expect(scene.total("failures") == 0)
    #expect(Set(scene.get("exclude").split(separator: "\n").map(String.init)) == ["2", "3", "4", "5", "50-51"])
  }

  @Test(
    "the effective values stand in status --json, durations in seconds, rates from 0 to 1",
    arguments: StoreUnderTest.all)
  func effectiveValues(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.cb("set", "x", "reset-timeout=1h30m", "failure-rate=25%", "exclude=3,SIGINT", "slow-after=250ms")
    scene["CB_JITTER"] = "0.1"
    let settings = scene.shown("settings")
    #expect(settings?["reset-timeout"]?.double == 5400)
    #expect(settings?["failure-rate"]?.double == 0.25)
    #expect(settings?["slow-after"]?.double == 0.25)
    #expect(settings?["jitter"]?.double == 0.1)
    #expect(settings?["fail-max"]?.int == 5)
    #expect(settings?["timeout"]?.isNull == true)
    #expect(settings?["exclude"]?.array?.compactMap(\.string) == ["3", "SIGINT"])
  }

  @Test("status -v shows where each value came from", arguments: StoreUnderTest.all)
  func sources(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.configure("{defaults: {'min-calls': 7}, breakers: {'x*': {'reset-timeout': '5m'}}}")
    scene.cb("set", "x", "success-threshold=3", "exclude=3")
    scene["CB_HALF_OPEN_MAX"] = "4"
    scene["CB_EXCLUDE"] = "4"
    let lines = scene.cb("status", "-v", "x").outputText.split(separator: "\n").map(String.init)
    func line(_ key: String) -> String {
      lines.first { $0.split(separator: " ").first.map(String.init) == key } ?? "none for \(key)"
    }
    #expect(line("fail-max").contains("5") && line("fail-max").contains("default"))
    #expect(line("min-calls").contains("7") && line("min-calls").contains("config.json5"))
    #expect(line("reset-timeout").contains("5m") && line("reset-timeout").contains("x*"))
    #expect(line("success-threshold").contains("3") && line("success-threshold").contains("set"))
    #expect(line("half-open-max").contains("4") && line("half-open-max").contains("environment"))
    #expect(line("exclude").contains("set") && line("exclude").contains("environment"))
  }

  // MARK: Units

  @Test(
    "durations",
    arguments: [
      ("250ms", "0.25"), ("90s", "90"), ("5m", "300"), ("1h30m", "5400"), ("2d", "172800"), ("1.5", "1.5"), ("0", "0"),
      ("60", "60"), ("1d2h3m4s5ms", "93784.005"), ("0.5h", "1800"), ("1ms", "0.001"),
    ])
  func durations(_ text: String, _ seconds: String) {
    scene["CB_RESET_TIMEOUT"] = text
    scene.run(exit: 0)
    #expect(scene.get("reset-timeout") == seconds)
  }

  @Test(
    "rates", arguments: [("50%", "0.5"), ("0.5", "0.5"), ("100%", "1"), ("1", "1"), ("12.5%", "0.125"), ("0%", "0")])
  func rates(_ text: String, _ share: String) {
    scene["CB_JITTER"] = text
    scene.run(exit: 0)
    #expect(scene.get("jitter") == share)
  }
}
