import Glibc
import Testing

/// `Tests/Fixtures/formats/VERSION/`: what each released version wrote, kept for ever.
enum FormatFixtures {
  /// Whose folder this version has to write to the byte.
  static let current = "0.1"

  private static let root: String =
    Programs.packageRoot + "/Tests/Fixtures/formats"

  /// Every released version; never none.
  static let versions: [String] = {
    let names = directoryEntries(root).filter { !$0.hasPrefix(".") }
    precondition(names.contains(current))
    return names
  }()

  /// - Parameter path: `VERSION/NAME`.
  static func text(_ path: String) throws -> String { try #require(fileText(root + "/" + path), "\(path)") }

  /// Expects that this version writes what its folder has; with `CB_WRITE_FORMATS=VERSION` writes it into that of a release.
  static func compare(_ written: String, with name: String) throws {
    if let version = getenv("CB_WRITE_FORMATS").map({ String(cString: $0) }) {
      mkdir("\(root)/\(version)", 0o755)
      #expect(writeFile("\(root)/\(version)/\(name)", Array(written.utf8), mode: 0o644))
    }
    #expect(try text("\(current)/\(name)") == written, "\(name)")
  }
}
