import Glibc

/// Where the programs are that the tests drive.
enum Programs {
  /// `CB_BINARY`, else the release build, else the debug build beside the tests.
  static let cb: String = {
    if let named = getenv("CB_BINARY") { return String(cString: named) }
    let release = packageRoot + "/.build/release/cb"
    return access(release, X_OK) == 0 ? release : beside("cb")
  }()

  static let probe = beside("cb-probe")
  static let driver = beside("cb-process-driver")

  /// The directory of the package.
  static let packageRoot = #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined()

  /// In the directory that the tests themselves were built into.
  private static func beside(_ name: String) -> String { packageRoot + "/.build/debug/" + name }
}
