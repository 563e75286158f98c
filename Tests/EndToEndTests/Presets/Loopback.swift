import Glibc
import Testing

/// The servers of Tests/Support/Loopback, and the real tool that is driven against them.
final class Loopback {
  let sandbox = Sandbox()
  private let servers: Running
  private var ports: [String: Int] = [:]

  init() throws {
    // As the table of texts wants it; and nothing of the machine's own proxies and configuration.
    sandbox.environment["LC_ALL"] = "C"
    servers = sandbox.start(["/usr/bin/env", "python3", Self.script], input: nil)
    try #require(servers.expect("ready"))
    for line in servers.text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 2 { ports[String(words[0])] = Int(words[1]) }
    }
  }

  func port(_ name: String) throws -> Int { try #require(ports[name]) }

  /// Replaces `{http}` and its like by `127.0.0.1:PORT`, `{http.port}` by the port, and runs the text by the shell in
  /// an empty directory.
  func run(_ text: String, and others: [String: Int] = [:], seconds: Double = 60) throws -> Finished {
    var text = text
    for (name, port) in ports.merging(others, uniquingKeysWith: { $1 }) {
      text = text.replacing("{\(name)}", with: "127.0.0.1:\(port)").replacing("{\(name).port}", with: "\(port)")
    }
    return sandbox.execute(
      ["/bin/sh", "-c", "rm -rf work && mkdir work && cd work || exit 99\n" + text], seconds: seconds)
  }

  /// The place of the file among the tests' support.
  private static let script = Programs.packageRoot + "/Tests/Support/Loopback/loopback"
}

/// A port that is free now. Where a server can be told 0, it is: this is for those that then keep theirs to themselves.
func freePort(_ sandbox: Sandbox) throws -> Int {
  let ask = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"
  let answer = sandbox.execute(["/usr/bin/env", "python3", "-c", ask])
  return try #require(Int(answer.outputText.split(separator: "\n").first ?? ""))
}
