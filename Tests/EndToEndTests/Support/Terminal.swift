import Glibc

/// A program in a session of its own, with a pseudo-terminal as its controlling terminal.
final class Terminal {
  private let running: Running
  /// Up to where `expect` has read: each finds only what came after the one before.
  private var seen = 0
  var pid: pid_t { running.pid }

  init(_ argv: [String], in sandbox: Sandbox) {
    let environment = sandbox.environment.merging(["TERM": "dumb", "PS1": "PROMPT> "]) { $1 }
    running = Running(onTerminal: argv, environment: environment, directory: sandbox.path)
  }

  /// Types; `\u{3}` is Ctrl-C, `\u{1a}` Ctrl-Z, `\u{1c}` Ctrl-\, `\u{4}` Ctrl-D.
  func type(_ text: String) { writeAll(running.output, Array(text.utf8)) }

  /// Waits until the text appears after what has been seen before; whether it did.
  func expect(_ text: String, seconds: Double = 60) -> Bool {
    let limit = clockSeconds() + seconds
    while true {
      if let found = running.bytes[0][seen...].firstRange(of: Array(text.utf8)) {
        seen = found.upperBound
        return true
      }
      if running.output < 0 || clockSeconds() > limit { return false }
      running.pump(milliseconds: 100)
    }
  }

  /// As if the line were cut.
  func hangUp() { running.closeOutput() }

  func resize(rows: UInt16, columns: UInt16) {
    var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(running.output, UInt(TIOCSWINSZ), &size)
  }

  /// Everything that was shown.
  var text: String { running.text }

  /// The foreground process group of the terminal.
  var foreground: pid_t { tcgetpgrp(running.output) }

  /// What runs in it.
  private var jobs: [ProcessFacts] { ProcessFacts.descendants(of: pid) }

  /// Waits until the shell has a job in the foreground, of which nothing is stopped: it has done `fg`.
  func jobGoesOn(seconds: Double = 60) -> Bool {
    eventually(seconds: seconds) { foreground != pid && !jobs.contains { $0.state == "T" } }
  }

  /// Waits until a job of the shell has stopped.
  func jobStops(seconds: Double = 60) -> Bool {
    eventually(seconds: seconds) { jobs.contains { $0.parent == pid && $0.state == "T" } }
  }

  /// Waits until a program of that name has slept through ten looks: it waits for a key.
  func waitsForKey(_ name: String, seconds: Double = 60) -> Bool {
    var looks = 0
    return eventually(seconds: seconds) {
      looks = jobs.contains { $0.name == name && $0.state == "S" } ? looks + 1 : 0
      return looks == 10
    }
  }

  /// Waits until a program of that name runs.
  func runs(_ name: String, seconds: Double = 60) -> Bool {
    eventually(seconds: seconds) { jobs.contains { $0.name == name } }
  }

  /// Its end: the exit code, or 256 + the signal; nil: it has not ended in the time.
  func wait(seconds: Double = 60) -> Int32? {
    let hasEnded = eventually(seconds: seconds) {
      running.pump()
      return running.reap()
    }
    return hasEnded ? running.wait().code : nil
  }
}
