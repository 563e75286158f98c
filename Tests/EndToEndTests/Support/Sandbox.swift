import CTestSupport
import Glibc

/// A fresh directory for one test, removed with it: home, state directory and working files.
final class Sandbox {
  private let place = TemporaryPlace("cb-test")
  var path: String { place.path }
  var environment: [String: String]

  init() {
    let path = place.path
    environment = [
      "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": path, "LC_ALL": "C.UTF-8",
      "CB_STATE_DIR": path + "/state",
    ]
  }

  /// Runs cb to its end.
  func cb(_ arguments: String..., input: [UInt8] = [], seconds: Double = 120) -> Finished {
    start([Programs.cb] + arguments, input: input).wait(seconds: seconds)
  }

  /// Runs anything to its end.
  func execute(_ argv: [String], input: [UInt8] = [], seconds: Double = 120) -> Finished {
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
    writeFile(path + "/" + name, Array(text.utf8), mode: mode)
    return path + "/" + name
  }

  /// A FIFO, at which a shell's `read` can wait without a child of its own.
  func fifo(_ name: String) { mkfifo(path + "/" + name, 0o600) }

  /// Lets whoever reads from a FIFO go on. Its descriptor stays open as long as the tests run: a reader that is stopped
  /// and continued opens the FIFO again, and what was written would be gone with the last that had it open.
  func release(_ name: String) {
    let descriptor = open(path + "/" + name, O_RDWR | O_CLOEXEC | O_NONBLOCK)
    _ = Glibc.write(descriptor, "go\n", 3)
  }

  /// The text of a file of the sandbox, or nil.
  func read(_ name: String) -> String? { fileText(path + "/" + name) }
}
