import CTestSupport
import Glibc

/// A fresh directory under /tmp, removed with this value.
package final class TemporaryPlace: Sendable {
  package let path: String

  /// - Parameter name: what its name begins with.
  package init(_ name: String) {
    var template = Array("/tmp/\(name)-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress, let made = mkdtemp(base) else { preconditionFailure("mkdtemp: \(errno)") }
      return String(cString: made)
    }
  }

  deinit { cts_remove_tree(path) }
}
