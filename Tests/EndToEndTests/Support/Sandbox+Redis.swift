import JSON
import Testing

extension RedisServer {
  /// How many events the log of a breaker holds, without its snapshot and older history.
  func eventFields(_ name: String) -> Int {
    cli("HKEYS", "cb:{\(name)}").split(whereSeparator: \.isNewline).count { $0.hasPrefix("e") }
  }

  /// The calls of a command that clients have made since `CONFIG RESETSTAT`.
  func calls(_ command: String) -> Int {
    let line = cli("INFO", "commandstats").split(whereSeparator: \.isNewline).first {
      $0.hasPrefix("cmdstat_\(command):calls=")
    }
    return line?.split(separator: "=")[1].split(separator: ",").first.flatMap { Int($0) } ?? 0
  }

  /// Connections that nobody has accepted yet, as those to a server that SIGSTOP has stopped.
  var waiting: Int {
    let hex = String(port, radix: 16, uppercase: true)
    for line in (fileText("/proc/net/tcp") ?? "").split(separator: "\n") {
      let parts = line.split(separator: " ")
      if parts.count > 4, parts[1].hasSuffix(":" + String(repeating: "0", count: 4 - hex.count) + hex), parts[3] == "0A"
      {
        return parts[4].split(separator: ":").last.flatMap { Int($0, radix: 16) } ?? 0
      }
    }
    return 0
  }
}

extension Sandbox {
  /// A sandbox whose cb uses a store.
  convenience init(store: String) {
    self.init()
    environment["CB_STORE"] = store
  }

  /// `cb run OPTIONS x -- sh -c SCRIPT`
  func run(_ options: String..., sh script: String) -> Finished {
    cb(["run"] + options + ["x", "--", "/bin/sh", "-c", script])
  }

  /// A run whose CMD says `up` and then ends as the test tells it.
  func runInFlight(_ options: String...) -> Running {
    let script = "echo up; read code; exit $code"
    let running = start([Programs.cb, "run"] + options + ["x", "--", "/bin/sh", "-c", script], input: nil)
    #expect(running.expect("up", seconds: 60))
    return running
  }

  func get(_ key: String) -> String { String(cb("get", "x", key).outputText.dropLast()) }

  /// The lines of a file.
  func lines(_ file: String) -> [Substring] { (read(file) ?? "").split(separator: "\n" as Character) }

  /// One number of `cb status x --json`, by its key.
  func number(_ key: String) -> Int? {
    let shown = JSONValue.of(cb("status", "x", "--json").outputText)?.array?.first
    return (shown?[key] ?? shown?["totals"]?[key])?.int
  }
}

extension String {
  /// What stands before, between and behind every occurrence of a text.
  func parts(between separator: String) -> [Substring] {
    split(separator: separator, omittingEmptySubsequences: false)
  }
}

extension Running {
  /// Ends the CMD of `runInFlight`.
  func end(_ code: Int) -> Finished {
    write(Array("\(code)\n".utf8))
    closeInput()
    return wait(seconds: 60)
  }
}
