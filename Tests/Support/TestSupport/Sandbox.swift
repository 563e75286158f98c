package import Glibc

/// A fresh directory for one test, removed with it: home, state directory and working files; and the programs that are
/// started there.
package final class Sandbox {
  package let place = TemporaryPlace()
  package var path: String { place.path }
  package var environment: [String: String]

  package init() {
    let path = place.path
    environment = [
      "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": path, "LC_ALL": "C.UTF-8",
      "CB_STATE_DIR": path + "/state",
    ]
  }

  /// Runs cb to its end.
  @discardableResult
  package func cb(_ arguments: String..., input: [UInt8] = [], seconds: Double = 120) -> Finished {
    execute([Programs.cb] + arguments, input: input, seconds: seconds)
  }

  @discardableResult
  package func cb(_ arguments: [String], seconds: Double = 120) -> Finished {
    execute([Programs.cb] + arguments, seconds: seconds)
  }

  /// Runs anything to its end.
  @discardableResult
  package func execute(_ argv: [String], input: [UInt8] = [], seconds: Double = 120) -> Finished {
    start(argv, input: input).wait(seconds: seconds)
  }

  /// Starts a program; nil input: its standard input stays open for `Running.write`.
  package func start(_ argv: [String], input: [UInt8]? = []) -> Running {
    start(bytes: argv.map { Array($0.utf8) }, input: input)
  }

  /// Starts a program whose arguments are bytes.
  package func start(bytes argv: [[UInt8]], input: [UInt8]? = []) -> Running {
    Running(argv: argv, environment: environment, directory: path, input: input)
  }

  package func file(_ name: String, _ text: String, mode: mode_t = 0o644) -> String {
    writeFile(path + "/" + name, Array(text.utf8), mode: mode)
    return path + "/" + name
  }

  /// The text of a file of the sandbox, or nil.
  package func read(_ name: String) -> String? { fileText(path + "/" + name) }

  /// A FIFO, at which a shell's `read` can wait without a child of its own.
  package func fifo(_ name: String) { mkfifo(path + "/" + name, 0o600) }

  /// Lets whoever reads from a FIFO go on. Its descriptor stays open as long as the tests run: a reader that is stopped
  /// and continued opens the FIFO again, and what was written would be gone with the last that had it open.
  package func release(_ name: String) {
    let descriptor = open(path + "/" + name, O_RDWR | O_CLOEXEC | O_NONBLOCK)
    _ = write(descriptor, "go\n", 3)
  }
}
