import Glibc
import Settings
import Testing

/// "A setting is one row" (CONTRIBUTING.md): the name of a key is written in one place of the program.
struct SettingNameTests {
  private static let sources = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/Sources"

  /// All Swift files below a directory, by path from `Sources`, with their texts.
  private static func files(_ directory: String = "") -> [(path: String, text: String)] {
    guard let listing = opendir(sources + "/" + directory) else { return [] }
    defer { closedir(listing) }
    var files: [(path: String, text: String)] = []
    while let entry = readdir(listing) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name.hasPrefix(".") { continue }
      let path = directory.isEmpty ? name : directory + "/" + name
      if entry.pointee.d_type == UInt8(DT_DIR) {
        files += self.files(path)
      } else if name.hasSuffix(".swift") {
        files.append((path, read(sources + "/" + path)))
      }
    }
    return files
  }

  private static func read(_ path: String) -> String {
    guard let file = fopen(path, "re") else { return "" }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// What the documents of a released version said, whatever became of the keys since: a format, not a setting.
  private static let formats = "BreakerStore/Document/"

  @Test("the name of each key that has a hyphen is in quotes in one place: Sources/Settings/SettingKey.swift")
  func once() {
    let files = Self.files()
    #expect(files.count > 100)
    for key in SettingKey.allCases where key.name.utf8.contains(UInt8(ascii: "-")) {
      let places = files.filter { !$0.path.hasPrefix(Self.formats) }.flatMap { file in
        Array(repeating: file.path, count: file.text.ranges(of: "\"\(key.name)\"").count)
      }
      #expect(places == ["Settings/SettingKey.swift"], "\(key.name)")
    }
  }
}
