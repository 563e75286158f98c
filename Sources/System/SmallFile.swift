import Glibc

/// Up to 4 KiB of a file under /proc, or nil if it cannot be read; such files come whole in one read.
package func readSmallFile(_ path: String) -> [UInt8]? {
  let raw = retryingInterrupts { open(path, O_RDONLY | O_CLOEXEC) }
  guard raw >= 0 else { return nil }
  let file = Descriptor(owning: raw)
  var isRead = true
  let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
    let result = retryingInterrupts { read(file.raw, buffer.baseAddress, buffer.count) }
    isRead = result >= 0
    count = max(0, result)
  }
  return isRead ? bytes : nil
}
