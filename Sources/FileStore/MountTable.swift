import Glibc
import System

/// What is mounted where, from /proc/self/mountinfo (proc(5)); Glibc does not export statfs(2) to Swift.
enum MountTable {
  /// The kind of file system that holds the path, such as `ext4`; nil if the kernel does not tell.
  static func kind(of path: [UInt8]) -> String? {
    guard let resolved = realpath(FileName(path).cString, nil) else { return nil }
    defer { free(resolved) }
    let full = UnsafeRawBufferPointer(start: resolved, count: strlen(resolved))
    var best: (length: Int, kind: String)?
    for line in contents().split(separator: UInt8(ascii: "\n")) {
      let fields = line.split(separator: UInt8(ascii: " "))
      guard fields.count > 6, let dash = fields.firstIndex(of: [UInt8(ascii: "-")]), dash + 1 < fields.count else {
        continue
      }
      let point = unescape(fields[4])
      guard holds(point, full), point.count >= best?.length ?? 0 else { continue }
      // Of two at one place the later covers the earlier.
      best = (point.count, String(decoding: fields[dash + 1], as: UTF8.self))
    }
    return best?.kind
  }

  private static func holds(_ point: [UInt8], _ path: UnsafeRawBufferPointer) -> Bool {
    guard path.starts(with: point) else { return false }
    return point.count == 1 || path.count == point.count || path[point.count] == UInt8(ascii: "/")
  }

  /// Space, tab, newline and backslash stand as `\040` and the like.
  private static func unescape(_ field: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var rest = field
    while let byte = rest.popFirst() {
      let digits = rest.prefix(3)
      if byte == UInt8(ascii: "\\"), digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }) {
        result.append(digits.reduce(0) { $0 &<< 3 | ($1 - 0x30) })
        rest = rest.dropFirst(3)
      } else {
        result.append(byte)
      }
    }
    return result
  }

  private static func contents() -> [UInt8] {
    let raw = retryingInterrupts { open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC) }
    guard raw >= 0 else { return [] }
    let file = Descriptor(owning: raw)
    let descriptor = file.raw
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = retryingInterrupts { read(descriptor, &buffer, buffer.count) }
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    _ = file.close()
    return bytes
  }
}
