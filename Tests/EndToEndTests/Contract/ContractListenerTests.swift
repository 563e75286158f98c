import BreakerStore
import Glibc
import JSON
import Testing

/// The built-in listeners of docs/CONTRACT.md, "Events", each with a socket or a file that takes what cb sends.
@Suite("Built-in listeners")
struct ContractListenerTests {
  private static let hostile = "two\nlines $(touch gone) `touch gone` \"quotes\" 'single' \\ %s%n \u{1B}[31m ü"

  // MARK: syslog:

  @Test("syslog: gets a line an event, with facility, severity, cb's pid and the cause", arguments: StoreUnderTest.all)
  func syslog(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let log = Inbox(scene.path + "/log")
    scene.cb("set", "x", "on-event=any=syslog:", "fail-max=1", "reset-timeout=0")
    let trip = scene.startCB(amid: OwnSystem.logs, ["run", "--quiet", "x", "--", "/bin/sh", "-c", "exit 9"])
    let head = "cb[\(trip.pid)]: x: "
    let result = trip.wait()
    #expect(result.status == .exited(9))
    #expect(result.error == [])
    // daemon (3) times 8, and info (6), notice (5), warning (4)
    #expect(
      log.texts() == [
        "<30>\(head)before-call", "<29>\(head)failure (exit 9)",
        "<28>\(head)state-change closed -> open (1 failure (exit 9))",
      ])
    scene.cb(amid: OwnSystem.logs, "run", "x", "--", "true")
    let trial = log.texts().map { $0.replacing(/cb\[\d+\]/, with: "cb") }
    #expect(
      trial == [
        "<29>cb: x: state-change open -> half-open (reset timeout over)", "<30>cb: x: before-call",
        "<29>cb: x: state-change half-open -> closed (trial succeeded)", "<30>cb: x: success (exit 0)",
      ])
  }

  @Test("syslog: gets one line of hostile text, with what drives terminals made visible")
  func syslogHostile() {
    let scene = Scene()
    let log = Inbox(scene.path + "/log")
    scene["CB_ON_EVENT"] = "any=syslog:"
    scene.cb(amid: OwnSystem.logs, "open", "$(touch gone) %n", "--hold", "--reason", Self.hostile)
    let datagrams = log.datagrams()
    #expect(datagrams.count == 2)
    #expect(datagrams.allSatisfy { $0.allSatisfy { $0 >= 0x20 && $0 != 0x7F } })
    let texts = datagrams.map { String(decoding: $0, as: UTF8.self) }
    #expect(texts.first?.contains(": $(touch gone) %n: manual (") == true)
    #expect(texts.last?.contains(": $(touch gone) %n: state-change closed -> open (") == true)
    for text in texts {
      #expect(text.contains("two\\nlines $(touch gone) `touch gone` \"quotes\" 'single' \\ %s%n \\u{1B}[31m ü"))
    }
    #expect(scene.sandbox.read("gone") == nil)
  }

  // MARK: journald:

  @Test("journald: gets a record an event, with the event's fields", arguments: StoreUnderTest.all)
  func journald(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let journal = Inbox(scene.path + "/journal")
    scene.cb("set", "x", "on-event=any=journald:", "fail-max=1", "reset-timeout=1h")
    let result = scene.cb(amid: OwnSystem.logs, "run", "--quiet", "x", "--", "/bin/sh", "-c", "kill -USR1 $$")
    #expect(result.status == .signaled(SIGUSR1))
    #expect(result.error == [])
    let records = journal.datagrams().map(Self.fields)
    #expect(records.map { $0["CB_EVENT"] } == ["before-call", "failure", "state-change"])
    #expect(records.map { $0["PRIORITY"] } == ["6", "5", "4"])
    #expect(records.allSatisfy { $0["SYSLOG_IDENTIFIER"] == "cb" && $0["CB_BREAKER"] == "x" })
    #expect(records.allSatisfy { !$0.values.contains("") })
    guard records.count == 3 else { return }
    let failure = records[1]
    #expect(failure["MESSAGE"] == "x: failure (SIGUSR1)")
    #expect(failure["CB_EXIT_STATUS"] == "138")
    #expect(failure["CB_SIGNAL"] == "SIGUSR1")
    #expect(failure["CB_FAIL_COUNTER"] == "1")
    #expect(Double(failure["CB_DURATION"] ?? "") != nil)
    #expect(records[2]["CB_OLD_STATE"] == "closed")
    #expect(records[2]["CB_NEW_STATE"] == "open")
    #expect((Double(records[2]["CB_RETRY_AFTER"] ?? "") ?? 0) > 3000)
    #expect(records[2]["CB_REASON"] == "1 failure (SIGUSR1)")
    #expect(records[2]["MESSAGE"] == "x: state-change closed -> open (1 failure (SIGUSR1))")
  }

  @Test("journald: gets hostile text to the byte in its field, and in one safe line as the message")
  func journaldHostile() {
    let scene = Scene()
    let journal = Inbox(scene.path + "/journal")
    scene["CB_ON_EVENT"] = "any=journald:"
    // A field of that name in the reason stays part of the reason.
    let reason = Self.hostile + "\nPRIORITY=0\n"
    scene.cb(amid: OwnSystem.logs, "open", "x", "--hold", "--reason", reason)
    let records = journal.datagrams().map(Self.fields)
    #expect(records.map { $0["CB_EVENT"] } == ["manual", "state-change"])
    #expect(records.map { $0["PRIORITY"] } == ["6", "4"])
    for record in records {
      #expect(record["CB_REASON"]?.contains(reason) == true)
      let message = record["MESSAGE"] ?? ""
      #expect(message.contains("two\\nlines") && message.unicodeScalars.allSatisfy { $0.value >= 0x20 })
    }
    #expect(scene.sandbox.read("gone") == nil)
  }

  /// The journal's native protocol (systemd, JOURNAL_NATIVE_PROTOCOL): `NAME=VALUE` lines, or NAME, a newline, 64 bits
  /// little-endian that tell the length, the value and a newline. A name that stands twice shows as a fault.
  private static func fields(_ datagram: [UInt8]) -> [String: String] {
    var fields: [String: String] = [:]
    var rest = datagram[...]
    while let end = rest.firstIndex(of: 10) {
      let line = rest[..<end]
      rest = rest[(end + 1)...]
      let (name, value): (ArraySlice<UInt8>, ArraySlice<UInt8>)
      if let equals = line.firstIndex(of: UInt8(ascii: "=")) {
        (name, value) = (line[..<equals], line[(equals + 1)...])
      } else {
        guard rest.count >= 8 else { return ["fault": "no length"] }
        let length = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard rest.count > 8 + length, rest[rest.startIndex + 8 + length] == 10 else { return ["fault": "length"] }
        (name, value) = (line, rest.dropFirst(8).prefix(length))
        rest = rest.dropFirst(8 + length + 1)
      }
      let key = String(decoding: name, as: UTF8.self)
      if key.wholeMatch(of: /[A-Z][A-Z0-9_]*/) == nil || fields[key] != nil { fields["fault"] = key }
      fields[key] = String(decoding: value, as: UTF8.self)
    }
    if !rest.isEmpty { fields["fault"] = "no newline at the end" }
    return fields
  }

  // MARK: file:

  @Test("file: appends a JSON object a line, to a file that only its owner can read", arguments: StoreUnderTest.all)
  func file(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let path = scene.path + "/all events.jsonl"
    _ = scene.sandbox.file("all events.jsonl", "{\"event\":\"earlier\"}\n", mode: 0o600)
    scene.configure("{defaults: {'on-event': ['any=file:\(path)', 'failure=file:failures']}}")
    scene.cb("open", "x", "--hold", "--reason", Self.hostile)
    scene.cb("half-open", "x")
    scene.run("--quiet", "--reset-timeout", "1h", exit: 9)
    #expect(
      scene.events("all events.jsonl") == [
        "earlier", "manual", "state-change closed -> open", "manual", "state-change open -> half-open", "before-call",
        "failure", "state-change half-open -> open",
      ])
    let objects = scene.lines("all events.jsonl").map { JSONValue.of($0) }
    #expect(objects.dropFirst().first??["reason"]?.string?.contains(Self.hostile) == true)
    #expect(scene.lines("failures").map { JSONValue.of($0)?["exit_status"]?.int } == [9])
    let modes = scene.sandbox.execute(["/usr/bin/stat", "-c", "%a", path, "failures"]).outputText
    #expect(modes == "600\n600\n")
  }

  @Test("lines of many processes do not mix in one file")
  func manyWriters() {
    let scene = Scene()
    scene["CB_ON_EVENT"] = "any=file:events"
    let script = "for i in $(seq 30); do \(Programs.cb) run x$i -- true & done; wait"
    _ = scene.sandbox.execute(["/bin/bash", "-c", script], seconds: 120)
    let objects = scene.lines("events").compactMap { JSONValue.of($0) }
    #expect(scene.lines("events").count == 60)
    #expect(Set(objects.compactMap { $0["breaker"]?.string }).count == 30)
    #expect(objects.count == 60)
  }

  // MARK: Where there is nobody to listen

  @Test(
    "a system without the socket is told in one line, and changes nothing else", arguments: ["syslog:", "journald:"])
  func noSocket(_ listener: String) {
    let scene = Scene()
    let result = scene.cb(
      amid: OwnSystem.bare, "run", "--on-event", "failure=\(listener)", "--on-event", "failure=echo heard > heard", "x",
      "--", "false")
    #expect(result.status == .exited(1))
    #expect(result.isOneMessage)
    #expect(result.errorText.contains(listener == "syslog:" ? "/dev/log" : "/run/systemd/journal/socket"))
    #expect(scene.lines("heard") == ["heard"])
    #expect(scene.counter() == "1")
  }

  @Test(
    "a socket whose queue is full is waited for, so that nothing is lost in a rush",
    arguments: ["syslog:", "journald:"])
  func fullQueue(_ listener: String) {
    let scene = Scene()
    let inbox = Inbox(scene.path + (listener == "syslog:" ? "/log" : "/journal"))
    inbox.fill()
    let running = scene.startCB(
      amid: OwnSystem.logs, ["run", "--on-event", "success=\(listener)", "x", "--", "/bin/sh", "-c", "echo ran"])
    #expect(running.expect("ran", seconds: 60))
    // It has counted the run and stands at the full queue.
    #expect(eventually(seconds: 60) { scene.total("successes") == 1 })
    #expect(eventually { ProcessFacts(running.pid)?.state == "S" })
    var texts = inbox.texts()
    let result = running.wait(seconds: 60)
    texts += inbox.texts()
    #expect(texts.first == "junk")
    #expect(result.status == .exited(0))
    #expect(result.error == [], "\(result.errorText)")
    #expect(texts.count { $0.contains("x: success") } == 1)
  }
}
