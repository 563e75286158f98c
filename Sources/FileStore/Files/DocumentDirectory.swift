package import BreakerStore
import Glibc

/// How much a change must survive.
package enum Durability: Sendable {
  /// A power cut: flushed to the disk before it is acknowledged. For changes of state.
  case flushed
  /// The death of any process. For bookkeeping, which is not worth waiting for the disk.
  case unflushed
}

/// Lines that leave the document for the history file beside it.
package struct HistorySpill: Equatable, Sendable {
  /// Whole lines, each with its newline.
  package var lines: [UInt8]
  /// Bytes; when the file is larger, its older half goes.
  package var limit: Int

  /// `limit` in bytes, of the whole history file.
  package init(lines: [UInt8], limit: Int) {
    self.lines = lines
    self.limit = limit
  }
}

/// What to do with a document, decided while its lock is held.
package enum DocumentChange: Equatable, Sendable {
  /// Nothing is written.
  case none
  /// A new document. The spill is written first: a process killed between the two leaves lines both in the history
  /// file and in the old document, so they need a number by which readers tell that they are the same.
  case replace([UInt8], Durability, spill: HistorySpill? = nil)
  /// Document, safe copy and history go, and this is flushed. The lock file stays.
  case remove
}

/// A directory of named documents of bytes, which knows nothing of breakers: BASE.json the document, BASE.lock its
/// lock, BASE.safe the last flushed document, BASE.history lines that left it, and `.tmp` files only while the lock is
/// held. It is a value without open files; each method opens what it needs, so that nothing is inherited or stale.
package struct DocumentDirectory: Sendable {
  /// Bytes of the path, without a slash at the end.
  package let path: [UInt8]
  /// How long `change` waits for another process, in milliseconds.
  package var lockTimeout: Int64
  /// A larger document or history is not ours, in bytes.
  package static let sizeLimit = 16 << 20
  package static let historySizeLimit = 64 << 20

  /// Nothing is opened or made yet. A path that does not exist is an empty store.
  package init(path: [UInt8], lockTimeout: Int64 = 2000) {
    var path = path
    while path.count > 1, path.last == UInt8(ascii: "/") { path.removeLast() }
    self.path = path.isEmpty ? [UInt8(ascii: ".")] : path
    self.lockTimeout = lockTimeout
  }

  /// The same for a path that is UTF-8.
  package init(path: String, lockTimeout: Int64 = 2000) {
    self.init(path: Array(path.utf8), lockTimeout: lockTimeout)
  }

  // MARK: Reading, which never writes and takes no lock

  /// The document, or nil if there is none: documents are replaced whole, so what is read is one state or another.
  /// Five system calls.
  package func read(_ name: DocumentName) throws(StoreError) -> [UInt8]? {
    try look()?.read(name.base, .document, limit: Self.sizeLimit)
  }

  /// The last flushed document, for a reader that finds the current one unreadable after a reboot.
  package func readSafeCopy(_ name: DocumentName) throws(StoreError) -> [UInt8]? {
    try look()?.read(name.base, .safeCopy, limit: Self.sizeLimit)
  }

  /// The lines that were spilled, oldest first; nil if there are none. A line that is not JSON was cut short by a crash.
  package func history(_ name: DocumentName) throws(StoreError) -> [UInt8]? {
    try look()?.read(name.base, .history, limit: Self.historySizeLimit)
  }

  /// The directory by its path, checked with one system call; nil if there is none.
  private func look() throws(StoreError) -> StorePlace? {
    let name = FileName(path)
    var status = stat()
    guard stat(name.cString, &status) == 0 else {
      if errno == ENOENT { return nil }
      throw StoreError(code: errno, "read", name.text)
    }
    let trust = try DirectoryTrust(status, path: name.text, operation: "use")
    let prefix = path + [UInt8(ascii: "/")]
    return StorePlace(descriptor: AT_FDCWD, prefix: prefix, path: prefix, trust: trust)
  }

  /// The names of all documents, sorted by their bytes. Files that are not documents are skipped.
  package func names() throws(StoreError) -> [DocumentName] {
    guard let directory = try OpenDirectory.open(path, create: false) else { return [] }
    let names = try scan(directory.place)
    _ = consume directory  // open until here, as `place` needs
    return names.sorted()
  }

  /// Reads every document in the order of `names`, with the directory opened and checked but once. One that cannot be
  /// read is an error of its own and keeps no other from being read; one removed meanwhile is left out.
  package func forEachDocument(
    _ body: (DocumentName, Result<[UInt8], StoreError>) -> Void
  ) throws(StoreError) {
    guard let directory = try OpenDirectory.open(path, create: false) else { return }
    for name in try scan(directory.place).sorted() {
      do throws(StoreError) {
        if let bytes = try directory.place.read(name.base, .document, limit: Self.sizeLimit) {
          body(name, .success(bytes))
        }
      } catch {
        body(name, .failure(error))
      }
    }
    _ = consume directory
  }

  private func scan(_ place: StorePlace) throws(StoreError) -> [DocumentName] {
    let directory = FileName(path)
    // A descriptor of its own, since closedir closes it.
    guard let stream = opendir(directory.cString) else { throw StoreError(code: errno, "read", directory.text) }
    defer { closedir(stream) }
    var names: [DocumentName] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let type = Int32(entry.pointee.d_type)
      guard type == DT_REG || type == DT_UNKNOWN, let base = documentBase(entry), let name = DocumentName(base: base)
      else { continue }
      if type == DT_UNKNOWN {
        let status = try place.status(of: place.name(base, .document), operation: "read")
        guard let status, status.st_mode & S_IFMT == S_IFREG else { continue }
      }
      names.append(name)
    }
    if errno != 0 { throw StoreError(code: errno, "read", directory.text) }
    return names
  }

  /// The name without `.json`; nil if it has another ending.
  private func documentBase(_ entry: UnsafeMutablePointer<dirent>) -> [UInt8]? {
    guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return nil }
    let start = UnsafeRawPointer(entry) + offset
    let length = strlen(start.assumingMemoryBound(to: CChar.self))
    let suffix = StoreFile.document.suffix
    let base = length - suffix.utf8CodeUnitCount
    guard base > 0, memcmp(start + base, suffix.utf8Start, suffix.utf8CodeUnitCount) == 0 else { return nil }
    return Array(UnsafeRawBufferPointer(start: start, count: base))
  }

  // MARK: Changing

  /// Takes the document's lock, reads it, lets `body` decide, does what it says, and lets the lock go. `body` must be
  /// quick. It is called once, or not at all if this throws before it; what it throws is passed on, and nothing is
  /// written then but what it has set aside.
  package func change<T>(
    _ name: DocumentName, _ body: (borrowing DocumentContents) throws(StoreError) -> (T, DocumentChange)
  ) throws(StoreError) -> T {
    let deadline = LockDeadline(milliseconds: lockTimeout)
    repeat {
      guard let directory = try OpenDirectory.open(path, create: true) else { continue }
      guard let lock = try FileLock.acquire(name.base, in: directory.place, deadline: deadline) else { continue }
      let place = directory.place
      let document = try place.read(name.base, .document, limit: Self.sizeLimit)
      let (result, change) = try body(DocumentContents(document: document, base: name.base, place: place))
      try apply(change, name.base, directory)
      // Both are held until here, whatever the optimizer thinks of their last use.
      _ = consume lock
      _ = consume directory
      return result
    } while !deadline.isOver
    let lock = FileName(path + [UInt8(ascii: "/")], name.base, StoreFile.lock.suffix)
    throw StoreError(.locked(milliseconds: lockTimeout), "lock", lock.text)
  }

  private func apply(
    _ change: DocumentChange, _ base: [UInt8], _ directory: borrowing OpenDirectory
  ) throws(StoreError) {
    let place = directory.place
    switch change {
    case .none: return
    case .replace(let bytes, let durability, let spill):
      try place.replaceDocument(base, with: bytes, durability, spill)
      if durability == .flushed { try directory.flush() }
    case .remove:
      // The document before its safe copy: a power cut in between would else leave one that may be torn, and nothing to
      // make up for it. A safe copy that outlives it is not taken for that of a later breaker of this name, since the
      // first change of that one replaces it before there is a document.
      for file in [StoreFile.safeTemporary, .historyTemporary, .temporary, .history, .document, .safeCopy] {
        try place.unlink(place.name(base, file), operation: "remove")
      }
      try directory.flush()
    }
  }
}
