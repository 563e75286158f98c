import CTestSupport
import Glibc

/// A process of a test's own. A shell stands between, which kills it as soon as our end of a pipe closes: when the
/// test is over, failed, or the whole test process is gone, however it went.
final class Supervised: @unchecked Sendable {
  let pid: pid_t
  private let shell: pid_t
  private let pipeEnd: Int32

  /// - Parameter log: a file for what it prints.
  /// - Parameter survives: it is not killed, and ends by itself.
  init(_ arguments: [String], log: String, survives: Bool = false) throws {
    let script = """
      log=$1; shift
      "$@" </dev/null >"$log" 2>&1 &
      echo $! >"$log.pid"
      read x
      \(survives ? "" : "kill -9 $!; wait")
      """
    var ends: [Int32] = [-1, -1]
    precondition(cts_pipe(&ends) == 0)
    let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
    shell = startProgram(
      argv: (["/bin/sh", "-c", script, "sh", log] + arguments).map { Array($0.utf8) },
      environment: testEnvironment, directory: "/", standard: (ends[0], null, null))
    close(ends[0])
    close(null)
    pipeEnd = ends[1]
    var found: pid_t?
    for _ in 0..<1000 where found == nil {
      found = fileText(log + ".pid").flatMap { $0.hasSuffix("\n") ? pid_t($0.dropLast()) : nil }
      if found == nil { usleep(5000) }
    }
    guard let found else { throw TestFailure("no pid of \(arguments)") }
    pid = found
  }

  func signal(_ number: Int32) { kill(pid, number) }

  deinit {
    close(pipeEnd)
    waitpid(shell, nil, 0)
  }
}

/// Where redis-server, openssl and the like are.
let testEnvironment = ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"]

struct TestFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// A directory that goes when it is no longer used, or with the test process.
final class Scratch: Sendable {
  let path: String

  /// Holds all of them. A shell waits for the end of the test process and removes what is left.
  private static let root: Result<(String, Supervised), any Error> = Result {
    let root = try make("/tmp/cb-redis-tests-XXXXXX")
    let keeper = try Supervised(
      [
        "/bin/sh", "-c", "while kill -0 $0 2>/dev/null; do sleep 1; done; sleep 1; rm -rf \"$1\"", String(getpid()),
        root,
      ],
      log: root + "/keeper", survives: true)
    return (root, keeper)
  }

  init() throws { path = try Self.make(Self.root.get().0 + "/XXXXXX") }

  private static func make(_ pattern: String) throws -> String {
    var template = Array(pattern.utf8CString)
    guard mkdtemp(&template) != nil else { throw TestFailure("mkdtemp: \(errno)") }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { _ = try? Files.run(["/bin/rm", "-rf", path]) }
}

enum Files {
  static func text(_ path: String) -> String? { fileText(path) }

  static func write(_ text: String, to path: String) throws {
    guard writeFile(path, Array(text.utf8)) else { throw TestFailure("write \(path): \(errno)") }
  }

  /// Runs a command to its end; a failure is thrown.
  static func run(_ words: [String]) throws {
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    defer { close(null) }
    let status = cts_wait(
      startProgram(
        argv: words.map { Array($0.utf8) }, environment: testEnvironment, directory: "/", standard: (null, null, null)))
    guard status == 0 else { throw TestFailure("\(words.joined(separator: " ")): status \(status)") }
  }
}
