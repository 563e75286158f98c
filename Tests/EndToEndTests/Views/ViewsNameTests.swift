import Glibc
import JSON
import Testing

/// NAMEs and patterns (docs/CONTRACT.md, "Commands"): which commands take patterns, what is made, and what is said.
@Suite struct ViewsNameTests {
  @Test(arguments: StoreUnderTest.all)
  func `a pattern is a usage error wherever one breaker is meant, and makes none`(store: StoreUnderTest) {
    let scene = Scene(store)
    scene.run(name: "db-a", exit: 0)
    for pattern in ["db-*", "db-?", "db-[a]", "*"] {
      for words in [
        ["check", pattern], ["get", pattern, "state"], ["wait", pattern], ["permit", pattern], ["list", pattern],
        ["report", pattern, "token", "success"], ["record", pattern, "success"], ["run", pattern, "--", "true"],
      ] {
        let result = scene.cb(words)
        #expect(result.status == .exited(64), "\(words)")
        #expect(
          result.errorText.contains("it holds a '") && result.errorText.contains("patterns are taken by status"),
          "\(words): \(result.errorText)")
        #expect(result.isOneMessage)
      }
    }
    #expect(scene.cb("list").outputText == "db-a\n")
  }

  @Test(arguments: StoreUnderTest.all)
  func `set takes several NAMEs and patterns; one that matches nothing is an error and makes nothing`(
    store: StoreUnderTest
  ) {
    let scene = Scene(store)
    for name in ["db-a", "db-b", "web"] { scene.run(name: name, exit: 0) }
    #expect(scene.cb("set", "db-*", "new", "fail-max=3").status == .exited(0))
    #expect(["db-a", "db-b", "web", "new"].map { scene.get("fail-max", $0) } == ["3", "3", "5", "3"])
    let nothing = scene.cb("set", "mail-*", "fail-max=3")
    #expect(nothing.status == .exited(1))
    #expect(nothing.errorText == "cb: no breaker matches 'mail-*'\n")
    #expect(scene.cb("list").outputText == "db-a\ndb-b\nnew\nweb\n")
    // The first argument is always a NAME, of the others those without an '='.
    #expect(scene.cb("set", "a=b", "fail-max=4", "web").status == .exited(0))
    #expect(["a=b", "web"].map { scene.get("fail-max", $0) } == ["4", "4"])
  }

  @Test func `a key without its value, and a misspelt key, are told before anything is stored`() {
    let scene = Scene()
    let bare = scene.cb("set", "x", "fail-max", "3", "jitter=5%")
    #expect(bare.status == .exited(64))
    #expect(bare.errorText == "cb: set: 'fail-max' has no value; write fail-max=VALUE, or fail-max= for the default\n")
    #expect(scene.cb("set", "x").errorText.hasPrefix("cb: set: KEY=VALUE is missing"))
    let misspelt = scene.cb("set", "x", "fail-maxx=3")
    #expect(misspelt.status == .exited(64))
    #expect(misspelt.errorText.hasPrefix("cb: set: unknown key 'fail-maxx': did you mean fail-max? "))
    #expect(scene.isStoreUntouched)
    #expect(scene.cb("get", "x", "stat").errorText.hasPrefix("cb: get: unknown key 'stat': did you mean state? "))
  }

  @Test(arguments: StoreUnderTest.all)
  func `a list that is set again replaces what was stored, and every value given counts`(store: StoreUnderTest) {
    let scene = Scene(store)
    scene.cb("set", "x", "exclude=3", "exclude=64-78")
    #expect(scene.get("exclude") == "3\n64-78")
    scene.cb("set", "x", "exclude=5")
    #expect(scene.get("exclude") == "5")
    scene.cb("set", "x", "exclude=")
    #expect(scene.get("exclude").isEmpty)
  }

  @Test(arguments: StoreUnderTest.all)
  func `open, close and half-open say what was made and what changed where the state stayed`(store: StoreUnderTest) {
    let scene = Scene(store)
    scene.run(name: "shop", exit: 0)
    let made = scene.cb("open", "shpo")
    #expect(made.status == .exited(0))
    #expect(made.outputText == "shpo: new, now open\n")
    #expect(made.errorText == "cb: shpo is new; did you mean 'shop'?\n")
    #expect(scene.cb("half-open", "mail").errorText.isEmpty)
    for (words, line) in [
      (["open", "shop"], "closed -> open"), (["open", "shop"], "open already; its timeout runs anew"),
      (["open", "shop", "--hold"], "open already; now held"),
      (["open", "shop", "--for", "2h"], "open already; now held for 2h"),
      (["open", "shop"], "open already; no longer held, its timeout runs anew"),
      (["half-open", "shop"], "open -> half-open"),
      (["half-open", "shop"], "half-open already; a new round of trials begins"),
      (["close", "shop"], "half-open -> closed"), (["close", "shop"], "closed already; nothing changed"),
      (["close", "shop", "--hold"], "closed already; now held"), (["close", "shop"], "closed already; no longer held"),
    ] {
      #expect(scene.cb(words).outputText == "shop: \(line)\n", "\(words)")
    }
    scene.run(name: "shop", exit: 1)
    #expect(scene.cb("close", "shop").outputText == "shop: closed already; its failure counter is 0 now\n")
  }

  @Test(arguments: StoreUnderTest.all)
  func `remove and reset print a line a breaker`(store: StoreUnderTest) {
    let scene = Scene(store)
    for name in ["a", "b"] { scene.run(name: name, exit: 0) }
    scene.cb("open", "b")
    #expect(scene.cb("reset", "a", "b").outputText == "a: reset\nb: reset, open -> closed\n")
    // Off a terminal a pattern does as it says.
    #expect(scene.cb("remove", "*").outputText == "a: removed\nb: removed\n")
    #expect(scene.cb("list").outputText.isEmpty)
  }

  @Test(arguments: ["remove", "reset"])
  func `on a terminal a pattern is asked back, and only yes does it`(verb: String) {
    let sandbox = Sandbox()
    for name in ["pay", "prod", "web"] { _ = sandbox.cb("run", name, "--", "false") }
    func ask(_ words: String, _ answer: String?) -> (code: Int32?, text: String) {
      let terminal = Terminal(["/bin/sh", "-c", "exec \(Programs.cb) \(verb) \(words)"], in: sandbox)
      if let answer {
        #expect(terminal.expect("\(verb) 2 breakers: pay, prod? [y/N]"))
        terminal.type(answer)
      }
      let code = terminal.wait()
      return (code, terminal.text)
    }
    let no = ask("'p*'", "\n")
    #expect(no.code == 1)
    #expect(no.text.contains("cb: \(verb): nothing was done"))
    #expect(sandbox.cb("list").outputText == "pay\nprod\nweb\n")
    #expect(sandbox.cb("get", "pay", "fail-counter").outputText == "1\n")
    #expect(ask("'p*'", "n\n").code == 1)
    #expect(ask("'p*'", "\u{4}").code == 1)
    let yes = ask("'p*'", "y\n")
    #expect(yes.code == 0)
    #expect(yes.text.contains(verb == "remove" ? "prod: removed" : "prod: reset"))
    // A NAME is not asked back, nor a pattern with --yes.
    #expect(ask("web", nil).code == 0)
    _ = sandbox.cb("run", "web", "--", "false")
    #expect(ask("'w*' --yes", nil).code == 0)
  }

  @Test func `acts by hand are told to listeners, with what was asked, by whom and why`() {
    let scene = Scene()
    scene.cb("set", "x", "on-event=manual=file:\(scene.path)/events")
    scene.cb("open", "x", "--for", "2h", "--reason", "disk swap")
    scene.cb("close", "x", "--hold")
    scene.cb("half-open", "x")
    scene.cb("set", "x", "fail-max=2", "jitter=10%")
    scene.cb("reset", "x", "--reason", "new disk")
    scene.cb("remove", "x")
    let events = scene.lines("events").compactMap { JSONValue.of($0) }
    #expect(events.map { $0["act"]?.string } == ["set", "open", "close", "half-open", "set", "reset", "remove"])
    #expect(events.allSatisfy { $0["event"]?.string == "manual" && $0["by"]?.string?.isEmpty == false })
    #expect(events.allSatisfy { $0["host"]?.string?.isEmpty == false && $0["pid"]?.int ?? 0 > 1 })
    guard events.count == 7 else { return }
    #expect(events[1]["for"]?.int == 7200)
    #expect(events[1]["reason"]?.string == "disk swap")
    #expect(events[2]["hold"]?.bool == true)
    #expect(events[4]["keys"] == ["fail-max", "jitter"])
    #expect(events[5]["reason"]?.string == "new disk")
  }

  @Test func `list prints the names, all or those that were asked for`() {
    let sandbox = Sandbox()
    #expect(sandbox.cb("list").outputText.isEmpty)
    for name in ["b", "a"] { _ = sandbox.cb("set", name, "fail-max=3") }
    #expect(sandbox.cb("list").outputText == "a\nb\n")
    #expect(sandbox.cb("list", "b").outputText == "b\n")
    let some = sandbox.cb("list", "b", "c")
    #expect(some.outputText == "b\n")
    #expect(some.errorText == "cb: c: no such breaker\n")
    #expect(some.status == .exited(1))
  }

  @Test func `usage errors have one style: the command, a small letter, where to look`() {
    let sandbox = Sandbox()
    for (words, message) in [
      (["status", "--foo"], "status: unknown option '--foo'"), (["open"], "open: NAME is missing; see cb open --help"),
      (["get", "x"], "get: KEY is missing; see cb get --help"),
      (["open", "x", "--for"], "open: --for needs a value; see cb open --help"),
      (["status", "--color", "blue"], "status: --color: 'blue' is not valid: it must be one of auto, always or never"),
      (["open", "x", "--for", "-1"], "open: "), (["open", "x", "--for", "soon"], "open: --for: 'soon' is not valid"),
      (["metrics", "x"], "metrics: unexpected argument 'x'"),
      (["statsu"], "unknown command 'statsu'; did you mean 'status'?"),
      (["list", "--json"], "list: unknown option '--json'"),
    ] {
      let result = sandbox.execute([Programs.cb] + words)
      #expect(result.status == .exited(64), "\(words)")
      #expect(result.errorText.hasPrefix("cb: \(message)"), "\(words): \(result.errorText)")
      #expect(result.isOneMessage)
    }
  }
}
