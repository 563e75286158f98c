import Glibc

/// Starts a program; one without a path is sought.
func start(_ arguments: [String], environment: [String: String] = [:]) -> Running {
  let program = arguments[0].hasPrefix("/") ? arguments : ["/usr/bin/env"] + arguments
  return Running(
    argv: program.map { Array($0.utf8) },
    environment: environment.merging(["PATH": "/usr/bin:/bin", "LC_ALL": "C"]) { own, _ in own }, directory: ".")
}

func run(_ arguments: [String], environment: [String: String] = [:]) -> String {
  start(arguments, environment: environment).finish()
}

/// Starts the helper beside the test bundle.
func exercise(_ arguments: [String], _ environment: [String: String] = [:]) -> Running {
  start([Programs.exerciser] + arguments, environment: environment)
}

extension Running {
  /// Everything until its end, without the last newline.
  func finish() -> String {
    var finished = wait(seconds: 600)
    writeAll(STDERR_FILENO, finished.error)
    if finished.output.last == 0x0A { finished.output.removeLast() }
    return finished.outputText
  }

  /// Whether a line or the end came within this time.
  func isDone(within milliseconds: Int) -> Bool {
    eventually(seconds: Double(milliseconds) / 1000) {
      pump()
      return !text.isEmpty || reap()
    }
  }

  func kill9() {
    send(SIGKILL)
    wait()
  }
}
