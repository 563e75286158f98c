import BreakerStore
import Glibc
import System

extension StorePlace {
  /// The bytes of a file of ours; nil if it is not there.
  func read(_ base: [UInt8], _ kind: StoreFile, limit: Int) throws(StoreError) -> [UInt8]? {
    let name = name(base, kind)
    // Again only if the file was replaced between two looks at it.
    for _ in 0..<16 {
      guard let file = try open(name, O_RDONLY, operation: "read") else { return nil }
      let status = try status(of: file, name, operation: "read")
      try check(status, name, operation: "read")
      if status.st_nlink > 1, try !isDocumentWithSafeCopy(status, base, kind) { continue }
      guard status.st_size <= limit else { throw error(.tooLarge(limit: limit), "read", name) }
      return try contents(of: file, size: Int(status.st_size), limit: limit, name)
    }
    throw foreign("a hard link", "read", name)
  }

  /// Whether all names of this file are ours: the document and its safe copy are one file after a flushed change.
  /// False as well if they were that a moment ago.
  private func isDocumentWithSafeCopy(_ file: stat, _ base: [UInt8], _ known: StoreFile) throws(StoreError) -> Bool {
    var names: nlink_t = 1
    // The temporary names are there only while a change is applied or after a crash in it.
    for kind in [StoreFile.safeCopy, .document, .temporary, .safeTemporary] where names < file.st_nlink {
      guard kind != known, let other = try status(of: name(base, kind), operation: "read") else { continue }
      if other.st_ino == file.st_ino, other.st_dev == file.st_dev { names += 1 }
    }
    return names == file.st_nlink
  }

  private func contents(
    of file: borrowing Descriptor, size: Int, limit: Int, _ name: FileName
  ) throws(StoreError) -> [UInt8] {
    // One byte more than there is, so that the first read sees the end.
    var bytes = try read(file, upTo: size + 1, name)
    if bytes.count == size { return bytes }
    // A history may grow while it is read.
    while bytes.count <= limit {
      let more = try read(file, upTo: 65536, name)
      if more.isEmpty { return bytes }
      bytes += more
    }
    throw error(.tooLarge(limit: limit), "read", name)
  }

  private func read(_ file: borrowing Descriptor, upTo size: Int, _ name: FileName) throws(StoreError) -> [UInt8] {
    let raw = file.raw
    var code: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      let result = retryingInterrupts { Glibc.read(raw, buffer.baseAddress, size) }
      if result < 0 { code = errno }
      count = max(0, result)
    }
    if code != 0 { throw error(code, "read", name) }
    return bytes
  }
}
