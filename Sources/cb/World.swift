import BreakerStore
import CircuitBreaker
import CommandProcess
import Glibc
import System

/// What a command may touch of the world outside: made once in main and passed on.
struct World {
  var inherited: InheritedState
  /// CMD and its arguments as the kernel gave them, ended by NULL; nil where the command line has no `--`.
  var commandLine: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
  var clock = StoreClock.system()

  /// The value of an environment variable; one that is empty counts as not set, as the XDG specification has it.
  func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  /// 128 random bits for a token.
  func token() -> Token {
    Token(Self.random(), Self.random())
  }

  @Sendable static func random() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next()
  }

  /// A random number from 0 up to but not including 1.
  func draw() -> Double {
    Double(Self.random() >> 11) / Double(1 << 53)
  }

  /// Says one line on standard error. Whatever went into it cannot drive a terminal.
  func say(_ message: String) {
    writeWhole("cb: \(message.escapingControls())\n", to: STDERR_FILENO)
  }

  /// Prints to standard output.
  func print(_ text: String) throws(CommandFailure) {
    guard writeWhole(text, to: STDOUT_FILENO) else {
      // A reader that went away (`cb status | head -1`) has seen enough.
      if errno == EPIPE { throw CommandFailure(exitCode: 128 + SIGPIPE, message: "") }
      throw .failed("cannot write to standard output: \(String(cString: strerror(errno)))")
    }
  }
}
