import CFiles
import Glibc

/// What is mounted where.
enum MountTable {
  /// The kind of file system that holds the path, such as `ext4`; nil if the kernel does not tell.
  static func kind(of path: [UInt8]) -> String? {
    guard let resolved = realpath(FileName(path).cString, nil) else { return nil }
    defer { free(resolved) }
    var kind = [CChar](repeating: 0, count: 256)
    guard cfiles_file_system(resolved, &kind, kind.count) == 0 else { return nil }
    return kind.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } }
  }
}
