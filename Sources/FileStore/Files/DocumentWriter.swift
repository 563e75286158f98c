import BreakerStore
import CFiles
import Glibc
import System

extension StorePlace {
  /// Makes a new file with these bytes under a temporary name, flushed if asked. On any error it is gone again.
  ///
  /// - Parameter base: of a document whose other temporary files a crash can have left only together with `name`: they
  ///   go with it.
  func writeNew(
    _ name: FileName, _ bytes: [UInt8], flushed: Bool, withOthersOf base: [UInt8]? = nil
  ) throws(StoreError) {
    let file = try create(name, base)
    do throws(StoreError) {
      try fit(file, name)
      try write(bytes, to: file, name)
      // A failed fsync is not tried again: the kernel may have dropped the data and would report success.
      if flushed { try flush(file, name) }
    } catch {
      _ = unlinkat(descriptor, name.cString, 0)
      throw error
    }
    let code = file.close()
    if code != 0 {
      _ = unlinkat(descriptor, name.cString, 0)
      throw error(code, "write", name)
    }
  }

  /// Makes a file that must not be there. What a crash has left under its name goes first; we hold the lock.
  private func create(_ name: FileName, _ base: [UInt8]?) throws(StoreError) -> Descriptor {
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY
    for _ in 0..<2 {
      let raw = retryingInterrupts { openat(descriptor, name.cString, flags, trust.fileMode) }
      if raw >= 0 { return Descriptor(owning: raw) }
      guard errno == EEXIST else { throw error(errno, "write", name) }
      if let base {
        for file in [StoreFile.safeTemporary, .historyTemporary] {
          try unlink(self.name(base, file), operation: "write")
        }
      }
      try unlink(name, operation: "write")
    }
    throw error(EEXIST, "write", name)
  }

  /// In a shared directory the group may write, whatever our umask is.
  private func fit(_ file: borrowing Descriptor, _ name: FileName) throws(StoreError) {
    guard trust.isShared else { return }
    guard fchmod(file.raw, trust.fileMode) == 0 else { throw error(errno, "change the mode of", name) }
  }

  private func flush(_ file: borrowing Descriptor, _ name: FileName) throws(StoreError) {
    let raw = file.raw
    guard retryingInterrupts({ fsync(raw) }) == 0 else { throw error(errno, "flush", name) }
  }

  private func write(_ bytes: [UInt8], to file: borrowing Descriptor, _ name: FileName) throws(StoreError) {
    let raw = file.raw
    let code: Int32 = bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
        let written = retryingInterrupts { Glibc.write(raw, rest.baseAddress, rest.count) }
        if written < 0 { return errno }
        // Not known of regular files; a loop without end would be worse than an error.
        if written == 0 { return EIO }
        done += written
      }
      return 0
    }
    if code != 0 { throw error(code, "write", name) }
  }

  // MARK: Documents

  /// Gives the new file the name of the old one, which goes. Where nothing has to reach the disk the two names are
  /// exchanged rather than one renamed over the other: ext4 takes a rename over a file for a wish to have the new data
  /// on the disk (mount option auto_da_alloc), and waits for about a millisecond, ten times what all else takes.
  private func replace(_ document: FileName, by temporary: FileName, _ durability: Durability) throws(StoreError) {
    if durability == .unflushed, cfiles_exchange(descriptor, temporary.cString, document.cString) == 0 {
      _ = unlinkat(descriptor, temporary.cString, 0)
      return
    }
    // Flushed; or there is no old file, or the file system or the kernel cannot exchange.
    try rename(temporary, to: document)
  }

  /// Puts a new document in the place of the old one.
  ///
  /// Flushed: the data are on the disk before the file gets its two names, `.safe` and `.json`, and then the names are.
  /// `.safe` comes first, so that no state that others have seen is missing from it. Unflushed: after a power cut the
  /// rename may be there without the data, and the document empty or torn; `.safe` then still has the last state
  /// change.
  ///
  /// What leaves the document for the history is there before the document is without it. Its temporary file is made
  /// before, and outlives, every other one: so whoever finds it left by a crash, which costs nothing where there was
  /// none, removes them all.
  func replaceDocument(
    _ base: [UInt8], with bytes: [UInt8], _ durability: Durability, _ spill: HistorySpill?
  ) throws(StoreError) {
    let temporary = name(base, .temporary)
    try writeNew(temporary, bytes, flushed: durability == .flushed, withOthersOf: base)
    do throws(StoreError) {
      if let spill, !spill.lines.isEmpty { try appendHistory(base, spill, durability) }
      if durability == .flushed { try replaceSafeCopy(base, temporary, bytes) }
      try replace(name(base, .document), by: temporary, durability)
    } catch {
      _ = unlinkat(descriptor, temporary.cString, 0)
      throw error
    }
  }

  private func replaceSafeCopy(_ base: [UInt8], _ document: FileName, _ bytes: [UInt8]) throws(StoreError) {
    let temporary = name(base, .safeTemporary)
    var linked = linkat(descriptor, document.cString, descriptor, temporary.cString, 0)
    if linked != 0, errno == EEXIST {
      try unlink(temporary, operation: "write")
      linked = linkat(descriptor, document.cString, descriptor, temporary.cString, 0)
    }
    if linked != 0 {
      // File systems without hard links (FAT, some of FUSE): a second file.
      guard [EPERM, EOPNOTSUPP, ENOSYS, EMLINK].contains(errno) else { throw error(errno, "write", temporary) }
      try writeNew(temporary, bytes, flushed: true)
    }
    do throws(StoreError) {
      try rename(temporary, to: name(base, .safeCopy))
    } catch {
      _ = unlinkat(descriptor, temporary.cString, 0)
      throw error
    }
  }

  // MARK: History

  /// Adds whole lines to the history file; keeps its last half once it is over the limit.
  private func appendHistory(_ base: [UInt8], _ spill: HistorySpill, _ durability: Durability) throws(StoreError) {
    let name = name(base, .history)
    guard let file = try open(name, O_RDWR | O_CREAT | O_APPEND, operation: "write") else {
      throw error(ENOENT, "write", name)
    }
    let status = try status(of: file, name, operation: "write")
    try check(status, name, operation: "write")
    guard status.st_nlink == 1 else { throw foreign("a hard link", "write", name) }
    if status.st_size == 0 { try fit(file, name) }
    let raw = file.raw
    // A line that a crash has cut short ends here, so that it spoils no other.
    var last: UInt8 = 0
    let isTorn =
      status.st_size > 0 && pread(raw, &last, 1, status.st_size - 1) == 1 && last != UInt8(ascii: "\n")
    do throws(StoreError) {
      try write((isTorn ? [UInt8(ascii: "\n")] : []) + spill.lines, to: file, name)
      if durability == .flushed { try flush(file, name) }
    } catch {
      _ = ftruncate(raw, status.st_size)
      throw error
    }
    if Int(status.st_size) + spill.lines.count > spill.limit { try halveHistory(base, spill.limit, durability) }
  }

  private func halveHistory(_ base: [UInt8], _ limit: Int, _ durability: Durability) throws(StoreError) {
    guard let bytes = try read(base, .history, limit: .max) else { return }
    // The first whole line of the last half.
    let half = bytes.count - min(bytes.count, limit / 2)
    let start = half == 0 ? 0 : (bytes[(half - 1)...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count)
    let temporary = name(base, .historyTemporary)
    try writeNew(temporary, Array(bytes[start...]), flushed: durability == .flushed)
    do throws(StoreError) {
      try rename(temporary, to: name(base, .history))
    } catch {
      _ = unlinkat(descriptor, temporary.cString, 0)
      throw error
    }
  }
}
