import CircuitBreaker

/// Why a command ends without having done what it was asked for: the exit code, and one line for people.
struct CommandFailure: Error {
  var exitCode: Int32
  /// The sentence behind `cb: `; empty if everything was said already.
  var message: String

  /// The words of the command line are off (exit 64).
  static func usage(_ message: String) -> CommandFailure {
    CommandFailure(exitCode: ExitCode.usage, message: message)
  }

  /// A NAME that is not there, or a store that failed (exit 1).
  static func failed(_ message: String) -> CommandFailure {
    CommandFailure(exitCode: ExitCode.failure, message: message)
  }
}
