import CTestSupport
import Glibc

/// How a program ended, and what it wrote.
struct Ended {
  /// The exit code, or 256 + the signal.
  var code: Int32
  var output: String
  var error: String

  var wasKilled: Bool { code == 256 + SIGKILL || code == 128 + SIGKILL }
}

/// A program with its standard output and error in pipes. Its standard input is empty, and at its end at once or, for
/// a program that waits for that, when it is released.
final class Child {
  let pid: pid_t
  private var pipes: [Int32]
  private(set) var bytes: [[UInt8]] = [[], []]
  private var code: Int32?
  /// The other end of its standard input; -1 where that has ended.
  private var input: Int32 = -1

  init(_ argv: [[UInt8]], environment: [String: String], directory: String = "/", waits: Bool = false) {
    var ends: [[Int32]] = []
    for _ in 0..<2 {
      var pair: [Int32] = [-1, -1]
      precondition(cts_pipe(&pair) == 0)
      ends.append(pair)
    }
    var source: [Int32] = [-1, -1]
    if waits {
      precondition(cts_pipe(&source) == 0)
    } else {
      source[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)
    }
    input = source[1]
    pid = startProgram(
      argv: argv, environment: environment, directory: directory, standard: (source[0], ends[0][1], ends[1][1]))
    for descriptor in [source[0], ends[0][1], ends[1][1]] { close(descriptor) }
    pipes = [ends[0][0], ends[1][0]]
    for descriptor in pipes { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
  }

  deinit {
    if code == nil {
      kill(pid, SIGKILL)
      _ = cts_wait(pid)
    }
    for descriptor in pipes + [input] where descriptor >= 0 { close(descriptor) }
  }

  /// Ends its standard input: what reads there goes on.
  func release() {
    if input >= 0 { close(input) }
    input = -1
  }

  /// The descriptors that are still open for reading.
  var sources: [Int32] { pipes.filter { $0 >= 0 } }

  var output: String { String(decoding: bytes[0], as: UTF8.self) }
  var error: String { String(decoding: bytes[1], as: UTF8.self) }

  /// Reads what there is.
  func pump() {
    var buffer = [UInt8](repeating: 0, count: 16384)
    for index in 0..<2 where pipes[index] >= 0 {
      while true {
        let count = read(pipes[index], &buffer, buffer.count)
        if count > 0 {
          bytes[index] += buffer[..<count]
          continue
        }
        if count < 0, errno == EINTR { continue }
        if count == 0 {
          close(pipes[index])
          pipes[index] = -1
        }
        break
      }
    }
  }

  /// Whether it has ended, and was reaped.
  func reap() -> Bool {
    if code != nil { return true }
    var status: Int32 = 0
    guard waitpid(pid, &status, WNOHANG) == pid else { return false }
    code = status & 0x7F != 0 ? 256 + (status & 0x7F) : (status >> 8) & 0xFF
    return true
  }

  /// Waits for its end, and reads the rest: background processes may keep the pipes open, and are not waited for.
  func wait(seconds: Double = 60) -> Ended {
    let limit = clockSeconds() + seconds
    while !reap() {
      var polls = sources.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      if polls.isEmpty { usleep(200) } else { _ = poll(&polls, nfds_t(polls.count), 5) }
      pump()
      if clockSeconds() > limit { kill(pid, SIGKILL) }
    }
    pump()
    return Ended(code: code ?? -1, output: output, error: error)
  }
}
