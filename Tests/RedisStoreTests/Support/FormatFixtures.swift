import Glibc
import Testing

/// `Tests/Fixtures/formats/VERSION/`: what each released version wrote, kept for ever.
enum FormatFixtures {
  /// Whose folder this version has to write to the byte.
  static let current = "0.1"

  private static let root: String =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Fixtures/formats"

  /// Every released version; never none.
  static let versions: [String] = {
    var names: [String] = []
    guard let stream = opendir(root) else { preconditionFailure("no \(root)") }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    precondition(names.contains(current))
    return names.sorted()
  }()

  /// - Parameter path: `VERSION/NAME`.
  static func text(_ path: String) throws -> String {
    let file = try #require(fopen(root + "/" + path, "r"), "\(path)")
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Expects that this version writes what its folder has; with `CB_WRITE_FORMATS=VERSION` writes it into that of a release.
  static func compare(_ written: String, with name: String) throws {
    if let version = getenv("CB_WRITE_FORMATS").map({ String(cString: $0) }) {
      mkdir("\(root)/\(version)", 0o755)
      let file = try #require(fopen("\(root)/\(version)/\(name)", "w"), "\(version)/\(name)")
      defer { fclose(file) }
      let bytes = Array(written.utf8)
      fwrite(bytes, 1, bytes.count, file)
    }
    #expect(try text("\(current)/\(name)") == written, "\(name)")
  }
}
