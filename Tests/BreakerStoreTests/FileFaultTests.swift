import CircuitBreaker
import Glibc
import Testing

@testable import BreakerStore
@testable import FileStore

extension FileStoreTests {
  @Suite struct Faults {
    let temporary = TemporaryDirectory()
    let name: DocumentName

    init() throws { name = DocumentName(try BreakerName("a")) }

    private var store: String { temporary.store }

    /// The store is as before, nothing temporary is left, and the next change works.
    private func expectIntact(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
      #expect(try temporary.files.text(name) == text, sourceLocation: sourceLocation)
      #expect(!temporary.entries().contains { $0.hasSuffix(".tmp") }, sourceLocation: sourceLocation)
      try temporary.files.put(name, text, .flushed)
      #expect(try temporary.files.text(name) == text, sourceLocation: sourceLocation)
    }

    @Test func `a limit on file size is one clear error, and the old document stays`() throws {
      try temporary.files.put(name, "old", .flushed)
      let answer = exercise([store, "put", "a", "5000"], ["EXERCISER_FSIZE": "4096"]).finish()
      #expect(answer.hasPrefix("error tooLarge(limit: nil): cannot write \(store)/a.json.tmp: file too large;"))
      try expectIntact("old")
    }

    @Test func `a full file system is one clear error, and the old document stays`() throws {
      temporary.makeStore()
      #expect(mount("none", store, "tmpfs", 0, "size=64k,mode=700") == 0)
      defer { umount(store) }
      try temporary.files.put(name, "old", .flushed)
      for durability in ["flushed", "unflushed"] {
        let answer = exercise([store, "put", "a", "200000", durability]).finish()
        #expect(answer.hasPrefix("error full: cannot write \(store)/a.json.tmp: no space left on device; free"))
        try expectIntact("old")
      }
      // Not even room for a history line: what was written of it goes again.
      let history = HistorySpill(lines: [UInt8](repeating: 65, count: 200_000) + [10], limit: 1 << 30)
      let error = storeError { () throws(StoreError) in
        try temporary.files.change(name) { _ throws(StoreError) in ((), .replace([1], .unflushed, spill: history)) }
      }
      #expect(error?.kind == .full)
      #expect(try temporary.files.history(name) == [])
      try expectIntact("old")
    }

    @Test func `a read-only file system is one clear error, and can be read`() throws {
      temporary.makeStore()
      #expect(mount("none", store, "tmpfs", 0, "size=64k,mode=700") == 0)
      defer { umount(store) }
      try temporary.files.put(name, "old", .flushed)
      #expect(mount("none", store, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), "size=64k") == 0)
      #expect(try temporary.files.text(name) == "old")
      let error = storeError { () throws(StoreError) in try temporary.files.put(name, "new") }
      #expect(error?.kind == .readOnly)
      #expect(error?.description.contains("--store") == true)
      let new = DocumentDirectory(path: store + "/x/y")
      #expect(storeError { () throws(StoreError) in try new.put(name, "1") }?.kind == .readOnly)
      #expect(try new.read(name) == nil)
    }

    @Test func `no descriptor left is one clear error`() throws {
      try temporary.files.put(name, "old", .flushed)
      for count in 3...6 {
        let answer = exercise([store, "put", "a", "1", "flushed"], ["EXERCISER_NOFILE": "\(count)"]).finish()
        #expect(answer == "ok" || answer.hasPrefix("error tooManyOpenFiles: cannot "))
        if answer != "ok" { try expectIntact("old") } else { #expect(count > 4) }
      }
    }

    // MARK: Tampering with every system call on the store, by strace

    private static let errors: [String: [String]] = [
      "openat": ["EACCES", "EMFILE", "ENOSPC", "EINTR"], "newfstatat": ["EACCES", "EIO"], "flock": ["ENOLCK", "EINTR"],
      "read": ["EIO", "EINTR"], "write": ["ENOSPC", "EDQUOT", "EINTR"], "fsync": ["EIO", "EINTR"],
      "linkat": ["ENOSPC", "EPERM"], "renameat": ["EIO", "EROFS"], "close": ["EIO", "EDQUOT"], "pread64": ["EIO"],
      "unlinkat": ["EIO"],
    ]

    /// Keeps strace to calls on the store, so that the start of the process is neither traced nor tampered with.
    private var tracing: [String] {
      let files = ["", "/a.json", "/a.lock", "/a.safe", "/a.json.tmp", "/a.safe.tmp", "/a.history", "/a.history.tmp"]
      return ["strace"] + files.flatMap { ["-P", store + $0] }
    }

    /// How often each system call is made on the store.
    private func calls(_ command: [String]) -> [(key: String, value: Int)] {
      let trace = temporary.path + "/trace"
      #expect(run(tracing + ["-o", trace, Programs.exerciser] + command) == "ok")
      let names = run(["/bin/cat", trace]).split(separator: "\n").filter { $0.contains("(") }.map {
        $0.prefix { $0 != "(" }
      }
      return Dictionary(grouping: names, by: String.init).mapValues(\.count).sorted { $0.key < $1.key }
    }

    private func tampered(_ command: [String], _ call: String, _ tampering: String) -> String {
      run(tracing + ["-o", "/dev/null", "-e", "inject=\(call):\(tampering)", Programs.exerciser] + command)
    }

    /// A store in which the next flushed `spill` takes every path: a safe copy, a history that is to be halved.
    private func prepare() throws {
      temporary.makeStore()
      try temporary.files.put(name, "old", .flushed)
      temporary.write("a.history", String(repeating: "0123456789\n", count: 100))
    }

    @Test func `an error of any system call is one clear line, and nothing is half-written`() throws {
      try prepare()
      let command = [store, "spill", "a", "flushed"]
      var failed = 0
      for (call, count) in calls(command) {
        for code in try #require(Self.errors[call], "a system call that is not tampered with: \(call)") {
          for occurrence in 1...count {
            try prepare()
            let answer = tampered(command, call, "error=\(code):when=\(occurrence)")
            let text = try temporary.files.text(name)
            let point: Comment = "\(call) \(code) \(occurrence): \(answer)"
            if answer == "ok" {
              // Interrupted, or without need: a file that is closed though the kernel objects, no hard links.
              #expect(text == "new", point)
              #expect(["EINTR", "EPERM", "EIO", "EDQUOT"].contains(code), point)
            } else {
              failed += 1
              #expect(answer.hasPrefix("error ") && answer.contains("cannot ") && answer.contains(store), point)
              #expect(!answer.contains("\n") && code != "EINTR", point)
              // What fails after the rename, the flush of the directory, leaves the new document.
              #expect(text == "old" || (text == "new" && call == "fsync"), point)
            }
            #expect(!temporary.entries().contains { $0.hasSuffix(".tmp") }, point)
            try temporary.files.put(name, "next", .flushed)
            #expect(try temporary.files.text(name) == "next", point)
          }
        }
      }
      #expect(failed > 30)
    }

    @Test func `a process killed before any system call leaves the old or the new document, and the next one works`()
      throws
    {
      try prepare()
      let command = [store, "spill", "a", "flushed"]
      var old = 0
      var new = 0
      for (call, count) in calls(command) {
        for occurrence in 1...count {
          try prepare()
          let answer = tampered(command, call, "signal=KILL:when=\(occurrence)")
          #expect(answer == "")
          let text = try temporary.files.text(name)
          #expect(text == "old" || text == "new", "\(call) \(occurrence)")
          if text == "old" { old += 1 } else { new += 1 }
          // The lines are in the history before the document lets go of them.
          let history = try #require(try temporary.files.history(name))
          #expect(text == "old" || String(decoding: history, as: UTF8.self).hasSuffix("spilled\n"))
          #expect(exercise(command).finish() == "ok")
          #expect(try temporary.files.text(name) == "new")
          #expect(!temporary.entries().contains { $0.hasSuffix(".tmp") && $0 != "a.history.tmp" })
        }
      }
      #expect(old > 20 && new >= 3)
    }

    @Test func `a failed flush is not tried again`() throws {
      try temporary.files.put(name, "old", .flushed)
      let trace = temporary.path + "/trace"
      let answer = run([
        "strace", "-o", trace, "-e", "trace=fsync", "-e", "inject=fsync:error=EIO:when=1", Programs.exerciser, store,
        "put", "a",
        "1", "flushed",
      ])
      #expect(answer.hasPrefix("error io: cannot flush \(store)/a.json.tmp: input/output error;"))
      #expect(run(["grep", "-c", "fsync", trace]) == "1")
      try expectIntact("old")
    }

    @Test func `a change without flush does not wait for the disk, and one with it flushes file and directory`() throws
    {
      try temporary.files.put(name, "old", .flushed)
      for (durability, count) in [("unflushed", "0"), ("flushed", "2")] {
        let trace = temporary.path + "/trace"
        #expect(
          run([
            "strace", "-o", trace, "-e", "trace=fsync,fdatasync,sync,syncfs", Programs.exerciser, store, "put", "a",
            "1",
            durability,
          ]) == "ok")
        #expect(run(["grep", "-c", "sync", trace]) == count)
      }
    }

    @Test func `a file system without hard links gets a second file as the safe copy`() throws {
      try temporary.files.put(name, "old", .flushed)
      #expect(tampered([store, "put", "a", "3", "flushed"], "linkat", "error=EPERM") == "ok")
      #expect(try temporary.files.text(name) == "nnn")
      #expect(try temporary.files.readSafeCopy(name) == Array("nnn".utf8))
      #expect(temporary.status("a.safe").st_ino != temporary.status("a.json").st_ino)
    }
  }
}

@Suite struct StoreErrorTests {
  @Test(
    arguments: [
      (ENOSPC, .full), (EDQUOT, .full), (EROFS, .readOnly), (EACCES, .permission), (EPERM, .permission), (EIO, .io),
      (EMFILE, .tooManyOpenFiles),
      (ENFILE, .tooManyOpenFiles), (ENOLCK, .noLocks), (EFBIG, .tooLarge(limit: nil)), (ENOTDIR, .notADirectory),
      (ENOENT, .unreachable),
      (EBADF, .io),
    ] as [(Int32, StoreError.Kind)])
  func `every errno has its kind and one line for users`(code: Int32, kind: StoreError.Kind) {
    let error = StoreError(code: code, "write", "/x/a\u{1b}[1m.json")
    #expect(error.kind == kind)
    #expect(error.code == code)
    #expect(error.description.hasPrefix("cannot write /x/a\\u{1B}[1m.json: "))
    #expect(error.description.contains("; "))
    #expect(error.description.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
  }

  @Test func `the other kinds say what to do as well`() {
    let kinds: [StoreError.Kind] = [
      .locked(milliseconds: 2000), .insecure(reason: "r", hint: "h"), .tooLarge(limit: 5),
      .newer("the format 3"), .damaged(reason: "d"),
    ]
    for kind in kinds { #expect(StoreError(kind, "read", "p").description.split(separator: ";").count == 2, "\(kind)") }
    #expect(
      StoreError(.redis("timed out after 500 ms"), "reach", "redis://h").description
        == "cannot reach redis://h: timed out after 500 ms")
  }
}
