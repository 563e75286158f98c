import Glibc
import System
import Testing

@Suite("A replaced file")
struct ReplacedFileTests {
  private let place = Place()
  private var file: ReplacedFile { ReplacedFile(directory: place.path, name: "f") }

  @Test("takes the place of the old one, with its own mode, and leaves nothing beside it")
  func replaces() throws {
    #expect(file.write([1, 2], mode: 0o600) == 0)
    #expect(file.write([3], mode: 0o600) == 0)
    #expect(try readWholeFile("\(place.path)/f", limit: 9) == [3])
    var facts = stat()
    #expect(stat("\(place.path)/f", &facts) == 0 && facts.st_mode & 0o777 == 0o600)
    #expect(place.names == ["f"])
  }

  @Test("that is to be new leaves one that is there as it is")
  func onlyIfNew() throws {
    #expect(file.write([1], .onlyIfNew) == 0)
    #expect(file.write([2], .onlyIfNew) == EEXIST)
    #expect(try readWholeFile("\(place.path)/f", limit: 9) == [1])
    #expect(place.names == ["f"])
  }

  @Test("replaces a link, and does not write through it")
  func link() throws {
    let other = place.file("other", [9])
    #expect(symlink(other, "\(place.path)/f") == 0)
    #expect(file.write([1]) == 0)
    #expect(try readWholeFile(other, limit: 9) == [9])
    #expect(try readWholeFile("\(place.path)/f", limit: 9, flags: O_NOFOLLOW) == [1])
  }

  @Test("is written where a killed process of the same number has left its own behind")
  func leftover() throws {
    _ = place.file(".f.\(getpid())", [7])
    #expect(file.write([1]) == 0)
    #expect(place.names == ["f"])
  }

  @Test("says why it cannot be written")
  func failures() {
    #expect(ReplacedFile(directory: "\(place.path)/none", name: "f").write([1]) == ENOENT)
    #expect(ReplacedFile(directory: "/dev/full", name: "f").write([1]) == ENOTDIR)
    mkdir("\(place.path)/f", 0o700)
    #expect(file.write([1]) == EISDIR)
    #expect(place.names == ["f"])
    rmdir("\(place.path)/f")
  }
}
