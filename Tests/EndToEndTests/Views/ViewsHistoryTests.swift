import Glibc
import JSON
import Testing

@Suite struct ViewsHistoryTests {
  @Test func `every kind of event, oldest first, over several breakers`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("run", "--fail-max", "2", "a", "--", "false")
    _ = sandbox.cb("open", "b", "--reason", "disk swap")
    _ = sandbox.cb("run", "--fail-max", "2", "a", "--", "false")
    _ = sandbox.cb("run", "a", "--", "true")
    let lines = sandbox.cb("history").outputText.split(separator: "\n").map(String.init)
    let kinds = lines.map { $0.split(separator: " ").dropFirst().prefix(2).joined(separator: " ") }
    #expect(kinds == ["a failure", "b manual", "a failure", "a state-change", "a rejected"])
    #expect(lines[1].contains("closed -> open (by "))
    #expect(lines[1].contains(": disk swap)"))
    #expect(lines[3].contains("closed -> open (2 failures in a row (exit 1))"))
    // RFC 3339 in UTC, to the second.
    #expect(lines.allSatisfy { $0.utf8.count > 20 && Array($0.utf8)[19] == UInt8(ascii: "Z") })
    #expect(sandbox.cb("history", "b").outputText.split(separator: "\n").count == 1)
  }

  @Test func `-n shows the last ones, and JSON is an array of objects`() {
    let sandbox = Sandbox()
    for code in 1...5 { _ = sandbox.cb("run", "a", "--", "sh", "-c", "exit \(code)") }
    let last = sandbox.cb("history", "-n", "2", "a").outputText.split(separator: "\n")
    #expect(last.count == 2)
    #expect(last.last?.contains("closed -> open") == true)
    #expect(sandbox.cb("history", "-n", "0", "a").outputText == "")
    let query = "import json,sys; e=json.load(sys.stdin); print(len(e), e[0]['kind'], e[0]['reason'], e[-1]['to'])"
    let result = sandbox.execute(["/bin/sh", "-c", "\(Programs.cb) history --json a | python3 -c \"\(query)\""])
    #expect(result.outputText == "6 failure exit 1 open\n")
  }

  @Test func `a NAME that is not there is an error, and a count has to be one`() {
    let sandbox = Sandbox()
    let missing = sandbox.cb("history", "missing")
    #expect(missing.status == .exited(1))
    #expect(missing.errorText == "cb: missing: no such breaker\n")
    #expect(missing.output.isEmpty)
    #expect(sandbox.cb("history", "-n", "-1").status == .exited(64))
    #expect(sandbox.cb("history", "-n", "many").status == .exited(64))
  }

  @Test func `--since takes a time, seconds since 1970 or a duration ago, and --kind a list`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("run", "--fail-max", "1", "a", "--", "false")
    usleep(1_100_000)
    let between = Int64(clockSecondsSince1970() * 1000)
    _ = sandbox.cb("run", "a", "--", "true")
    _ = sandbox.cb("set", "a", "fail-max=2")
    func kinds(_ words: String...) -> [String] {
      let text = sandbox.execute([Programs.cb, "history", "a"] + words).outputText
      return text.split(separator: "\n").map { String($0.split(separator: " ")[2]) }
    }
    #expect(kinds() == ["failure", "state-change", "rejected", "set"])
    #expect(kinds("--kind", "failure,set") == ["failure", "set"])
    #expect(kinds("--since", "0.9s").suffix(1) == ["set"])
    #expect(!kinds("--since", "0.9s").contains("failure"))
    #expect(kinds("--since", "1h").count == 4)
    #expect(kinds("--since", "\(between / 1000).\(String(between % 1000 + 1000).dropFirst())") == ["rejected", "set"])
    let date = sandbox.execute(["/bin/date", "-u", "-d", "@\(between / 1000)", "+%Y-%m-%dT%H:%M:%S.999Z"]).outputText
    #expect(!kinds("--since", String(date.dropLast())).contains("failure"))
    let east = sandbox.execute(
      ["/bin/sh", "-c", "TZ=XXX-5:30 date -d @\(between / 1000 - 3600) +%Y-%m-%dT%H:%M:%S+05:30"]
    ).outputText
    #expect(kinds("--since", String(east.dropLast())).count == 4)
    #expect(kinds("--since", "2999-01-01").isEmpty)
    #expect(kinds("--since", "1h", "--kind", "failure", "-n", "1") == ["failure"])
    #expect(sandbox.cb("history", "--since", "yesterday").status == .exited(64))
    #expect(sandbox.cb("history", "--kind", "failur").errorText.contains("did you mean failure?"))
  }

  @Test func `an act by hand shows what was asked, in text and JSON`() {
    let scene = Scene()
    scene.cb("open", "x", "--for", "2h", "--reason", "disk swap")
    scene.cb("close", "x", "--hold")
    scene.cb("set", "x", "fail-max=2", "jitter=10%")
    let text = scene.cb("history", "x").outputText
    #expect(text.contains("closed -> open, held for 2h (by "))
    #expect(text.contains("open -> closed, held (by "))
    #expect(text.contains(": fail-max, jitter"))
    let events = JSONValue.of(scene.cb("history", "x", "--json").outputText)?.array ?? []
    #expect(events.count == 3)
    #expect(events[0]["for"]?.int == 7200 && events[0]["hold"]?.bool == false)
    #expect(events[1]["hold"]?.bool == true && events[1]["for"]?.isNull == true)
    #expect(events[2]["keys"] == ["fail-max", "jitter"])
    for event in events {
      #expect(event["pid"]?.int ?? 0 > 1)
      #expect(event["user"]?.string?.isEmpty == false)
      #expect(event["by"]?.string == "\(event["user"]?.string ?? "?")@\(event["host"]?.string ?? "?")")
    }
  }

  @Test(arguments: ["named", "all"])
  func `--follow goes on through an outage of Redis and tells what was missed`(kind: String) throws {
    let server = try RedisServer(["--appendonly", "yes"])
    let sandbox = Sandbox()
    sandbox.environment["CB_STORE"] = server.bare
    _ = sandbox.cb("open", "a", "--reason", "first")
    let words = kind == "named" ? ["a"] : []
    let follower = sandbox.start([Programs.cb, "history", "--follow"] + words)
    let watcher = sandbox.start([Programs.cb, "status", "--watch", "0.2"] + words)
    #expect(follower.expect("first"))
    // Nothing tells that it has begun but its first line.
    let hasBegun = eventually {
      _ = sandbox.cb("close", "a")
      _ = sandbox.cb("open", "a")
      return watcher.expect("a: closed -> open (by ", seconds: 0.3)
    }
    #expect(hasBegun)
    server.stop()
    #expect(eventually { sandbox.cb("list").status == .exited(1) })
    usleep(600_000)
    #expect(server.start())
    #expect(eventually { sandbox.cb("close", "a", "--reason", "after").status == .exited(0) })
    #expect(follower.expect("after"))
    #expect(watcher.expect("a: open -> closed (by "))
    follower.send(SIGTERM)
    watcher.send(SIGTERM)
    #expect(follower.wait().status == .signaled(SIGTERM))
    let result = watcher.wait()
    #expect(result.status == .signaled(SIGTERM))
    #expect(!result.outputText.contains("removed"))
    #expect(result.errorText.contains("cannot "))
  }

  @Test func `a thousand events are kept`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("open", "a", "--hold")
    let loop = "i=0; while [ $i -lt 1100 ]; do \(Programs.cb) run --quiet a -- true; i=$((i+1)); done"
    _ = sandbox.execute(["/bin/sh", "-c", loop], seconds: 240)
    #expect(sandbox.cb("history", "a").outputText.split(separator: "\n").count == 1000)
  }

  @Test func `the order is exact under many writers`() {
    let sandbox = Sandbox()
    let loop = """
      for w in 1 2 3 4; do
        ( i=0; while [ $i -lt 25 ]; do \(Programs.cb) run --quiet --fail-max 1000 shared -- sh -c "exit $w"; i=$((i+1)); done ) &
      done; wait
      """
    _ = sandbox.execute(["/bin/sh", "-c", loop], seconds: 120)
    let query = """
      import json,sys
      e=json.load(sys.stdin)
      s=[x['sequence'] for x in e]
      t=[x['at'] for x in e]
      print(len(e), s==list(range(s[0],s[0]+len(s))), t==sorted(t))
      """
    let checker = sandbox.file("check.py", query)
    let result = sandbox.execute(["/bin/sh", "-c", "\(Programs.cb) history --json shared | python3 \(checker)"])
    #expect(result.outputText == "100 True True\n")
  }

  @Test func `--follow prints what was and what comes, each event once, new breakers too`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("open", "a", "--reason", "first")
    let follower = sandbox.start([Programs.cb, "history", "--follow"])
    #expect(follower.expect("first"))
    for index in 0..<3 {
      _ = sandbox.cb("close", "a", "--reason", "second-\(index)")
      #expect(follower.expect("second-\(index)"))
    }
    _ = sandbox.cb("open", "new", "--reason", "third")
    #expect(follower.expect("third"))
    follower.send(SIGTERM)
    let result = follower.wait()
    #expect(result.status == .signaled(SIGTERM))
    #expect(result.outputText.split(separator: "\n").count == 5)
  }

  @Test func `--follow --json prints an object a line, and misses nothing of a burst`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("open", "a", "--hold")
    let follower = sandbox.start([Programs.cb, "history", "--follow", "--json", "a"])
    #expect(follower.expect("manual"))
    let loop = "i=0; while [ $i -lt 60 ]; do \(Programs.cb) run --quiet a -- true; i=$((i+1)); done"
    _ = sandbox.execute(["/bin/sh", "-c", loop], seconds: 60)
    _ = sandbox.cb("close", "a", "--reason", "the end")
    #expect(follower.expect("the end"))
    follower.send(SIGINT)
    let lines = follower.wait().outputText.split(separator: "\n")
    #expect(lines.count == 62)
    #expect(lines.allSatisfy { $0.hasPrefix("{\"at\":") && $0.hasSuffix("}") })
  }

  @Test func `--follow ends when its reader is gone`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("open", "a")
    let result = sandbox.execute(["/bin/sh", "-c", "\(Programs.cb) history --follow | head -1"], seconds: 20)
    #expect(result.status == .exited(0))
    #expect(result.outputText.contains("manual"))
  }
}

/// On the wall clock, which is that of the file store.
private func clockSecondsSince1970() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_REALTIME, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
