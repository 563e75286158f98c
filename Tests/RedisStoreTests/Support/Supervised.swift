import Glibc
import Synchronization

/// Held while a descriptor that no child may inherit is made, and while a child is: Glibc's module has neither pipe2
/// nor accept4 here, which would make that unnecessary.
let spawning = Mutex(())

/// A process of a test's own. A shell stands between, which kills it as soon as our end of a pipe closes: when the
/// test is over, failed, or the whole test process is gone, however it went.
final class Supervised: @unchecked Sendable {
  let pid: pid_t
  private let shell: pid_t
  private let pipeEnd: Int32

  /// - Parameter log: a file for what it prints.
  /// - Parameter survives: it is not killed, and ends by itself.
  init(_ arguments: [String], log: String, survives: Bool = false) throws {
    var ends: [Int32] = [0, 0]
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let script = """
      log=$1; shift
      "$@" </dev/null >"$log" 2>&1 &
      echo $! >"$log.pid"
      read x
      \(survives ? "" : "kill -9 $!; wait")
      """
    let words = ["/bin/sh", "-c", script, "sh", log] + arguments
    var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for word in argv { free(word) } }
    var child = pid_t()
    var attributes = Files.cleanSignals()
    defer { posix_spawnattr_destroy(&attributes) }
    let result = spawning.withLock { _ in
      guard pipe(&ends) == 0 else { return errno }
      _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
      _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
      posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
      let result = posix_spawn(&child, "/bin/sh", &actions, &attributes, &argv, environ)
      close(ends[0])
      return result
    }
    guard result == 0 else { throw TestFailure("posix_spawn: \(result)") }
    shell = child
    pipeEnd = ends[1]
    var found: pid_t?
    for _ in 0..<1000 where found == nil {
      found = Files.text(log + ".pid").flatMap { $0.hasSuffix("\n") ? pid_t($0.dropLast()) : nil }
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
  static func text(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 65536)
    let count = read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
  }

  static func write(_ text: String, to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw TestFailure("open \(path): \(errno)") }
    defer { close(descriptor) }
    guard Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count else { throw TestFailure("write \(path)") }
  }

  /// The threads that tests run on block nearly every signal, SIGCHLD and SIGTERM among them, and children inherit that.
  static func cleanSignals() -> posix_spawnattr_t {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    return attributes
  }

  /// Runs a command to its end; a failure is thrown.
  static func run(_ words: [String]) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for word in argv { free(word) } }
    var child = pid_t()
    var attributes = cleanSignals()
    defer { posix_spawnattr_destroy(&attributes) }
    guard spawning.withLock({ _ in posix_spawnp(&child, words[0], &actions, &attributes, &argv, environ) }) == 0 else {
      throw TestFailure("cannot run \(words[0])")
    }
    var status: Int32 = 0
    waitpid(child, &status, 0)
    guard status == 0 else { throw TestFailure("\(words.joined(separator: " ")): status \(status)") }
  }
}
