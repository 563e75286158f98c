import CTestSupport
import Glibc

/// A fresh directory for one test, removed with it: home, state directory and working files.
final class Sandbox {
  let path: String
  var environment: [String: String]

  init() {
    var template = Array("/tmp/cb-test-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template)!)
    environment = [
      "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": path, "LC_ALL": "C.UTF-8",
      "CB_STATE_DIR": path + "/state",
    ]
  }

  deinit {
    cts_remove_tree(path)
  }

  /// Runs cb to its end.
  func cb(_ arguments: String..., input: [UInt8] = [], seconds: Double = 30) -> Finished {
    start([Programs.cb] + arguments, input: input).wait(seconds: seconds)
  }

  /// Runs anything to its end.
  func execute(_ argv: [String], input: [UInt8] = [], seconds: Double = 30) -> Finished {
    start(argv, input: input).wait(seconds: seconds)
  }

  /// Starts a program; nil input: its standard input stays open for `Running.write`.
  func start(_ argv: [String], input: [UInt8]? = []) -> Running {
    Running(argv: argv.map { Array($0.utf8) }, environment: environment, directory: path, input: input)
  }

  /// Starts a program whose arguments are bytes.
  func start(bytes argv: [[UInt8]]) -> Running {
    Running(argv: argv, environment: environment, directory: path, input: [])
  }

  func file(_ name: String, _ text: String, mode: mode_t = 0o644) -> String {
    let full = path + "/" + name
    let descriptor = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    _ = text.withCString { Glibc.write(descriptor, $0, strlen($0)) }
    close(descriptor)
    return full
  }

  /// The text of a file of the sandbox, or nil.
  func read(_ name: String) -> String? {
    let descriptor = open(path + "/" + name, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { return nil }
    defer { close(descriptor) }
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = Glibc.read(descriptor, &buffer, buffer.count), count > 0 { all += buffer[..<count] }
    return String(decoding: all, as: UTF8.self)
  }
}

/// Waits until something is so, as long as told; whether it came to be. A look that takes its time itself, as at the
/// connections of a thousand processes, is not worth taking every few milliseconds.
func eventually(seconds: Double = 10, every milliseconds: UInt32 = 5, _ condition: () -> Bool) -> Bool {
  let end = clockSeconds() + seconds
  while !condition() {
    if clockSeconds() > end { return false }
    usleep(milliseconds * 1000)
  }
  return true
}

func clockSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// A process that is there and not a zombie.
func isAlive(_ pid: pid_t) -> Bool {
  let descriptor = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
  if descriptor < 0 { return false }
  defer { close(descriptor) }
  var buffer = [UInt8](repeating: 0, count: 512)
  let count = read(descriptor, &buffer, buffer.count)
  let line = String(decoding: buffer[..<max(0, count)], as: UTF8.self)
  return count > 0 && !line.contains(") Z ") && !line.contains(") X ")
}
