import Glibc
import System
import TestSupport
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
  private let place = TemporaryPlace("cb-system")
  var path: String { place.path }

  /// What is in it, sorted.
  var names: [String] { directoryEntries(path) }

  func file(_ name: String, _ bytes: [UInt8]) -> String {
    let file = "\(path)/\(name)"
    #expect(writeFile(file, bytes))
    return file
  }
}
