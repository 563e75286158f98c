import BreakerStore
import CircuitBreaker
import CommandProcess
import Glibc
import System

/// What lies outside of this process, as far as a command touches it: `ProcessSurroundings` in the program, and in tests
/// what fails where it is touched.
protocol Surroundings: AnyObject, Sendable {
  /// The value of an environment variable, as `ByteText`; nil if it is not set, or empty.
  func variable(_ name: String) -> String?

  /// The names of the variables that begin with `prefix`, in the order of the environment.
  func variableNames(prefix: StaticString) -> [String]

  /// The effective user.
  var user: UInt32 { get }

  /// This process, as the history and the events name it.
  var caller: Caller { get }

  /// nil if it was removed.
  var workingDirectory: String? { get }

  func random() -> UInt64

  /// Writes all of it; false, with errno, if it cannot.
  func write(_ bytes: [UInt8], to stream: StandardStream) -> Bool

  /// Runs CMD, or a fallback in its place, until it ends.
  func launch(_ request: LaunchRequest, inherited: InheritedState) -> CommandEnd

  /// The store of this location in place of the one that `Session` opens; nil: that one.
  func store(at location: StoreLocation) -> OpenStore?
}

enum StandardStream: Int32, Sendable {
  case output = 1
  case errors = 2
}

/// The process that cb is.
final class ProcessSurroundings: Surroundings {
  func variable(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return ByteText.decode(cString: value)
  }

  func variableNames(prefix: StaticString) -> [String] { ProcessEnvironment.names(prefix: prefix) }

  var user: UInt32 { geteuid() }

  /// Worked out anew at each use, as a run that passes needs none.
  var caller: Caller {
    var system = utsname()
    let host =
      uname(&system) == 0
      ? withUnsafeBytes(of: system.nodename) { bytes in
        ByteText.decode(Array(bytes[..<(bytes.firstIndex(of: 0) ?? bytes.endIndex)]))
      } : "unknown"
    return Caller(host: host, pid: getpid(), user: PasswordDatabase.entry(of: getuid())?.name ?? "uid \(getuid())")
  }

  var workingDirectory: String? {
    guard let path = getcwd(nil, 0) else { return nil }
    defer { free(path) }
    return ByteText.decode(cString: path)
  }

  func random() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next()
  }

  func write(_ bytes: [UInt8], to stream: StandardStream) -> Bool { writeWhole(bytes, to: stream.rawValue) }

  func launch(_ request: LaunchRequest, inherited: InheritedState) -> CommandEnd {
    launchCommand(request, inherited: inherited)
  }

  func store(at location: StoreLocation) -> OpenStore? { nil }
}
