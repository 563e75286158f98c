import BreakerStore
import Glibc
import JSON
import Testing

/// The stores that keep docs/CONTRACT.md, "The state machine". `CB_STORE` is all that differs between them.
enum StoreUnderTest: Sendable, CustomTestStringConvertible {
  case file
  case redis(url: String)

  /// The file store, and Redis on a server of this test run.
  static let all: [StoreUnderTest] = [.file, .redis(url: SharedRedis.url)]

  var testDescription: String {
    switch self {
    case .file: "file"
    case .redis: "redis"
    }
  }

  /// What names the store in the messages after `Scene.breakStore`.
  var failureWord: String {
    switch self {
    case .file: "occupied"
    case .redis: "127.0.0.1:1"
    }
  }
}

/// One test's cb: a sandbox with its own store, and the words in which the tests speak. The breaker is `x` unless told.
final class Scene {
  let sandbox = Sandbox()
  let store: StoreUnderTest

  init(_ store: StoreUnderTest = .file) {
    self.store = store
    if case .redis(let url) = store {
      sandbox.environment["CB_STORE"] = "\(url)\(url.contains("?") ? "&" : "?")prefix=\(prefix)"
    }
  }

  /// Another host that uses the store of `first`: a sandbox, an environment and a configuration file of its own.
  init(onStoreOf first: Scene) {
    store = first.store
    for name in ["CB_STORE", "CB_STATE_DIR"] { sandbox.environment[name] = first[name] }
  }

  var path: String { sandbox.path }

  /// Of this scene's keys in Redis.
  var prefix: String { "\(path.split(separator: "/").last ?? ""):" }

  subscript(variable: String) -> String? {
    get { sandbox.environment[variable] }
    set { sandbox.environment[variable] = newValue }
  }

  // MARK: Running cb

  @discardableResult
  func cb(_ arguments: String..., seconds: Double = 60) -> Finished { cb(arguments, seconds: seconds) }

  @discardableResult
  func cb(_ arguments: [String], seconds: Double = 60) -> Finished { sandbox.cb(arguments, seconds: seconds) }

  /// `cb run OPTIONS NAME -- sh -c SCRIPT`
  @discardableResult
  func run(_ options: String..., name: String = "x", sh script: String) -> Finished {
    run(options, name: name, sh: script)
  }

  @discardableResult
  func run(_ options: [String], name: String = "x", sh script: String) -> Finished {
    cb(["run"] + options + [name, "--", "/bin/sh", "-c", script])
  }

  /// A run whose CMD exits with a code.
  @discardableResult
  func run(_ options: String..., name: String = "x", exit code: Int) -> Finished {
    run(options, name: name, sh: "exit \(code)")
  }

  /// A run that CMD's end does not end before the test says so.
  func runInFlight(_ options: String..., name: String = "x") -> InFlight { runInFlight(options, name: name) }

  func runInFlight(_ options: [String], name: String = "x") -> InFlight {
    let words = ["run"] + options + [name, "--", "/bin/sh", "-c", InFlight.script]
    return InFlight(sandbox.start([Programs.cb] + words, input: nil))
  }

  /// Opens the circuit by one failure; it stays open for an hour unless the options say otherwise.
  func trip(_ options: String..., name: String = "x") {
    var all = ["--fail-max", "1", "--quiet"]
    if !options.contains("--reset-timeout") { all += ["--reset-timeout", "1h"] }
    run(all + options, name: name, sh: "exit 1")
    #expect(state(name) == "open")
  }

  // MARK: Looking

  func get(_ key: String, _ name: String = "x") -> String {
    let result = cb("get", name, key)
    return result.status == .exited(0) ? String(result.outputText.dropLast()) : "get: \(result.status)"
  }

  func state(_ name: String = "x") -> String { get("state", name) }
  func counter(_ name: String = "x") -> String { get("fail-counter", name) }

  /// `cb status --json`
  func status(_ names: String...) -> [JSONValue] {
    JSONValue.of(cb(["status", "--json"] + names).outputText)?.array ?? []
  }

  /// What `cb status NAME --json` says of one breaker, at a path such as `totals.stale`.
  func shown(_ path: String, _ name: String = "x") -> JSONValue? {
    var value = status(name).first
    for key in path.split(separator: ".") { value = value?[String(key)] }
    return value
  }

  func total(_ key: String, _ name: String = "x") -> Int? { shown("totals.\(key)", name)?.int }

  /// Waits until the open circuit's timeout is over.
  func waitUntilDue(_ name: String = "x") {
    #expect(cb("wait", name, "--timeout", "60s").status == .exited(0))
  }

  /// Everything of the state directory: names, inodes, modes, owners, sizes, times of change, and contents.
  func snapshot() -> String {
    sandbox.execute([
      "/bin/sh", "-c",
      "find state -printf '%p %y %i %m %U:%G %s %T@ %C@\\n' | sort; find state -type f | sort | xargs -r cat",
    ]).outputText
  }

  /// Whether there is no state directory, or nothing in it, and no key in Redis.
  var isStoreUntouched: Bool {
    let isEmpty = sandbox.execute(["/bin/sh", "-c", "ls -A state 2>/dev/null"]).outputText.isEmpty
    guard case .redis = store else { return isEmpty }
    return isEmpty && SharedRedis.isEmpty(prefix: prefix)
  }

  /// From here on cb is told of a store that it cannot use.
  func breakStore() {
    switch store {
    case .file: self["CB_STATE_DIR"] = sandbox.file("occupied", "a file")
    // Nothing listens there, and who asks is told so at once.
    case .redis: self["CB_STORE"] = "redis://127.0.0.1:1?\(RedisServer.patience)"
    }
  }

  // MARK: Files

  /// The lines of a file of the sandbox.
  func lines(_ file: String) -> [String] { sandbox.lines(file).map(String.init) }

  /// Writes the configuration file that `CB_CONFIG` then names.
  func configure(_ text: String) {
    self["CB_CONFIG"] = sandbox.file("config.json5", text)
  }

  /// The events that `file:events` took, as `failure` and `state-change closed -> open`.
  func events(_ file: String = "events") -> [String] {
    lines(file).map { line in
      let event = JSONValue.of(line)
      let kind = event?["event"]?.string ?? "no event: \(line)"
      guard kind == "state-change" else { return kind }
      return "\(kind) \(event?["old_state"]?.string ?? "?") -> \(event?["new_state"]?.string ?? "?")"
    }
  }

  /// Processes that were started in the sandbox and live.
  var processes: [pid_t] {
    let found = sandbox.execute([
      "/bin/sh", "-c", "cd /; for d in /proc/[0-9]*; do echo \"$d $(readlink $d/cwd)\"; done",
    ])
    return found.outputText.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: " ")
      guard parts.count == 2, parts[1] == path else { return nil }
      return pid_t(parts[0].dropFirst("/proc/".count)).flatMap { isAlive($0) ? $0 : nil }
    }
  }
}

/// A run whose CMD has started and waits for the test to say how it ends.
struct InFlight {
  static let script = "echo up $CB_STATE $$ $PPID; read code; exit ${code:-99}"
  let running: Running

  init(_ running: Running) {
    self.running = running
    #expect(running.expect("\n", seconds: 60))
  }

  /// Lets CMD exit with a code.
  @discardableResult
  func end(_ code: Int) -> Finished {
    running.end(code)
  }

  /// SIGKILL to cb. Its end is seen when this returns.
  @discardableResult
  func killCB() -> Finished {
    running.send(SIGKILL)
    return running.wait(seconds: 60)
  }
}

extension JSONValue {
  static func of(_ text: String) -> JSONValue? { try? JSONValue.parse(Array(text.utf8)) }

  var keys: [String] { object?.members.map(\.key) ?? [] }
}

extension Finished {
  /// The lines of standard error.
  var errorLines: [String] {
    errorText.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
  }

  /// Standard error is one whole line of cb's, without raw control characters.
  var isOneMessage: Bool {
    errorLines.count == 1 && errorText.hasPrefix("cb: ") && errorText.hasSuffix("\n")
      && !error.dropLast().contains { $0 < 0x20 || $0 == 0x7F }
  }
}
