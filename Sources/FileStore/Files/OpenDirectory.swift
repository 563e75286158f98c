import BreakerStore
import Glibc
import System

/// The directory of a store, open and trusted.
struct OpenDirectory: ~Copyable {
  private let descriptor: Descriptor
  let place: StorePlace

  private init(descriptor: consuming Descriptor, place: StorePlace) {
    self.descriptor = descriptor
    self.place = place
  }

  /// Opens the directory, and makes it and its missing parents (0700) first if `create` says so; else nil if it is not
  /// there. The directory itself may be a symbolic link: people link /var/lib/cb to where there is room.
  static func open(_ path: [UInt8], create: Bool) throws(StoreError) -> OpenDirectory? {
    let name = FileName(path)
    // A cleaner may remove it again before it is open; not every time.
    for attempt in 0..<8 {
      let raw = retryingInterrupts { Glibc.open(name.cString, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOCTTY) }
      if raw >= 0 {
        let descriptor = Descriptor(owning: raw)
        var status = stat()
        guard fstat(raw, &status) == 0 else { throw StoreError(code: errno, "open", name.text) }
        let trust = try DirectoryTrust(status, path: name.text, operation: "use")
        let place = StorePlace(descriptor: raw, prefix: [], path: path + [UInt8(ascii: "/")], trust: trust)
        return OpenDirectory(descriptor: descriptor, place: place)
      }
      guard errno == ENOENT else { throw StoreError(code: errno, "open", name.text) }
      guard create else { return nil }
      // A symbolic link that leads nowhere: mkdir says that it is there, open that it is not.
      if attempt == 7 { break }
      try makeDirectories(path)
    }
    throw StoreError(.unreachable, "make", name.text, code: ENOENT)
  }

  /// Waits until the names in the directory are on the disk.
  func flush() throws(StoreError) {
    if retryingInterrupts({ fsync(place.descriptor) }) == 0 { return }
    // Some file systems (FUSE, 9p) cannot flush a directory; then there is nothing to wait for.
    if errno == EINVAL || errno == ENOTSUP || errno == ENOSYS { return }
    throw StoreError(code: errno, "flush", String(decoding: place.path, as: UTF8.self))
  }
}

/// Makes every missing directory of the path, 0700 whatever the umask lets: never looser.
private func makeDirectories(_ path: [UInt8]) throws(StoreError) {
  var end = 1  // not the root
  while end <= path.count {
    if end == path.count || path[end] == UInt8(ascii: "/") {
      let name = FileName(Array(path[..<end]))
      // EEXIST: there already. EROFS and EACCES can come before EEXIST, so what is there is looked for.
      if mkdir(name.cString, 0o700) == 0 {
        try flushParent(of: path[..<end])
      } else if errno != EEXIST {
        let code = errno
        var status = stat()
        guard stat(name.cString, &status) == 0, end < path.count else {
          throw StoreError(code: code, "make the directory", name.text)
        }
      }
    }
    end += 1
  }
}

/// Waits until the name of a directory that was just made is on the disk: flushing the directory itself does not see to
/// that, and a power cut would take the first state change with it.
private func flushParent(of path: ArraySlice<UInt8>) throws(StoreError) {
  let slash = path.lastIndex(of: UInt8(ascii: "/"))
  let name = FileName(
    slash.map { $0 == path.startIndex ? [UInt8(ascii: "/")] : Array(path[..<$0]) } ?? [UInt8(ascii: ".")])
  let raw = retryingInterrupts { Glibc.open(name.cString, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOCTTY) }
  // A parent that can be written but not read cannot be flushed by us.
  if raw < 0 { return }
  let descriptor = Descriptor(owning: raw)
  if retryingInterrupts({ fsync(raw) }) != 0, ![EINVAL, ENOTSUP, ENOSYS].contains(errno) {
    throw StoreError(code: errno, "flush", name.text)
  }
  _ = consume descriptor
}
