import BreakerStore
import Glibc
import JSON
import Testing

/// The configuration file (docs/CONTRACT.md, "Settings").
@Suite("The configuration file")
struct ContractConfigurationTests {
  let scene = Scene()

  @Test(
    "it is JSON5: comments, bare keys, single quotes, trailing commas, numbers, lists", arguments: StoreUnderTest.all)
  func json5(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.configure(
      """
      // what this host needs
      {
        defaults: {'fail-max': 0x3, /* hexadecimal */ 'reset-timeout': 90,
                   exclude: [3, '64-78', "SIGINT",], jitter: .5},
        breakers: {"db-*": {'reset-timeout': '5m'},},
      }
      """)
    scene.run(name: "db-1", exit: 0)
    #expect(scene.get("fail-max", "db-1") == "3")
    #expect(scene.get("reset-timeout", "db-1") == "300")
    #expect(scene.get("jitter", "db-1") == "0.5")
    #expect(scene.get("exclude", "db-1") == "3\n64-78\nSIGINT")
    scene.run(name: "web", exit: 0)
    #expect(scene.get("reset-timeout", "web") == "90")
  }

  @Test("of several patterns that match the longest wins", arguments: StoreUnderTest.all)
  func longestWins(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.configure(
      "{breakers: {'db-backup': {'fail-max': 4}, '*': {'fail-max': 1}, 'db-*': {'fail-max': 2}, 'db-b*': {'fail-max': 3}}}"
    )
    for (name, expected) in [("db-backup", "4"), ("web", "1"), ("db-a", "2"), ("db-b", "3"), ("db-back", "3")] {
      scene.run(name: name, exit: 0)
      #expect(scene.get("fail-max", name) == expected)
    }
  }

  @Test(
    "what it does not understand is one warning with line and column, and is left out",
    arguments: [
      ("{\n  defauls: {},\n  defaults: {'fail-max': 7}\n}", 2, 3, "defauls"),
      ("{\n  defaults: {\n    'fail-max': 7,\n    'fail-mox': 3\n  }\n}", 4, 5, "fail-mox"),
      ("{\n  breakers: {'x*': {'fail-max': 7,\n      'min-calls': 0}}\n}", 3, 20, "min-calls"),
      ("{defaults: {'fail-max': 7}, breakers: []}", 1, 39, "breakers"),
      ("{defaults: {'fail-max': 7}, breakers: {x: 5}}", 1, 43, "an object of settings"),
      ("{store: 5, defaults: {'fail-max': 7}}", 1, 9, "store"),
      ("{'redis-password-file': 5, defaults: {'fail-max': 7}}", 1, 25, "redis-password-file"),
      ("{defaults: {'fail-max': 7, 'min-calls': true}}", 1, 41, "min-calls"),
      ("{defaults: {'fail-max': 7, 'min-calls': [3]}}", 1, 41, "min-calls"),
      ("{defaults: {'fail-max': 7, exclude: [4,\n 999]}}", 2, 2, "999"),
      ("{defaults: {'fail-max': 7, 'min-calls': null}}", 1, 41, "min-calls"),
    ] as [(String, Int, Int, String)])
  func warnings(_ text: String, _ line: Int, _ column: Int, _ word: String) {
    scene.configure(text)
    let result = scene.run("--on-store-error", "reject", sh: "echo started; exit 3")
    #expect(result.status == .exited(3))
    #expect(result.outputText == "started\n")
    #expect(result.isOneMessage, "\(result.errorText)")
    #expect(result.errorText.contains("config.json5: line \(line), column \(column): "), "\(result.errorText)")
    #expect(result.errorText.contains(word), "\(result.errorText)")
    #expect(result.errorText.hasSuffix("; it is left out\n"), "\(result.errorText)")
    #expect(scene.counter() == "1")
    #expect(scene.get("fail-max") == "7" && scene.get("min-calls") == "10")
    #expect(scene.cb("doctor").status == .exited(1))
  }

  /// Checks what becomes of a configuration file that cannot be used at all: the store counts as failed.
  private func expectUnusable(_ words: String..., location: SourceLocation = #_sourceLocation) {
    let run = scene.run(sh: "echo started; exit 3")
    #expect(run.status == .exited(3), sourceLocation: location)
    #expect(run.outputText == "started\n", sourceLocation: location)
    let rejected = scene.run("--on-store-error", "reject", sh: "echo started")
    #expect(rejected.status == .exited(125), sourceLocation: location)
    #expect(rejected.output == [], sourceLocation: location)
    let unguarded = scene.run("--on-store-error", "run", sh: "echo started; exit 3")
    #expect(unguarded.status == .exited(3), sourceLocation: location)
    #expect(unguarded.errorText.contains("running unguarded"), sourceLocation: location)
    let look = scene.cb("status")
    #expect(look.status == .exited(1), sourceLocation: location)
    #expect(look.output == [], sourceLocation: location)
    let act = scene.cb("open", "x")
    #expect(act.status == .exited(1), sourceLocation: location)
    for result in [run, rejected, unguarded, look, act] {
      #expect(result.isOneMessage, "\(result.errorText)", sourceLocation: location)
      for word in words { #expect(result.errorText.contains(word), "\(result.errorText)", sourceLocation: location) }
    }
    // The stand-in counted the first run; nothing else was written.
    for name in ["CB_CONFIG", "CB_STORE", "CB_REDIS_PASSWORD_FILE"] { scene[name] = nil }
    #expect(scene.total("calls") == 1, sourceLocation: location)
  }

  @Test(
    "what is not JSON5, or not an object, cannot be used: the store counts as failed, and on-store-error decides",
    arguments: [
      ("{\n  defaults: {'fail-max': 3\n   'jitter': 0}\n}", 3, 4), ("[]", 1, 1), ("5", 1, 1),
      ("{defaults: {'fail-max': 3, 'fail-max': 4}}", 1, 28), ("{\n  defaults: {\n", 3, 1),
    ] as [(String, Int, Int)])
  func unusable(_ text: String, _ line: Int, _ column: Int) {
    scene.configure(text)
    expectUnusable("config.json5: line \(line), column \(column): ")
  }

  @Test("a file that others can write cannot be used, as it can name commands", arguments: ["0664", "0646", "0666"])
  func untrusted(_ mode: String) {
    scene.configure("{defaults: {'fail-max': 2}}")
    _ = scene.sandbox.execute(["/bin/chmod", mode, "config.json5"])
    expectUnusable("config.json5: others can write it; chmod go-w ")
  }

  @Test("a file that is named in the environment and is not there cannot be used")
  func missing() {
    scene["CB_CONFIG"] = "/no/such/file"
    expectUnusable("/no/such/file: there is no such file")
  }

  @Test("on-store-error counts as far as it is known from command line and environment")
  func unusableWithEnvironment() {
    scene.configure("{defaults: {'on-store-error': 'reject'}")
    #expect(scene.run(sh: "exit 0").status == .exited(0))
    scene["CB_ON_STORE_ERROR"] = "reject"
    #expect(scene.run(sh: "exit 0").status == .exited(125))
    #expect(scene.run("--on-store-error", "run", sh: "exit 0").status == .exited(0))
  }

  @Test("a file that was typed and is there, but cannot be used, stops no run; one that is not there is a usage error")
  func typed() {
    let broken = scene.sandbox.file("broken.json5", "{")
    let run = scene.run("--config", broken, sh: "echo started")
    #expect(run.status == .exited(0))
    #expect(run.outputText == "started\n")
    #expect(run.isOneMessage)
    let missing = scene.run("--config", "/no/such/file", sh: "echo started")
    #expect(missing.status == .exited(64))
    #expect(missing.output == [])
    #expect(missing.isOneMessage && missing.errorText.contains("/no/such/file"))
  }

  @Test("an empty file says nothing", arguments: ["", " \n\t\n"])
  func empty(_ text: String) {
    scene.configure(text)
    let run = scene.run(exit: 1)
    #expect(run.status == .exited(1))
    #expect(run.error == [])
    #expect(scene.counter() == "1")
  }

  @Test("a password file that cannot be read, and a URL that is malformed, stop no run that did not type them")
  func passwordAndURL() {
    scene["CB_STORE"] = "redis://127.0.0.1:1"
    scene["CB_REDIS_PASSWORD_FILE"] = "/no/such/password"
    scene.configure("{}")
    expectUnusable("/no/such/password")
    scene["CB_REDIS_PASSWORD_FILE"] = nil
    for url in ["redis:localhost", "redis://cb@", "redis://host:port", "file:"] {
      scene["CB_STORE"] = url
      #expect(scene.run("--on-store-error", "reject", sh: "echo started").status == .exited(125), "\(url)")
      let run = scene.run(sh: "echo started")
      #expect(run.status == .exited(0))
      #expect(run.outputText == "started\n")
      let typed = scene.run("--store", url, sh: "echo started")
      #expect(typed.status == .exited(64), "\(url)")
      #expect(typed.output == [] && typed.isOneMessage)
    }
  }

  @Test("--config comes before CB_CONFIG, and a file that is named has to be there", arguments: StoreUnderTest.all)
  func named(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.run(exit: 0)
    scene.configure("{defaults: {'fail-max': 2}}")
    let other = scene.sandbox.file("other.json5", "{defaults: {'fail-max': 3}}")
    #expect(scene.cb("get", "--config", other, "x", "fail-max").outputText == "3\n")
    #expect(scene.cb("--config", other, "get", "x", "fail-max").outputText == "3\n")
    let missing = scene.cb("get", "--config", "/no/such/file", "x", "fail-max")
    #expect(missing.status == .exited(64))
    #expect(missing.isOneMessage)
    #expect(missing.errorText.contains("/no/such/file"))
  }

  @Test("$XDG_CONFIG_HOME/cb/config.json5 is read, and a relative XDG path is not")
  func xdg() {
    scene.run(exit: 0)
    _ = scene.sandbox.execute(["/bin/mkdir", "-p", "etc/cb"])
    _ = scene.sandbox.file("etc/cb/config.json5", "{defaults: {'fail-max': 2}}")
    scene["XDG_CONFIG_HOME"] = scene.path + "/etc"
    #expect(scene.get("fail-max") == "2")
    scene["XDG_CONFIG_HOME"] = "etc"
    #expect(scene.get("fail-max") == "5")
  }

  @Test("it can name the store, which --store and CB_STORE override")
  func store() {
    scene.configure("{store: 'file:\(scene.path)/named'}")
    scene.run(exit: 1)
    #expect(scene.isStoreUntouched)
    #expect(scene.counter() == "1")
    scene["CB_STORE"] = "file:\(scene.path)/variable"
    #expect(scene.status().isEmpty)
    scene.run(exit: 0)
    #expect(scene.cb("status", "--store", "file:\(scene.path)/named", "x").outputText.contains("exit 1"))
  }

  @Test("the environment gives every breaker its settings, and a list several as lines", arguments: StoreUnderTest.all)
  func environment(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene["CB_FAIL_MAX"] = "2"
    scene["CB_EXCLUDE"] = "3\n64-66"
    scene["CB_EXCLUDE_IF"] = "test $CB_EXIT_STATUS = 7\ntest $CB_EXIT_STATUS = 8"
    for name in ["x", "y"] {
      for code in [3, 65, 7, 8, 1] { scene.run(name: name, exit: code) }
      #expect(scene.total("excluded", name) == 4)
      #expect(scene.counter(name) == "1")
      scene.run(name: name, exit: 1)
      #expect(scene.state(name) == "open")
    }
    // An empty variable is none.
    scene["CB_FAIL_MAX"] = ""
    #expect(scene.get("fail-max") == "5")
  }

  @Test("where two hosts run one breaker with different settings, status shows it", arguments: StoreUnderTest.all)
  func twoHosts(_ store: StoreUnderTest) {
    let here = Scene(store)
    let there = Scene(onStoreOf: here)
    func shown(_ host: Scene, _ label: String) -> String? {
      let lines = host.cb("status", "x").outputText.split(separator: "\n").map { $0.drop { $0 == " " } }
      return lines.first { $0.hasPrefix(label) }.map { String($0.dropFirst(label.count).drop { $0 == " " }) }
    }
    here.configure("{breakers: {x: {'fail-max': 3}}}")
    there.configure("{breakers: {x: {'fail-max': 7, 'reset-timeout': '5m'}}}")
    here.run(exit: 0)
    #expect(shown(here, "Last run used") == nil && shown(here, "Others used") == nil)
    there.run(exit: 1)
    for host in [here, there] {
      #expect(shown(host, "Others used")?.hasPrefix("fail-max 3, reset-timeout 60s, until ") == true)
    }
    #expect(shown(here, "Last run used") == "fail-max 7, reset-timeout 5m")
    #expect(shown(there, "Last run used") == nil)
    #expect(here.get("fail-max") + there.get("fail-max") == "37")
    // The counter is one, and each host judges it by its own settings.
    for _ in 1...3 { there.run(exit: 1) }
    #expect(there.state() == "closed")
    here.run(exit: 1)
    #expect(there.state() == "open")
  }

  // MARK: /etc/cb/config.json5

  /// Writes the file that is /etc/cb/config.json5 amid `OwnSystem.configuration`.
  private func configureSystem(_ scene: Scene, _ text: String, mode: mode_t = 0o644) {
    _ = scene.sandbox.execute(["/bin/mkdir", "-p", "etc-cb"])
    _ = scene.sandbox.file("etc-cb/config.json5", text)
    chmod(scene.path + "/etc-cb/config.json5", mode)
  }

  @Test("/etc/cb/config.json5 is read where the user has none, and status -v names it", arguments: StoreUnderTest.all)
  func system(_ store: StoreUnderTest) {
    let scene = Scene(store)
    configureSystem(scene, "{defaults: {'fail-max': 3}, breakers: {'x*': {'min-calls': 7}}}")
    scene.run(exit: 0)
    let shown = scene.cb(amid: OwnSystem.configuration, "status", "-v", "x").outputText.split(separator: "\n")
    func line(_ key: String) -> Substring { shown.first { $0.drop { $0 == " " }.hasPrefix(key) } ?? "" }
    #expect(line("fail-max").contains(" 3 ") && line("fail-max").contains("/etc/cb/config.json5, defaults"))
    #expect(line("min-calls").contains(" 7 ") && line("min-calls").contains("/etc/cb/config.json5, breakers 'x*'"))
    // The user's own file stands in its place: the two do not add up.
    _ = scene.sandbox.execute(["/bin/mkdir", "-p", ".config/cb"])
    let own = scene.sandbox.file(".config/cb/config.json5", "{defaults: {'min-calls': 8}}")
    #expect(scene.cb(amid: OwnSystem.configuration, "get", "x", "fail-max").outputText == "5\n")
    #expect(scene.cb(amid: OwnSystem.configuration, "get", "x", "min-calls").outputText == "8\n")
    unlink(own)
    scene["CB_CONFIG"] = scene.sandbox.file("named.json5", "{}")
    #expect(scene.cb(amid: OwnSystem.configuration, "get", "x", "fail-max").outputText == "5\n")
  }

  @Test("/etc/cb/config.json5 can name the store, and its settings hold for runs")
  func systemStore() {
    let scene = Scene()
    configureSystem(scene, "{store: 'file:\(scene.path)/named', defaults: {'fail-max': 1, 'reset-timeout': '1h'}}")
    scene.cb(amid: OwnSystem.configuration, "run", "--quiet", "x", "--", "false")
    #expect(scene.isStoreUntouched)
    #expect(scene.cb("get", "--store", "file:\(scene.path)/named", "x", "state").outputText == "open\n")
  }

  @Test(
    "a mistake in /etc/cb/config.json5 is told with file, line and column, and one that others can write is not used")
  func systemFaults() {
    let scene = Scene()
    configureSystem(scene, "{\n  defaults: {'fail-mox': 3}\n}")
    let unknown = scene.cb(amid: OwnSystem.configuration, "run", "x", "--", "echo", "started")
    #expect(unknown.status == .exited(0))
    #expect(unknown.outputText == "started\n")
    #expect(
      unknown.errorText.contains(
        "/etc/cb/config.json5: line 2, column 14: unknown key 'fail-mox' (did you mean fail-max?); it is left out"))
    configureSystem(scene, "{}", mode: 0o666)
    let writable = scene.cb(amid: OwnSystem.configuration, "status")
    #expect(writable.status == .exited(1))
    #expect(writable.isOneMessage)
    #expect(writable.errorText.contains("/etc/cb/config.json5"))
    configureSystem(scene, "{}")
    #expect(scene.cb(amid: OwnSystem.configuration, "status").status == .exited(0))
  }
}
