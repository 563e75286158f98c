import Glibc

/// Runs a command with its system calls on the store watched or tampered with. Only `cb` itself is traced, not CMD.
struct Strace {
  let place: Sandbox
  private var files: [String] {
    ["", "/x.json", "/x.lock", "/x.safe", "/x.json.tmp", "/x.safe.tmp", "/x.history", "/x.history.tmp"]
  }

  private var tracing: [String] {
    ["/usr/bin/strace", "-o", place.path + "/trace"] + files.flatMap { ["-P", place.store + $0] }
  }

  /// The system calls on the store, in order.
  func calls(_ command: [String]) -> (calls: [String], ended: Finished) {
    let ended = place.execute(tracing + [Programs.cb] + command)
    let text = fileText(place.path + "/trace") ?? ""
    let lines = text.split(separator: "\n").filter { $0.first?.isLetter == true && $0.contains("(") }
    return (lines.map { String($0.prefix { $0 != "(" }) }, ended)
  }

  /// With `tampering` (strace's words behind `inject=CALL:`) at these system calls.
  func tampered(_ command: [String], _ call: String, _ tampering: String) -> Finished {
    place.execute(tracing + ["-e", "inject=\(call):\(tampering)", Programs.cb] + command)
  }
}
