import BreakerStore
import Glibc
import Testing

/// The configuration file of CONTRACT section 3.
@Suite("The configuration file")
struct ContractConfigurationTests {
  let scene = Scene()

  @Test("it is JSON5: comments, bare keys, single quotes, trailing commas, numbers, lists")
  func json5() {
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

  @Test("of several patterns that match the longest wins")
  func longestWins() {
    scene.configure(
      "{breakers: {'db-backup': {'fail-max': 4}, '*': {'fail-max': 1}, 'db-*': {'fail-max': 2}, 'db-b*': {'fail-max': 3}}}"
    )
    for (name, expected) in [("db-backup", "4"), ("web", "1"), ("db-a", "2"), ("db-b", "3"), ("db-back", "3")] {
      scene.run(name: name, exit: 0)
      #expect(scene.get("fail-max", name) == expected)
    }
  }

  @Test(
    "what it does not understand is an error with line and column",
    arguments: [
      ("{\n  store: 'file:x',\n  defauls: {}\n}", 3, 3, "defauls"),
      ("{\n  defaults: {\n    'fail-max': 3,\n    'fail-mox': 3\n  }\n}", 4, 5, "fail-mox"),
      ("{\n  breakers: {'db-*': {\n      'fail-max': 0}}\n}", 3, 19, "fail-max"),
      ("{\n  defaults: {'fail-max': 3\n   'jitter': 0}\n}", 3, 4, ""),
      ("{defaults: 5}", 1, 12, ""), ("{breakers: []}", 1, 12, "breakers"), ("{store: 5}", 1, 9, "store"),
      ("[]", 1, 1, ""), ("{defaults: {'fail-max': true}}", 1, 25, "fail-max"),
      ("{defaults: {'fail-max': [3]}}", 1, 25, "fail-max"), ("{defaults: {exclude: [3,\n 999]}}", 2, 2, "999"),
      ("{defaults: {'fail-max': 3, 'fail-max': 4}}", 1, 28, "fail-max"),
    ] as [(String, Int, Int, String)])
  func errors(_ text: String, _ line: Int, _ column: Int, _ word: String) {
    scene.configure(text)
    for arguments in [["run", "x", "--", "echo", "started"], ["status"], ["open", "x"]] {
      let result = scene.cb(arguments)
      #expect(result.status == .exited(64))
      #expect(result.output == [])
      #expect(result.isOneMessage)
      #expect(result.errorText.contains("config.json5"))
      #expect(result.errorText.contains("line \(line), column \(column)"), "\(result.errorText)")
      #expect(result.errorText.contains(word))
    }
    #expect(scene.isStoreUntouched)
  }

  @Test("an end that comes too early is an error that names a line")
  func truncated() {
    scene.configure("{\n  defaults: {\n")
    let result = scene.cb("status")
    #expect(result.status == .exited(64))
    #expect(result.errorText.contains("line 3"))
    scene.configure("")
    #expect(scene.cb("status").status == .exited(64))
  }

  @Test("--config comes before CB_CONFIG, and a file that is named has to be there")
  func named() {
    scene.run(exit: 0)
    scene.configure("{defaults: {'fail-max': 2}}")
    let other = scene.sandbox.file("other.json5", "{defaults: {'fail-max': 3}}")
    #expect(scene.cb("get", "--config", other, "x", "fail-max").outputText == "3\n")
    let missing = scene.cb("get", "--config", "/no/such/file", "x", "fail-max")
    #expect(missing.status == .exited(64))
    #expect(missing.isOneMessage)
    #expect(missing.errorText.contains("/no/such/file"))
    scene["CB_CONFIG"] = "/no/such/file"
    #expect(scene.cb("status").status == .exited(64))
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

  @Test("a file that others can write is refused, as it can name commands")
  func untrusted() {
    scene.configure("{defaults: {'fail-max': 2}}")
    _ = scene.sandbox.execute(["/bin/chmod", "0666", "config.json5"])
    let result = scene.cb("status")
    #expect(result.status == .exited(64))
    #expect(result.isOneMessage)
  }
}
