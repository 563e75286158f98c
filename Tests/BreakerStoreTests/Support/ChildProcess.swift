import Glibc

/// A process started by a test, with its standard output in a pipe.
final class ChildProcess {
  let pid: pid_t
  private let output: Int32
  private var status: Int32?

  init(_ arguments: [String], environment: [String: String] = [:]) {
    var ends: [Int32] = [0, 0]
    pipe(&ends)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let program = arguments[0].hasPrefix("/") ? arguments : ["/usr/bin/env"] + arguments
    pid = startProgram(
      argv: program.map { Array($0.utf8) },
      environment: environment.merging(["PATH": "/usr/bin:/bin", "LC_ALL": "C"]) { own, _ in own }, directory: ".",
      standard: (0, ends[1], 2))
    close(ends[1])
    output = ends[0]
  }

  deinit {
    if status == nil, pid > 0 {
      kill(pid, SIGKILL)
      wait()
    }
    close(output)
  }

  /// Blocks until a line comes, or the end ("").
  func line() -> String {
    var bytes: [UInt8] = []
    var byte: UInt8 = 0
    while read(output, &byte, 1) == 1, byte != 0x0A { bytes.append(byte) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Everything until the end of the output, without the last newline; then the process is reaped.
  func finish() -> String {
    var bytes = readAll(output)
    wait()
    if bytes.last == 0x0A { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }

  @discardableResult
  func wait() -> Int32 {
    if let status { return status }
    var result: Int32 = 0
    while waitpid(pid, &result, 0) == -1, errno == EINTR {}
    status = result
    return result
  }

  /// Whether a line or the end came within this time.
  func isDone(within milliseconds: Int32) -> Bool {
    var descriptor = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
    return poll(&descriptor, 1, milliseconds) > 0
  }

  func kill9() {
    kill(pid, SIGKILL)
    wait()
  }
}

func run(_ arguments: [String], environment: [String: String] = [:]) -> String {
  ChildProcess(arguments, environment: environment).finish()
}

/// The helper beside the test bundle.
let exerciser = Programs.exerciser

func exercise(_ arguments: [String], _ environment: [String: String] = [:]) -> ChildProcess {
  ChildProcess([exerciser] + arguments, environment: environment)
}

func pauseMilliseconds(_ milliseconds: Int) {
  usleep(UInt32(milliseconds) * 1000)
}
