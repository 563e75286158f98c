import BreakerStore
import Glibc

/// The file system under a store: its kind, and what is left of it.
enum SpaceCheck {
  static func checks(_ path: [UInt8]) -> [StoreCheck] {
    let name = FileName(path)
    var space = statvfs()
    guard statvfs(name.cString, &space) == 0 else {
      return [StoreCheck("file system", StoreError(code: errno, "look at", name.text))]
    }
    return [fileSystem(MountTable.kind(of: path), space), room(space)]
  }

  private static func fileSystem(_ kind: String?, _ space: statvfs) -> StoreCheck {
    let seen = kind ?? "of a kind that cannot be told"
    // ST_RDONLY, which Glibc does not export to Swift (statvfs(3)).
    if space.f_flag & 1 != 0 {
      return StoreCheck(
        "file system", .failure, "\(seen), mounted read-only",
        advice: "mount it writable or name another directory with --store file:DIR")
    }
    switch kind {
    case "nfs", "nfs4", "cifs", "smb3", "9p", "afs", "ceph", "lustre", "fuse.sshfs", "fuse.glusterfs":
      return StoreCheck(
        "file system", .warning, "\(seen), a network file system",
        advice: "between hosts use a Redis store: a host cannot see whether a run on another is alive")
    case "tmpfs", "ramfs":
      return StoreCheck(
        "file system", .warning, "\(seen), in memory", advice: "after a reboot all breakers start closed")
    case "overlay":
      return StoreCheck(
        "file system", .warning, "\(seen), as of a container",
        advice: "breakers go with the container; put the store on a volume to keep and share them")
    default: return StoreCheck("file system", .ok, seen)
    }
  }

  /// Below this a store still works, but the next log file may end that.
  private static let littleRoom: UInt64 = 16 << 20

  private static func room(_ space: statvfs) -> StoreCheck {
    let isRoot = geteuid() == 0
    let bytes = UInt64(isRoot ? space.f_bfree : space.f_bavail) * UInt64(space.f_frsize)
    let inodes = UInt64(isRoot ? space.f_ffree : space.f_favail)
    // A file system without inodes to count says 0 of 0.
    let countsInodes = space.f_files > 0
    let seen = "\(bytes >> 20) MiB free" + (countsInodes ? ", \(inodes) inodes" : "")
    if bytes == 0 || (countsInodes && inodes == 0) {
      return StoreCheck("free space", .failure, seen, advice: "free some space or raise the quota")
    }
    let isShort = bytes < littleRoom || (countsInodes && inodes < 100)
    return StoreCheck("free space", isShort ? .warning : .ok, seen, advice: isShort ? "free some space" : "")
  }
}
