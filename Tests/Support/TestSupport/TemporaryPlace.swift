import CTestSupport
import Glibc

/// A fresh directory under /tmp, removed with this value, or after the test process has ended in whatever way.
package final class TemporaryPlace: Sendable {
  package let path: String

  /// A shell's standard input: it removes all that it was told of when nobody can write there any more.
  private static let keeper: Int32 = {
    let ends = makePipe()
    let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
    // What is killed at the same moment writes there for a little while still.
    let script = """
      trap '' HUP INT QUIT TERM
      all=$(cat); sleep 1
      printf '%s\\n' "$all" | xargs -d '\\n' rm -rf
      """
    _ = startProgram(
      argv: ["/bin/sh", "-c", script].map { Array($0.utf8) }, environment: ["PATH": "/usr/bin:/bin"], directory: "/",
      standard: (ends[0], null, null))
    for descriptor in [ends[0], null] { close(descriptor) }
    return ends[1]
  }()

  /// - Parameter name: what its name begins with.
  package init(_ name: String = "cb-test") {
    var template = Array("/tmp/\(name)-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress, let made = mkdtemp(base) else { preconditionFailure("mkdtemp: \(errno)") }
      return String(cString: made)
    }
    writeAll(Self.keeper, Array((path + "\n").utf8))
  }

  deinit { cts_remove_tree(path) }
}
