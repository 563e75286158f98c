import Glibc
import System

/// Writes all of a text, however many writes it takes; false with errno where one fails.
@discardableResult
func writeWhole(_ text: String, to descriptor: Int32) -> Bool {
  writeWhole(ByteText.encode(text), to: descriptor)
}

@discardableResult
func writeWhole(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
  bytes.withUnsafeBytes { bytes in
    var unwritten = bytes
    while !unwritten.isEmpty {
      let count = Glibc.write(descriptor, unwritten.baseAddress, unwritten.count)
      if count < 0 {
        if errno == EINTR { continue }
        if errno == EAGAIN {
          // Who shares the descriptor has made it non-blocking; its reader is only slow.
          var end = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          poll(&end, 1, -1)
          continue
        }
        return false
      }
      unwritten = UnsafeRawBufferPointer(rebasing: unwritten.dropFirst(count))
    }
    return true
  }
}
