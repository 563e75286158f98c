import Glibc
import System
import Testing

@Suite("Reading a whole file")
struct WholeFileTests {
  private let place = Place()

  @Test(
    "gives every byte of a file up to the limit, and refuses one byte more", arguments: [0, 1, 4095, 4096, 4097, 20000])
  func limit(_ size: Int) throws {
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
    let path = place.file("f", bytes)
    #expect(try readWholeFile(path, limit: size) == bytes)
    #expect(try readWholeFile(path, limit: size + 1) == bytes)
    if size > 0 {
      #expect(throws: WholeFileFailure.tooLarge) { try readWholeFile(path, limit: size - 1) }
    }
  }

  @Test("says why a file cannot be read")
  func failures() {
    #expect(throws: WholeFileFailure.notOpened(ENOENT)) { try readWholeFile("\(place.path)/none", limit: 9) }
    #expect(throws: WholeFileFailure.notRead(EISDIR)) { try readWholeFile(place.path, limit: 9) }
    #expect(throws: WholeFileFailure.tooLarge) { try readWholeFile("/dev/zero", limit: 100_000) }
  }

  @Test("takes what a pipe brings in pieces")
  func pieces() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let writer = ends[1]
    for byte in [UInt8(1), 2, 3] {
      var byte = byte
      #expect(write(writer, &byte, 1) == 1)
    }
    close(writer)
    #expect(try readWhole(Descriptor(owning: ends[0]), limit: 3) == [1, 2, 3])
  }
}

/// A directory of a test's own, removed with it.
final class Place: Sendable {
  let path: String

  init() {
    var template = Array("/tmp/cb-system-XXXXXX".utf8CString)
    path = mkdtemp(&template).map { String(cString: $0) } ?? "/nonexistent"
  }

  deinit {
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  /// What is in it, sorted.
  var names: [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
      names.append(String(cString: (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self)))
    }
    return names.filter { $0 != "." && $0 != ".." }.sorted()
  }

  func file(_ name: String, _ bytes: [UInt8]) -> String {
    let file = "\(path)/\(name)"
    let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    #expect(write(descriptor, bytes, bytes.count) == bytes.count)
    close(descriptor)
    return file
  }
}
