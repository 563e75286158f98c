import BreakerStore
import Glibc
import System

/// Where the files of a store are, for the `*at` system calls: a directory's descriptor, which `OpenDirectory` owns and
/// which outlives this, or none with the directory's path before each name. Each method is one thin layer over one
/// system call, with the checks that make following a planted file impossible.
struct StorePlace {
  let descriptor: Int32
  /// Before each name: empty with a descriptor, else the directory's path and a slash.
  let prefix: [UInt8]
  /// Of the directory, with a slash at its end; for messages and for calls that want the whole path.
  let path: [UInt8]
  let trust: DirectoryTrust

  func name(_ base: [UInt8], _ file: StoreFile) -> FileName { FileName(prefix, base, file.suffix) }

  /// The name under which a damaged document is set aside.
  func asideName(_ base: [UInt8], _ stamp: [UInt8]) -> FileName { FileName(prefix, base, ".json.damaged-", stamp) }

  func error(_ code: Int32, _ operation: String, _ name: FileName) -> StoreError {
    StoreError(code: code, operation, display(name))
  }

  func error(_ kind: StoreError.Kind, _ operation: String, _ name: FileName) -> StoreError {
    StoreError(kind, operation, display(name))
  }

  private func display(_ name: FileName) -> String {
    (prefix.isEmpty ? String(decoding: path, as: UTF8.self) : "") + name.text
  }

  /// Opens a file of ours; nil if it is not there. No symbolic link is followed, a FIFO cannot make it wait, and no
  /// terminal becomes ours.
  func open(_ name: FileName, _ flags: Int32, operation: String) throws(StoreError) -> Descriptor? {
    let all = flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
    let raw = retryingInterrupts { openat(descriptor, name.cString, all, trust.fileMode) }
    if raw >= 0 { return Descriptor(owning: raw) }
    switch errno {
    case ENOENT: return nil
    case ELOOP: throw foreign("a symbolic link", operation, name)
    case ENXIO: throw foreign("a FIFO or a socket", operation, name)
    case EISDIR: throw foreign("a directory", operation, name)
    default: throw error(errno, operation, name)
    }
  }

  func status(of file: borrowing Descriptor, _ name: FileName, operation: String) throws(StoreError) -> stat {
    var status = stat()
    guard fstat(file.raw, &status) == 0 else { throw error(errno, operation, name) }
    return status
  }

  /// Of the name itself, never of what a link points to; nil if it is not there.
  func status(of name: FileName, operation: String) throws(StoreError) -> stat? {
    var status = stat()
    if fstatat(descriptor, name.cString, &status, AT_SYMLINK_NOFOLLOW) == 0 { return status }
    if errno == ENOENT { return nil }
    throw error(errno, operation, name)
  }

  /// Throws unless this is a regular file that may be ours. Hard links are the caller's to judge.
  func check(_ status: stat, _ name: FileName, operation: String) throws(StoreError) {
    guard status.st_mode & S_IFMT == S_IFREG else { throw foreign(kind(of: status), operation, name) }
    guard trust.accepts(owner: status.st_uid) else {
      throw error(
        .insecure(reason: "it belongs to user \(status.st_uid)", hint: "see who made it, and remove it"), operation,
        name)
    }
  }

  func foreign(_ what: String, _ operation: String, _ name: FileName) -> StoreError {
    error(.insecure(reason: "it is \(what), not a file of cb", hint: "see who made it, and remove it"), operation, name)
  }

  private func kind(of status: stat) -> String {
    switch status.st_mode & S_IFMT {
    case S_IFDIR: "a directory"
    case S_IFLNK: "a symbolic link"
    case S_IFIFO: "a FIFO"
    case S_IFSOCK: "a socket"
    default: "a device"
    }
  }

  /// False if it was not there.
  @discardableResult
  func unlink(_ name: FileName, operation: String) throws(StoreError) -> Bool {
    if unlinkat(descriptor, name.cString, 0) == 0 { return true }
    if errno == ENOENT { return false }
    throw error(errno, operation, name)
  }

  func rename(_ old: FileName, to new: FileName) throws(StoreError) {
    guard renameat(descriptor, old.cString, descriptor, new.cString) == 0 else { throw error(errno, "replace", new) }
  }
}
