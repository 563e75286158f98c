import CircuitBreaker
import Glibc
import Testing

@testable import BreakerStore
@testable import FileStore

extension FileStoreTests {
  @Suite struct Documents {
    let temporary = TemporaryDirectory()
    let name: DocumentName

    init() throws { name = DocumentName(try BreakerName("a")) }

    private var files: DocumentDirectory { temporary.files }

    @Test func `a directory that does not exist is an empty store, and reading does not make it`() throws {
      #expect(try files.read(name) == nil)
      #expect(try files.readSafeCopy(name) == nil)
      #expect(try files.history(name) == nil)
      #expect(try files.names() == [])
      #expect(access(temporary.store, F_OK) != 0)
    }

    @Test func `the first change makes the directory, its parents and its files for the owner alone`() throws {
      let old = umask(0)
      defer { umask(old) }
      let files = DocumentDirectory(path: temporary.store + "/b/c")
      try files.put(name, "1")
      for directory in ["", "b", "b/c"] { #expect(temporary.mode(directory) == 0o700) }
      #expect(temporary.mode("b/c/a.json") == 0o600)
      #expect(temporary.mode("b/c/a.lock") == 0o600)
      #expect(try files.text(name) == "1")
    }

    @Test func `a change sees what is there, and replaces it whole`() throws {
      try files.put(name, "a long first document")
      let seen = try files.change(name) { contents throws(StoreError) in
        (contents.document.map { String(decoding: $0, as: UTF8.self) }, .replace(Array("2".utf8), .unflushed))
      }
      #expect(seen == "a long first document")
      #expect(try files.text(name) == "2")
      #expect(temporary.entries() == ["a.json", "a.lock"])
    }

    @Test func `a change of nothing writes nothing`() throws {
      try files.put(name, "1")
      let before = temporary.status("a.json")
      #expect(try files.change(name) { _ throws(StoreError) in (7, .none) } == 7)
      #expect(temporary.status("a.json").st_ino == before.st_ino)
      #expect(temporary.status("a.json").st_ctim.tv_nsec == before.st_ctim.tv_nsec)
    }

    @Test func `a body that throws changes nothing`() throws {
      try files.put(name, "1", .flushed)
      let thrown = StoreError(.newer("the format 2"), "read", "x")
      let error = storeError { () throws(StoreError) in
        try files.change(name) { _ throws(StoreError) in throw thrown }
      }
      #expect(error == thrown)
      #expect(try files.text(name) == "1")
      #expect(temporary.entries() == ["a.json", "a.lock", "a.safe"])
    }

    @Test func `a flushed document is kept as the safe copy while unflushed ones follow`() throws {
      try files.put(name, "1", .flushed)
      #expect(temporary.status("a.json").st_ino == temporary.status("a.safe").st_ino)
      #expect(try files.text(name) == "1")
      try files.put(name, "2")
      try files.put(name, "3")
      #expect(try files.text(name) == "3")
      let safe = try files.change(name) { contents throws(StoreError) in (try contents.safeCopy(), .none) }
      #expect(safe == Array("1".utf8))
      try files.put(name, "4", .flushed)
      #expect(try files.readSafeCopy(name) == Array("4".utf8))
      #expect(temporary.entries() == ["a.json", "a.lock", "a.safe"])
    }

    @Test func `remove leaves the lock alone and no other document`() throws {
      let other = DocumentName(try BreakerName("b"))
      try files.put(other, "other", .flushed)
      try files.change(name) { _ throws(StoreError) in
        ((), .replace([1], .flushed, spill: HistorySpill(lines: [10], limit: 99)))
      }
      for leftover in ["a.json.tmp", "a.safe.tmp", "a.history.tmp"] { temporary.write(leftover, "x") }
      try files.change(name) { _ throws(StoreError) in ((), .remove) }
      #expect(temporary.entries() == ["a.lock", "b.json", "b.lock", "b.safe"])
      #expect(try files.read(name) == nil)
      try files.change(name) { _ throws(StoreError) in ((), .remove) }
      #expect(try files.text(other) == "other")
    }

    @Test func `a damaged document is set aside under a name that says when, never over another`() throws {
      for number in 1...3 {
        temporary.makeStore()
        temporary.write("a.json", "damaged \(number)")
        let aside = try files.change(name) { contents throws(StoreError) in
          (try contents.setAside(wallMilliseconds: 1_767_323_045_999), .replace(Array("new".utf8), .flushed))
        }
        let file = "a.json.damaged-20260102T030405Z" + (number == 1 ? "" : "-\(number)")
        #expect(aside == temporary.store + "/" + file)
        #expect(temporary.text(file) == "damaged \(number)")
        #expect(try files.text(name) == "new")
      }
      #expect(try files.names() == [name])
    }

    @Test func `what a crash has left under temporary names is swept away`() throws {
      try files.put(name, "1", .flushed)
      for leftover in ["a.json.tmp", "a.safe.tmp", "a.history.tmp"] { temporary.write(leftover, "torn") }
      try files.change(name) { _ throws(StoreError) in
        ((), .replace(Array("2".utf8), .flushed, spill: HistorySpill(lines: Array("0123456789\n".utf8), limit: 8)))
      }
      #expect(temporary.entries() == ["a.history", "a.json", "a.lock", "a.safe"])
      #expect(try files.text(name) == "2")
    }

    @Test func `a crash between the names of a flushed document harms nothing`() throws {
      try files.put(name, "1", .flushed)
      // Killed after the safe copy was renamed, and after it was linked.
      temporary.write("a.json.tmp", "2")
      link(temporary.store + "/a.json.tmp", temporary.store + "/a.safe.tmp")
      #expect(try files.text(name) == "1")
      rename(temporary.store + "/a.safe.tmp", temporary.store + "/a.safe")
      #expect(try files.text(name) == "1")
      #expect(try files.readSafeCopy(name) == Array("2".utf8))
      try files.put(name, "3", .flushed)
      #expect(try files.text(name) == "3")
      #expect(temporary.entries() == ["a.json", "a.lock", "a.safe"])
    }

    @Test func `the list has real documents only, sorted`() throws {
      let texts = ["zeta", ".dot", "a b", "é", "x.json", String(repeating: "€", count: 40), "B"]
      for text in texts { try files.put(DocumentName(try BreakerName(text)), text, .flushed) }
      for stray in [
        "no-document", "a b.json", "%2f.json", ".json", "q.json.tmp", "q.json.damaged-20260102T030405Z", "q.lock",
      ] {
        temporary.write(stray, "x")
      }
      mkdir(temporary.store + "/directory.json", 0o700)
      symlink("zeta.json", temporary.store + "/link.json")
      mkfifo(temporary.store + "/fifo.json", 0o600)
      let expected = texts.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      #expect(try files.names().map(\.name.text) == expected)
      var read: [String] = []
      try files.forEachDocument { name, bytes in
        #expect((try? bytes.get()).map { String(decoding: $0, as: UTF8.self) } == name.name.text)
        read.append(name.name.text)
      }
      #expect(read == expected)
    }

    @Test func `a document that cannot be read keeps no other from being read`() throws {
      try files.put(name, "1")
      temporary.write("b.json", "x")
      link(temporary.store + "/b.json", temporary.path + "/elsewhere")
      var results: [String: Bool] = [:]
      try files.forEachDocument { name, bytes in results[name.name.text] = (try? bytes.get()) != nil }
      #expect(results == ["a": true, "b": false])
    }

    @Test func `a large document comes back whole, one beyond the limit is refused`() throws {
      let large = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      try files.change(name) { _ throws(StoreError) in ((), .replace(large, .unflushed)) }
      #expect(try files.read(name) == large)
      try files.change(name) { _ throws(StoreError) in ((), .replace([], .unflushed)) }
      #expect(try files.read(name) == [])
      truncate(temporary.store + "/a.json", DocumentDirectory.sizeLimit + 1)
      let error = storeError { () throws(StoreError) in _ = try files.read(name) }
      #expect(error?.kind == .tooLarge(limit: DocumentDirectory.sizeLimit))
    }

    @Test func `paths may be relative, end in slashes, or be no UTF-8`() throws {
      let plain = DocumentDirectory(path: temporary.path + "/x//")
      try plain.put(name, "1")
      #expect(try DocumentDirectory(path: temporary.path + "/x").text(name) == "1")
      let bytes = Array((temporary.path + "/y").utf8) + [0xFF]
      try DocumentDirectory(path: bytes).put(name, "2")
      #expect(try DocumentDirectory(path: bytes).text(name) == "2")
      let here = open(".", O_RDONLY | O_CLOEXEC)
      defer {
        fchdir(here)
        close(here)
      }
      chdir(temporary.path)
      #expect(try DocumentDirectory(path: "x").text(name) == "1")
      try DocumentDirectory(path: "z/new").put(name, "3")
      #expect(try DocumentDirectory(path: "./z/new").text(name) == "3")
    }

    @Test func `a cleaner that removes the directory or the document costs nothing but their content`() throws {
      try files.put(name, "1", .flushed)
      unlink(temporary.store + "/a.json")
      #expect(try files.read(name) == nil)
      _ = run(["/bin/rm", "-rf", temporary.store])
      try files.put(name, "2")
      #expect(try files.text(name) == "2")
    }
  }

  @Suite struct History {
    let temporary = TemporaryDirectory()
    let name: DocumentName

    init() throws { name = DocumentName(try BreakerName("a")) }

    private func spill(_ lines: String, limit: Int = 1000) throws(StoreError) {
      try temporary.files.change(name) { _ throws(StoreError) in
        ((), .replace([], .unflushed, spill: HistorySpill(lines: Array(lines.utf8), limit: limit)))
      }
    }

    private func history() throws -> String? {
      try temporary.files.history(name).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `lines are added at the end`() throws {
      try spill("1\n2\n")
      try spill("3\n")
      try spill("")
      #expect(try history() == "1\n2\n3\n")
      #expect(temporary.mode("a.history") == 0o600)
    }

    @Test func `a torn last line spoils no other`() throws {
      try spill("1\n")
      temporary.write("a.history", "1\n{\"to")
      try spill("2\n")
      #expect(try history() == "1\n{\"to\n2\n")
    }

    @Test func `over its limit the older half goes, and only whole lines stay`() throws {
      for number in 100..<200 { try spill("line \(number)\n", limit: 180) }
      let lines = try #require(try history()).split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.last == "")
      let numbers = lines.dropLast().map { Int($0.dropFirst(5))! }
      #expect(numbers == Array((200 - numbers.count)..<200))
      #expect(numbers.count >= 9 && numbers.count <= 20)
      #expect(temporary.entries() == ["a.history", "a.json", "a.lock"])
    }

    @Test func `one line longer than the limit leaves an empty history`() throws {
      try spill(String(repeating: "x", count: 50) + "\n", limit: 20)
      #expect(try history() == "")
    }
  }
}
