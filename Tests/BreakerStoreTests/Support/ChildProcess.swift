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
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    let variables = environment.map { "\($0)=\($1)" } + ["PATH=/usr/bin:/bin", "LC_ALL=C"]
    var argv = arguments.map { strdup($0) } + [nil]
    var envp = variables.map { strdup($0) } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var child: pid_t = -1
    if posix_spawnp(&child, arguments[0], &actions, nil, &argv, &envp) != 0 { child = -1 }
    close(ends[1])
    pid = child
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
let exerciser: String = {
  var buffer = [CChar](repeating: 0, count: 4096)
  let length = readlink("/proc/self/exe", &buffer, buffer.count)
  let path = String(decoding: buffer[..<max(0, length)].map(UInt8.init(bitPattern:)), as: UTF8.self)
  let built = path.split(separator: "/").dropLast()
  return "/" + built.joined(separator: "/") + "/store-exerciser"
}()

func exercise(_ arguments: [String], _ environment: [String: String] = [:]) -> ChildProcess {
  ChildProcess([exerciser] + arguments, environment: environment)
}

func pauseMilliseconds(_ milliseconds: Int) {
  usleep(UInt32(milliseconds) * 1000)
}
