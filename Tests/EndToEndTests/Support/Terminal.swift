import CTestSupport
import Glibc

/// A program in a session of its own, with a pseudo-terminal as its controlling terminal.
final class Terminal {
  let pid: pid_t
  private var controller: Int32
  private var screen: [UInt8] = []
  /// Up to where `expect` has read: each finds only what came after the one before.
  private var seen = 0
  private var isReaped = false

  init(_ argv: [String], in sandbox: Sandbox) {
    var controller: Int32 = -1
    var terminal: Int32 = -1
    precondition(cts_terminal(&controller, &terminal) == 0)
    var environment = sandbox.environment
    environment["TERM"] = "dumb"
    environment["PS1"] = "PROMPT> "
    pid = startProgram(
      argv: argv.map { Array($0.utf8) }, environment: environment, directory: sandbox.path,
      standard: (terminal, terminal, terminal), terminal: true)
    close(terminal)
    self.controller = controller
  }

  deinit {
    if controller >= 0 { close(controller) }
    if !isReaped {
      kill(pid, SIGKILL)
      _ = cts_wait(pid)
    }
  }

  /// Types; `\u{3}` is Ctrl-C, `\u{1a}` Ctrl-Z, `\u{1c}` Ctrl-\, `\u{4}` Ctrl-D.
  func type(_ text: String) {
    _ = text.withCString { write(controller, $0, strlen($0)) }
  }

  /// Waits until the text appears after what has been seen before; whether it did.
  func expect(_ text: String, seconds: Double = 60) -> Bool {
    let end = clockSeconds() + seconds
    let wanted = Array(text.utf8)
    while true {
      if screen.count >= seen + wanted.count {
        for start in seen...(screen.count - wanted.count)
        where screen[start..<(start + wanted.count)].elementsEqual(wanted) {
          seen = start + wanted.count
          return true
        }
      }
      if clockSeconds() > end || !pump(milliseconds: 100) { return false }
    }
  }

  /// As if the line were cut.
  func hangUp() {
    close(controller)
    controller = -1
  }

  func resize(rows: UInt16, columns: UInt16) {
    var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(controller, UInt(TIOCSWINSZ), &size)
  }

  /// Everything that was shown.
  var text: String { String(decoding: screen, as: UTF8.self) }

  /// The foreground process group of the terminal.
  var foreground: pid_t { tcgetpgrp(controller) }

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
    let ended = cts_pidfd(pid)
    defer { close(ended) }
    let end = clockSeconds() + seconds
    var poller = pollfd(fd: ended, events: Int16(POLLIN), revents: 0)
    while poll(&poller, 1, 10) == 0 {
      if clockSeconds() > end { return nil }
      _ = pump(milliseconds: 0)
    }
    while pump(milliseconds: 0) {}
    isReaped = true
    return cts_wait(pid)
  }

  /// False when nothing came, and (with time) nothing can.
  private func pump(milliseconds: Int32) -> Bool {
    var source = pollfd(fd: controller, events: Int16(POLLIN), revents: 0)
    if controller < 0 || poll(&source, 1, milliseconds) <= 0 { return milliseconds > 0 }
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = read(controller, &buffer, buffer.count)
    if count <= 0 { return false }
    screen += buffer[..<count]
    return true
  }
}
