import BreakerStore
import CircuitBreaker
import CommandProcess
import Glibc
import System

/// What a command may touch of the world outside: made once in main and passed on.
struct World {
  var inherited: InheritedState
  /// The words of the command line before `--`.
  var words: [String] = []
  /// CMD and its arguments as the kernel gave them, ended by NULL; nil if the command line has no `--`.
  var commandLine: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
  var clock = StoreClock.system()
  var outside: any Surroundings = ProcessSurroundings()

  /// The effective user.
  var user: UInt32 { outside.user }

  /// The value of an environment variable; one that is empty counts as not set, as the XDG specification has it.
  func environment(_ name: String) -> String? { outside.variable(name) }

  /// The variables that a shell text of a breaker (a listener, a predicate, a probe) does not get: passwords of the store.
  var secretVariables: [String] {
    let hasPassword = environment("CB_STORE")?.utf8.contains(UInt8(ascii: "@")) ?? false
    return ["CB_REDIS_PASSWORD"] + (hasPassword ? ["CB_STORE"] : [])
  }

  /// `CB_BYPASS=1`: no breaker for anybody, for the night in which the breaker itself is in the way.
  var isBypassed: Bool { environment("CB_BYPASS") == "1" }

  /// 128 random bits for a token.
  func token() -> Token { Token(outside.random(), outside.random()) }

  /// Random bits for a store.
  var random: @Sendable () -> UInt64 {
    let outside = outside
    return { outside.random() }
  }

  /// This process, as the history and the events name it.
  var caller: Caller { outside.caller }

  /// Who acts by hand: `alice@web1`, or who called sudo.
  func action(reason: String? = nil) -> ManualAction {
    let caller = caller
    let name = getuid() == 0 ? environment("SUDO_USER") ?? caller.user : caller.user
    return ManualAction(by: "\(name)@\(caller.host)", reason: reason, caller: caller)
  }

  /// A random number from 0 up to but not including 1.
  func draw() -> Double {
    Double(outside.random() >> 11) / Double(1 << 53)
  }

  /// Says one line on standard error. Whatever went into it cannot drive a terminal.
  func say(_ line: Line) {
    _ = outside.write(Array("cb: ".utf8) + line.bytes + Array("\n".utf8), to: .errors)
  }

  func say(_ text: String) { say(Line(text)) }

  /// Prints to standard output.
  func print(_ text: String) throws(CommandFailure) {
    guard outside.write(ByteText.encode(text), to: .output) else {
      // A reader that went away (`cb status | head -1`) has seen enough.
      if errno == EPIPE { throw CommandFailure(exitCode: 128 + SIGPIPE, message: "") }
      throw .failed("cannot write to standard output: \(String(cString: strerror(errno)))")
    }
  }
}
