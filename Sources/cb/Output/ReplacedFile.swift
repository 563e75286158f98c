import Glibc

/// A file that is there whole, old or new, at every moment: written beside its place and renamed over it.
///
/// Not flushed to the disk: after a power cut the next run of the job writes it again.
struct ReplacedFile {
  let path: String

  /// `.cb.prom.tmp-123` for `cb.prom`: not shown, and without an ending that a collector would read.
  private func temporary() -> String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let directory = parts.dropLast().map { $0 + "/" }.joined()
    return "\(directory).\(parts.last ?? "").tmp-\(getpid())"
  }

  func write(_ text: String) throws(CommandFailure) {
    let temporary = temporary()
    // What a killed process of the same number left behind.
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0o644)
    guard descriptor >= 0 else { throw failure("write") }
    var isWritten = writeWhole(text, to: descriptor)
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
    .failed("--output: cannot \(operation) \(path): \(String(cString: strerror(errno)))")
  }
}
