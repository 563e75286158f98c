import Glibc

/// Where the programs are that the tests drive.
package enum Programs {
  /// The directory of the package.
  package static let packageRoot = #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined()

  /// `CB_BINARY`, else the release build, else the debug build beside the tests.
  package static let cb: String = {
    if let named = getenv("CB_BINARY") { return String(cString: named) }
    let release = packageRoot + "/.build/release/cb"
    return access(release, X_OK) == 0 ? release : beside("cb")
  }()

  package static let probe = beside("cb-probe")
  package static let driver = beside("cb-process-driver")
  package static let exerciser = beside("store-exerciser")

  /// In the directory that the tests themselves were built into.
  private static func beside(_ name: String) -> String { packageRoot + "/.build/debug/" + name }
}
