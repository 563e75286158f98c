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

  /// The effective user.
  var user: UInt32 { geteuid() }

  /// The value of an environment variable; one that is empty counts as not set, as the XDG specification has it.
  func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return ByteText.decode(cString: value)
  }

  /// The variables that a shell text of a breaker (a listener, a predicate, a probe) does not get: passwords of the store.
  var secretVariables: [String] {
    let hasPassword = environment("CB_STORE")?.utf8.contains(UInt8(ascii: "@")) ?? false
    return ["CB_REDIS_PASSWORD"] + (hasPassword ? ["CB_STORE"] : [])
  }

  /// `CB_BYPASS=1`: no breaker for anybody, for the night in which the breaker itself is in the way.
  var isBypassed: Bool { environment("CB_BYPASS") == "1" }

  /// 128 random bits for a token.
  func token() -> Token {
    Token(Self.random(), Self.random())
  }

  @Sendable static func random() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next()
  }

  /// This process, as the history and the events name it. Worked out anew at each use, as a run that passes needs none.
  var caller: Caller {
    var system = utsname()
    let host =
      uname(&system) == 0
      ? withUnsafeBytes(of: system.nodename) { bytes in
        ByteText.decode(Array(bytes[..<(bytes.firstIndex(of: 0) ?? bytes.endIndex)]))
      } : "unknown"
    return Caller(host: host, pid: getpid(), user: PasswordDatabase.entry(of: getuid())?.name ?? "uid \(getuid())")
  }

  /// Who acts by hand: `alice@web1`, or who called sudo.
  func action(reason: String? = nil) -> ManualAction {
    let caller = caller
    let name = getuid() == 0 ? environment("SUDO_USER") ?? caller.user : caller.user
    return ManualAction(by: "\(name)@\(caller.host)", reason: reason, caller: caller)
  }

  static var workingDirectory: String? {
    guard let path = getcwd(nil, 0) else { return nil }
    defer { free(path) }
    return ByteText.decode(cString: path)
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
