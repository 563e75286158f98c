import CTestSupport
import Glibc

/// How a program ended, and what it wrote.
struct Finished {
  enum Status: Equatable {
    case exited(Int32)
    case signaled(Int32)
    /// It did not end in the time it was given, and was killed.
    case hung
  }

  var status: Status
  var output: [UInt8]
  var error: [UInt8]
  var seconds: Double

  var outputText: String { String(decoding: output, as: UTF8.self) }
  var errorText: String { String(decoding: error, as: UTF8.self) }
}

/// A program that has been started, with pipes as its standard streams.
final class Running {
  let pid: pid_t
  private var input: Int32
  private let output: Int32
  private let error: Int32
  private var outputBytes: [UInt8] = []
  private var errorBytes: [UInt8] = []
  private let started = clockSeconds()
  private var isReaped = false

  init(argv: [[UInt8]], environment: [String: String], directory: String, input bytes: [UInt8]?) {
    var pipes: [[Int32]] = []
    for _ in 0..<3 {
      var ends: [Int32] = [-1, -1]
      precondition(cts_pipe(&ends) == 0)
      pipes.append(ends)
    }
    pid = startProgram(
      argv: argv, environment: environment, directory: directory,
      standard: (pipes[0][0], pipes[1][1], pipes[2][1]), terminal: false)
    for descriptor in [pipes[0][0], pipes[1][1], pipes[2][1]] { close(descriptor) }
    (input, output, error) = (pipes[0][1], pipes[1][0], pipes[2][0])
    if let bytes {
      // More than a pipe holds is written by the test itself, with `write`.
      precondition(bytes.count <= 65536)
      write(bytes)
      closeInput()
    }
  }

  deinit {
    if !isReaped {
      kill(pid, SIGKILL)
      _ = cts_wait(pid)
    }
    closeInput()
    close(output)
    close(error)
  }

  func write(_ bytes: [UInt8]) {
    signal(SIGPIPE, SIG_IGN)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(input, $0.baseAddress! + done, $0.count - done) }
      if count <= 0 { return }
      done += count
    }
  }

  func closeInput() {
    if input >= 0 { close(input) }
    input = -1
  }

  func send(_ signal: Int32) { kill(pid, signal) }

  /// What came on standard output so far, as far as somebody waited for it.
  var text: String { String(decoding: outputBytes, as: UTF8.self) }

  /// Waits until standard output holds the text; whether it came.
  func expect(_ text: String, seconds: Double = 60) -> Bool {
    let end = clockSeconds() + seconds
    while !String(decoding: outputBytes, as: UTF8.self).contains(text) {
      if clockSeconds() > end || !pump(milliseconds: 50, alsoUntil: -1) { break }
    }
    return String(decoding: outputBytes, as: UTF8.self).contains(text)
  }

  /// Waits for its end, however long background processes of its hold the pipes.
  func wait(seconds: Double = 120) -> Finished {
    let end = started + max(seconds, clockSeconds() - started)
    let ended = cts_pidfd(pid)
    defer { close(ended) }
    var hung = false
    var poller = pollfd(fd: ended, events: Int16(POLLIN), revents: 0)
    while poll(&poller, 1, 0) == 0 {
      if clockSeconds() > end + seconds {
        hung = true
        kill(pid, SIGKILL)
        break
      }
      _ = pump(milliseconds: 200, alsoUntil: ended)
    }
    let elapsed = clockSeconds() - started
    let code = cts_wait(pid)
    isReaped = true
    while pump(milliseconds: 0, alsoUntil: -1) {}
    return Finished(
      status: hung ? .hung : code >= 256 ? .signaled(code - 256) : .exited(code), output: outputBytes,
      error: errorBytes, seconds: elapsed)
  }

  /// Reads once what there is; false when there was nothing (or nothing can come any more).
  private func pump(milliseconds: Int32, alsoUntil other: Int32) -> Bool {
    var sources = [output, error, other].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    if poll(&sources, 3, milliseconds) <= 0 { return milliseconds > 0 }
    var buffer = [UInt8](repeating: 0, count: 65536)
    var got = false
    if sources[0].revents != 0, case let count = read(output, &buffer, buffer.count), count > 0 {
      outputBytes += buffer[..<count]
      got = true
    }
    if sources[1].revents != 0, case let count = read(error, &buffer, buffer.count), count > 0 {
      errorBytes += buffer[..<count]
      got = true
    }
    if !got, milliseconds > 0 { usleep(2000) }
    return got || milliseconds > 0
  }
}
