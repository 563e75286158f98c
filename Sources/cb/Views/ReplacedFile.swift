import Glibc

/// A file that is there whole, old or new, at every moment: written beside its place and renamed over it.
///
/// Not flushed to the disk: after a power cut the next run of the job writes it again.
struct ReplacedFile {
  let path: String
  /// The option that named it, for messages.
  var option = "--output"

  /// Empty, or with a slash at its end.
  private var directory: String {
    path.split(separator: "/", omittingEmptySubsequences: false).dropLast().map { $0 + "/" }.joined()
  }

  /// `.cb.prom.tmp-123` for `cb.prom`, less the number of the process: not shown, and without an ending that a collector
  /// would read.
  private var prefix: String {
    ".\(path.split(separator: "/", omittingEmptySubsequences: false).last ?? "").tmp-"
  }

  /// Removes what killed processes have left behind: files of this name whose number no process has, or has again.
  private func removeLeftBehind() {
    guard let stream = opendir(directory.isEmpty ? "." : directory) else { return }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return }
      let name = String(cString: (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self))
      guard name.hasPrefix(prefix), let number = pid_t(name.dropFirst(prefix.count)) else { continue }
      if number == getpid() || (number > 0 && kill(number, 0) != 0 && errno == ESRCH) { unlink(directory + name) }
    }
  }

  func write(_ text: String) throws(CommandFailure) { try write(Array(text.utf8)) }

  func write(_ bytes: [UInt8]) throws(CommandFailure) {
    let temporary = "\(directory)\(prefix)\(getpid())"
    removeLeftBehind()
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0o644)
    guard descriptor >= 0 else { throw failure("write") }
    var isWritten = writeWhole(bytes, to: descriptor)
    // The umask may have kept the collector's user out.
    isWritten = isWritten && fchmod(descriptor, 0o644) == 0
    var code = errno
    if close(descriptor) != 0, isWritten {
      isWritten = false
      code = errno
    }
    if isWritten, rename(temporary, path) == 0 { return }
    if isWritten { code = errno }
    unlink(temporary)
    errno = code
    throw failure("write")
  }

  private func failure(_ operation: String) -> CommandFailure {
    .failed("\(option): cannot \(operation) \(path): \(String(cString: strerror(errno)))")
  }
}
