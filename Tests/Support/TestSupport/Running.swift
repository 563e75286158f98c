import CTestSupport
import Glibc

/// How a program ended, and what it wrote.
package struct Finished: CustomStringConvertible {
  package enum Status: Equatable, Sendable {
    case exited(Int32)
    case signaled(Int32)
    /// It did not end in the time it was given, and was killed.
    case hung
  }

  package var status: Status
  package var output: [UInt8]
  package var error: [UInt8]
  package var seconds: Double

  package init(status: Status, output: [UInt8], error: [UInt8], seconds: Double = 0) {
    (self.status, self.output, self.error, self.seconds) = (status, output, error, seconds)
  }

  package var outputText: String { String(decoding: output, as: UTF8.self) }
  package var errorText: String { String(decoding: error, as: UTF8.self) }

  /// The exit code, or 256 + the signal.
  package var code: Int32 {
    switch status {
    case .exited(let code): code
    case .signaled(let signal): 256 + signal
    case .hung: 256 + SIGKILL
    }
  }

  package var description: String {
    "\(status), output \(outputText.debugDescription), error \(errorText.debugDescription)"
  }
}

/// A program that has been started, with pipes as its standard streams. It is killed with this value.
package final class Running {
  package let pid: Int32
  private let started = clockSeconds()
  /// Our ends of its standard streams; -1: closed. On a terminal that is an output alone.
  private var input: Int32
  private var outputs: [Int32]
  /// What came on standard output and error so far, as far as it was read.
  package private(set) var bytes: [[UInt8]] = [[], []]
  private var end: (status: Finished.Status, seconds: Double)?

  /// - Parameter bytes: its standard input; nil: that stays open, for `write`.
  package init(argv: [[UInt8]], environment: [String: String], directory: String, input bytes: [UInt8]? = []) {
    let pipes = (0..<3).map { _ in makePipe() }
    pid = startProgram(
      argv: argv, environment: environment, directory: directory,
      standard: (pipes[0][0], pipes[1][1], pipes[2][1]), terminal: false)
    for descriptor in [pipes[0][0], pipes[1][1], pipes[2][1]] { close(descriptor) }
    (input, outputs) = (pipes[0][1], [pipes[1][0], pipes[2][0]])
    if let bytes {
      // More than a pipe holds is written by the test itself, with `write`.
      precondition(bytes.count <= 65536)
      write(bytes)
      closeInput()
    }
  }

  /// In a session of its own, with a pseudo-terminal as its controlling terminal and all its standard streams.
  package init(onTerminal argv: [String], environment: [String: String], directory: String) {
    var (controller, terminal): (Int32, Int32) = (-1, -1)
    precondition(cts_terminal(&controller, &terminal) == 0)
    pid = startProgram(
      argv: argv.map { Array($0.utf8) }, environment: environment, directory: directory,
      standard: (terminal, terminal, terminal), terminal: true)
    close(terminal)
    (input, outputs) = (-1, [controller, -1])
  }

  deinit {
    if !reap() {
      kill(pid, SIGKILL)
      _ = cts_wait(pid)
    }
    for descriptor in outputs + [input] where descriptor >= 0 { close(descriptor) }
  }

  package func write(_ bytes: [UInt8]) { writeAll(input, bytes) }

  package func closeInput() {
    if input >= 0 { close(input) }
    input = -1
  }

  /// Our end of its standard output or its terminal; -1: it has ended, or was closed.
  package var output: Int32 { outputs[0] }

  package func closeOutput() {
    if output >= 0 { close(output) }
    outputs[0] = -1
  }

  package func send(_ signal: Int32) { kill(pid, signal) }

  package var text: String { String(decoding: bytes[0], as: UTF8.self) }
  package var errorText: String { String(decoding: bytes[1], as: UTF8.self) }

  /// The descriptors on which something may come.
  package var sources: [Int32] { outputs.filter { $0 >= 0 } }

  /// Waits until standard output holds the text; whether it came.
  package func expect(_ text: String, seconds: Double = 60) -> Bool {
    let limit = clockSeconds() + seconds
    while !self.text.contains(text) {
      if output < 0 || clockSeconds() > limit { return false }
      pump(milliseconds: 50)
    }
    return true
  }

  /// Whether it has ended. Nobody else can see it from then on.
  package func reap() -> Bool {
    if end != nil { return true }
    var status: Int32 = 0
    guard waitpid(pid, &status, WNOHANG) == pid else { return false }
    let signal = status & 0x7F
    end = (signal == 0 ? .exited((status >> 8) & 0xFF) : .signaled(signal), clockSeconds() - started)
    return true
  }

  /// Waits for its end, however long background processes of its hold the pipes.
  ///
  /// - Parameter seconds: what it may take. It is killed where it takes that long once more.
  @discardableResult
  package func wait(seconds: Double = 120) -> Finished {
    let limit = max(started + seconds, clockSeconds()) + seconds
    let ended = end == nil ? cts_pidfd(pid) : -1
    defer { close(ended) }
    var hangs = false
    while !reap() {
      if !hangs, clockSeconds() > limit {
        hangs = true
        kill(pid, SIGKILL)
      }
      pump(milliseconds: 200, orUntil: ended)
    }
    while pump() {}
    return Finished(
      status: hangs ? .hung : end?.status ?? .hung, output: bytes[0], error: bytes[1], seconds: end?.seconds ?? 0)
  }

  /// Reads once what there is, and waits for it so long, or until another descriptor has something; whether any came.
  @discardableResult
  package func pump(milliseconds: Int32 = 0, orUntil other: Int32 = -1) -> Bool {
    var polls = (outputs + [other]).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    guard poll(&polls, 3, milliseconds) > 0 else { return false }
    var buffer = [UInt8](repeating: 0, count: 65536)
    var came = false
    for index in 0..<2 where polls[index].revents != 0 {
      let count = read(outputs[index], &buffer, buffer.count)
      if count > 0 {
        bytes[index] += buffer[..<count]
        came = true
      } else if count == 0 || errno != EINTR {
        close(outputs[index])
        outputs[index] = -1
      }
    }
    return came
  }
}
