import Glibc

/// A small file that is there whole, old or new, at every moment: written beside its place and then put there.
///
/// Not flushed to the disk: for what may be lost in a power cut.
package struct ReplacedFile {
  /// How the new file takes its place.
  package enum Placing: Sendable {
    /// Over whatever has the name.
    case over
    /// Only where nothing has the name; of several that try at once, one does.
    case onlyIfNew
  }

  private let path: [CChar]
  private let temporary: [CChar]

  /// - Parameters:
  ///   - directory: where the file is, as `ByteText` writes it, without a slash at the end.
  ///   - name: its name there.
  package init(directory: String, name: String) {
    path = ByteText.path(directory + "/" + name)
    // Not shown by `ls`, and one for each process.
    temporary = ByteText.path("\(directory)/.\(name).\(getpid())")
  }

  /// Writes the bytes and puts the file in its place.
  ///
  /// - Returns: 0, or the errno: EEXIST where `onlyIfNew` found the name taken.
  package func write(_ bytes: [UInt8], mode: UInt32 = 0o644, _ placing: Placing = .over) -> Int32 {
    var raw = create(mode)
    if raw < 0 && errno == EEXIST {
      // Left by a process of the same number that was killed here.
      unlink(temporary)
      raw = create(mode)
    }
    guard raw >= 0 else { return errno }
    let file = Descriptor(owning: raw)
    var unwritten = bytes[...]
    while !unwritten.isEmpty {
      let count = unwritten.withUnsafeBytes { buffer in
        retryingInterrupts { Glibc.write(raw, buffer.baseAddress, buffer.count) }
      }
      guard count > 0 else { return removed(errno) }
      unwritten = unwritten.dropFirst(count)
    }
    let error = file.close()
    guard error == 0 else { return removed(error) }
    return place(placing)
  }

  /// O_EXCL follows no link that somebody planted.
  private func create(_ mode: UInt32) -> Int32 {
    retryingInterrupts { open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, mode) }
  }

  private func place(_ placing: Placing) -> Int32 {
    if case .onlyIfNew = placing {
      if link(temporary, path) == 0 { return removed(0) }
      // Where the file system has no links, the name is taken as it comes.
      guard errno == EPERM || errno == ENOSYS || errno == EOPNOTSUPP || errno == EMLINK else { return removed(errno) }
    }
    return rename(temporary, path) == 0 ? 0 : removed(errno)
  }

  private func removed(_ error: Int32) -> Int32 {
    unlink(temporary)
    return error
  }
}
