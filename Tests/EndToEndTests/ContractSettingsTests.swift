import BreakerStore
import Glibc
import JSON
import Testing

/// CONTRACT section 3: every key, by every way to give it.
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
  private static let slowToMiss: Set = ["reset-timeout", "timeout", "kill-after"]

  @Test(
    "what shows an effect fails without the setting",
    arguments: SettingEffect.all.filter { !slowToMiss.contains($0.key) })
  func noEffect(_ effect: SettingEffect) {
    withKnownIssue { effect.check(scene, []) }
  }

  @Test("the table of effects and errors has every key")
  func complete() {
    scene.run(exit: 0)
    let keys = scene.shown("settings")?.keys.sorted() ?? []
    #expect(SettingEffect.all.map(\.key).sorted() == keys)
    // Any text is a predicate but none: `emptyPredicate`.
    #expect((SettingError.all.map(\.key) + ["exclude-if"]).sorted() == keys)
  }

  @Test(
    "a value out of range names key, value and range, and nothing is run or written",
    arguments: SettingError.all, SettingWay.all)
  func error(_ fault: SettingError, _ way: SettingWay) {
    let scene = Scene(way.store)
    let channel = way.channel
    // How a value is read does not depend on the store: there one of them shows that nothing is written.
    let values = if case .file = way.store { fault.values } else { Array(fault.values.prefix(1)) }
    for value in values {
      let command = ["x", "--", "/bin/sh", "-c", "echo started"]
      let result: Finished
      switch channel {
      // With '=', as a value that begins with '-' would else be an option.
      case .option: result = scene.cb(["run", "--\(fault.key)=\(value)"] + command)
      case .stored: result = scene.cb("set", "x", "\(fault.key)=\(value)")
      case .environment, .file:
        _ = channel.give(fault.key, value, to: scene)
        result = scene.cb(["run"] + command)
      }
      #expect(result.status == .exited(64), "\(value)")
      #expect(result.output == [])
      #expect(result.isOneMessage)
      for part in [fault.key, value, fault.range] { #expect(result.errorText.contains(part)) }
    }
    #expect(scene.isStoreUntouched)
  }

  @Test(
    "a predicate of no text is an error by option and file; by set and environment it is none",
    arguments: StoreUnderTest.all)
  func emptyPredicate(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let option = scene.run("--exclude-if", "", sh: "echo started")
    scene.configure(SettingChannel.file.configuration("exclude-if", ""))
    let file = scene.run(sh: "echo started")
    for result in [option, file] {
      #expect(result.status == .exited(64))
      #expect(result.output == [])
      #expect(result.isOneMessage)
      for part in ["exclude-if", "''", "a shell command"] { #expect(result.errorText.contains(part)) }
    }
    #expect(scene.isStoreUntouched)
    scene["CB_CONFIG"] = nil
    scene["CB_EXCLUDE_IF"] = ""
    #expect(scene.cb("set", "x", "exclude-if=").status == .exited(0))
    #expect(scene.run(exit: 1).status == .exited(1))
    #expect(scene.counter() == "1")
  }

  @Test("an unknown key is an error by option, set and file")
  func unknownKey() {
    let option = scene.cb("run", "--fail-min", "3", "x", "--", "echo", "started")
    let stored = scene.cb("set", "x", "fail-min=3")
    let read = scene.cb("get", "x", "fail-min")
    scene.configure("{defaults: {\"fail-min\": 3}}")
    let file = scene.cb("run", "x", "--", "echo", "started")
    for result in [option, stored, read, file] {
      #expect(result.status == .exited(64))
      #expect(result.output == [])
      #expect(result.isOneMessage)
      #expect(result.errorText.contains("fail-min"))
    }
    #expect(scene.isStoreUntouched)
  }

  @Test(
    "a mistake in the environment or the file stops every command",
    arguments: [
      ["status"], ["check", "x"], ["wait", "x"], ["open", "x"], ["set", "x", "fail-max=3"], ["get", "x", "state"],
    ])
  func everyCommand(_ arguments: [String]) {
    scene["CB_FAIL_MAX"] = "none"
    #expect(scene.cb(arguments).status == .exited(64))
    scene["CB_FAIL_MAX"] = nil
    scene.configure("{defaults: {\"fail-max\": \"none\"}}")
    #expect(scene.cb(arguments).status == .exited(64))
    #expect(scene.isStoreUntouched)
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
    #expect(line("reset-timeout").contains("300") && line("reset-timeout").contains("x*"))
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
