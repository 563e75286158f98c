import Glibc

/// Why a file could not be read whole.
package enum WholeFileFailure: Error, Equatable, Sendable {
  /// It could not be opened, for this errno.
  case notOpened(Int32)
  /// It was opened and could not be read, for this errno.
  case notRead(Int32)
  /// It holds more bytes than the caller takes.
  case tooLarge
}

/// All bytes of a file, pipe or device, if they are at most `limit`; one that has more (a device, a wrong path) is not
/// read to its end.
///
/// - Parameter path: as `ByteText` writes it.
/// - Parameter flags: for open(2), beside reading and close-on-exec.
package func readWholeFile(
  _ path: String, limit: Int, flags: Int32 = 0
) throws(WholeFileFailure) -> [UInt8] {
  let raw = retryingInterrupts { open(ByteText.path(path), O_RDONLY | O_CLOEXEC | O_NOCTTY | flags) }
  guard raw >= 0 else { throw .notOpened(errno) }
  return try readWhole(Descriptor(owning: raw), limit: limit)
}

/// All bytes from where an open file stands to its end, if they are at most `limit`.
package func readWhole(_ file: borrowing Descriptor, limit: Int) throws(WholeFileFailure) -> [UInt8] {
  let raw = file.raw
  var bytes: [UInt8] = []
  while true {
    // One more than may come, so that the end of a file of just that size is seen.
    let room = min(4096, limit + 1 - bytes.count)
    var code: Int32 = 0
    let chunk = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
      let result = retryingInterrupts { read(raw, buffer.baseAddress, room) }
      if result < 0 { code = errno }
      count = max(0, result)
    }
    if code != 0 { throw .notRead(code) }
    if chunk.isEmpty { return bytes }
    bytes += chunk
    guard bytes.count <= limit else { throw .tooLarge }
  }
}
