import Glibc
import JSON
import Testing

/// "A hint from the other side" (docs/CONTRACT.md, "The state machine"), through the program and the real curl.
@Suite("Hints from the other side")
struct ContractHintTests {
  /// A date of an hour's distance from now, by date(1).
  private func date(_ scene: Scene, _ format: String, in seconds: Int) -> String {
    let words = ["/usr/bin/env", "LC_ALL=C", "date", "-u", "-d", "\(seconds) seconds", "+\(format)"]
    return String(scene.sandbox.execute(words).outputText.dropLast())
  }

  private func left(_ scene: Scene) -> Double { Double(scene.get("retry-after")) ?? -1 }

  /// What the tests ask for: 20 minutes, less than the cap and more than the usual timeout.
  private static let asked = 1200

  /// Each form of a time, as date(1) prints it.
  static let forms = [
    "seconds": "1200", "duration": "20m", "IMF-fixdate": "%a, %d %b %Y %H:%M:%S GMT",
    "RFC 850": "%A, %d-%b-%y %H:%M:%S GMT", "asctime": "%a %b %e %H:%M:%S %Y", "RFC 3339": "%Y-%m-%dT%H:%M:%SZ",
    "RFC 3339 with an offset": "%Y-%m-%dT%H:%M:%S+00:00", "epoch": "%s",
  ].sorted { $0.key < $1.key }.map { Form(name: $0.key, format: $0.value) }

  struct Form: Sendable, CustomTestStringConvertible {
    var name: String
    var format: String
    var testDescription: String { name }
  }

  @Test("a failure with a hint opens for as long as it says, in every form", arguments: forms, StoreUnderTest.all)
  func everyForm(_ form: Form, _ store: StoreUnderTest) {
    let scene = Scene(store)
    scene["WHEN"] = date(scene, form.format, in: Self.asked)
    let result = scene.run("--retry-hint", "printf '%s\\r\\n' \"$WHEN\"", exit: 22)
    #expect(result.status == .exited(22))
    #expect(result.errorLines.count == 1, "\(result.errorText)")
    #expect(result.errorText.hasPrefix("cb: x: circuit opened after exit 22, the other side asked for "))
    #expect(scene.state() == "open")
    let left = left(scene)
    #expect(left > Double(Self.asked) - 90 && left <= Double(Self.asked) + 1, "\(left)")
    #expect(scene.run(exit: 0).errorText.contains("(the other side asked for "))
  }

  @Test(
    "the real curl against a server that says 429 with each form of Retry-After", arguments: forms, StoreUnderTest.all)
  func curl(_ form: Form, _ store: StoreUnderTest) throws {
    let servers = try Loopback()
    let scene = Scene(store)
    let when = date(scene, form.format, in: Self.asked)
    // In a query: a blank, a comma, a colon and a plus.
    let query = when.replacing("+", with: "%2B").replacing(" ", with: "%20").replacing(",", with: "%2C")
    let url = "http://127.0.0.1:\(try servers.port("http"))/429?retry-after=\(query)"
    let hint = "sed -n 's/^[Rr]etry-[Aa]fter: *//p' headers"
    let result = scene.cb(
      "run", "--retry-hint", hint, "x", "--", "/usr/bin/env", "curl", "-sS", "-f", "-D", "headers", "-o", "/dev/null",
      url)
    #expect(result.status == .exited(22), "\(result.errorText)")
    #expect(scene.lines("headers").contains { $0.contains("429") })
    #expect(scene.state() == "open", "\(result.errorText)")
    let left = left(scene)
    #expect(left > Double(Self.asked) - 90 && left <= Double(Self.asked) + 1, "\(left)")
    // The next does not reach the server.
    unlink(scene.path + "/headers")
    #expect(scene.cb("run", "x", "--", "/usr/bin/env", "curl", "-sS", "-D", "headers", url).status == .exited(75))
    #expect(scene.sandbox.read("headers") == nil)
  }

  @Test("a hint is believed no longer than retry-hint-max, which every message says", arguments: StoreUnderTest.all)
  func capped(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let result = scene.run("--retry-hint", "echo 156h", "--retry-hint-max", "30m", exit: 1)
    #expect(
      result.errorText
        == "cb: x: circuit opened after exit 1, the other side asked for 156h; retry in 30m (retry-hint-max)\n")
    #expect(left(scene) > 1700 && left(scene) <= 1800)
    let hint = scene.shown("last_hint")
    #expect(hint?["capped"]?.bool == true)
    #expect(isRFC3339(hint?["at"]?.string ?? "") && isRFC3339(hint?["until"]?.string ?? ""))
    let rejected = scene.run(exit: 0).errorText
    #expect(rejected.hasSuffix(" (the other side asked for 156h; retry-hint-max)\n"), "\(rejected)")
    // Not longer than an hour where nothing is said.
    scene.run("--retry-hint", "echo 156h", name: "y", exit: 1)
    let other = Double(scene.get("retry-after", "y")) ?? -1
    #expect(other > 3500 && other <= 3600)
  }

  @Test("a hint never shortens, and a run's own reset timeout does not end it earlier", arguments: StoreUnderTest.all)
  func neverShortens(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.run("--retry-hint", "echo 1", "--reset-timeout", "10m", exit: 1)
    #expect(left(scene) > 500 && left(scene) <= 600)
    scene.run("--retry-hint", "echo 20m", name: "y", exit: 1)
    #expect(scene.run("--reset-timeout", "0", name: "y", sh: "echo started").status == .exited(75))
    #expect(scene.run("--reset-timeout", "0", name: "y", sh: "echo started").output == [])
  }

  @Test("half-open ends it; a trial that fails with a hint opens again with it", arguments: StoreUnderTest.all)
  func trial(_ store: StoreUnderTest) {
    let scene = Scene(store)
    scene.run("--retry-hint", "echo 20m", exit: 1)
    scene.cb("half-open", "x")
    let again = scene.run("--retry-hint", "echo 30m", exit: 1)
    #expect(again.errorText.contains("circuit opened again: "), "\(again.errorText)")
    #expect(left(scene) > 1700 && left(scene) <= 1800)
    scene.cb("half-open", "x")
    #expect(scene.run(exit: 0).status == .exited(0))
    #expect(scene.state() == "closed")
  }

  @Test("of several hints the longest counts, and only the first line of each")
  func several() {
    let scene = Scene()
    scene.run(
      "--retry-hint", "echo 10m; echo 50m", "--retry-hint", "echo; echo 40m", "--retry-hint", "echo 20m", exit: 1)
    #expect(left(scene) > 1100 && left(scene) <= 1200)
  }

  @Test(
    "what is not ahead is not a hint, without a word",
    arguments: ["0", "0s", "Sun, 06 Nov 1994 08:49:37 GMT", "1000000000"])
  func notAhead(_ text: String) {
    let scene = Scene()
    let result = scene.run("--retry-hint", "echo '\(text)'", exit: 1)
    #expect(result.error == [])
    #expect(scene.state() == "closed")
    #expect(scene.counter() == "1")
  }

  @Test(
    "nothing printed is no hint, without a word",
    arguments: ["true", "false", "echo", "echo ' '", "echo 10m >&2; exit 3"])
  func nothing(_ text: String) {
    let scene = Scene()
    let result = scene.run("--retry-hint", text, exit: 1)
    #expect(result.errorLines.allSatisfy { !$0.hasPrefix("cb: ") }, "\(result.errorText)")
    #expect(scene.state() == "closed")
  }

  @Test(
    "what is not a time is reported once and is not a hint",
    arguments: ["soon", "Sun, 31 Nov 2027 08:49:37 GMT", "-5", "12 minutes", "1795447046000"])
  func garbage(_ text: String) {
    let scene = Scene()
    let result = scene.run("--retry-hint", "echo '\(text)'", exit: 1)
    #expect(result.isOneMessage)
    #expect(result.errorText.contains("printed '\(text)', which is not a time"), "\(result.errorText)")
    #expect(scene.state() == "closed")
    #expect(scene.counter() == "1")
  }

  @Test("a success, an excluded and an ignored run are not asked for a hint")
  func notAsked() {
    let scene = Scene()
    let options = ["--retry-hint", "echo asked >> asked; echo 10m", "--exclude", "3", "--ignore", "4"]
    for code in [0, 3, 4] { scene.run(options, sh: "exit \(code)") }
    #expect(scene.sandbox.read("asked") == nil)
    #expect(scene.state() == "closed")
  }

  @Test("a hint of before a change by hand changes nothing", arguments: StoreUnderTest.all)
  func stale(_ store: StoreUnderTest) {
    let scene = Scene(store)
    let late = scene.runInFlight("--retry-hint", "echo 20m")
    scene.cb("open", "x")
    scene.cb("close", "x")
    late.end(1)
    #expect(scene.state() == "closed")
    #expect(scene.total("stale") == 1)
    #expect(scene.shown("last_hint")?.isNull == true)
  }

  @Test("report and record take --retry-after, heeded of a failure alone", arguments: StoreUnderTest.all, forms)
  func byHand(_ store: StoreUnderTest, _ form: Form) {
    let scene = Scene(store)
    let when = date(scene, form.format, in: Self.asked)
    #expect(scene.cb("record", "x", "success", "--retry-after", when).status == .exited(0))
    #expect(scene.state() == "closed")
    #expect(scene.cb("record", "x", "exit:9", "--retry-after", when).status == .exited(0))
    #expect(scene.state() == "open")
    let first = left(scene)
    #expect(first > Double(Self.asked) - 90 && first <= Double(Self.asked) + 1, "\(first)")
    scene.cb("half-open", "x")
    let token = String(scene.cb("permit", "x").outputText.dropLast())
    #expect(scene.cb("report", "x", token, "failure", "--retry-after", when).status == .exited(0))
    #expect(scene.state() == "open")
    let second = left(scene)
    #expect(second > Double(Self.asked) - 90 && second <= Double(Self.asked) + 1, "\(second)")
  }
}
