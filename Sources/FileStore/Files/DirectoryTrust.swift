import BreakerStore
import Glibc

/// Whose a store's directory is and what may therefore lie in it.
///
/// Taken are a directory of our own (effective uid), one of root, and one that a group shares on purpose: setgid and
/// writable by the group (2770), of which we are a member. A world-writable directory is refused even if it is sticky:
/// there, rename over another user's file is EPERM (measured), and anybody could plant a document.
struct DirectoryTrust {
  let owner: uid_t
  /// Set up for a group: then files are 0660, else 0600.
  let isShared: Bool

  init(_ status: stat, path: @autoclosure () -> String, operation: String) throws(StoreError) {
    guard status.st_mode & S_IFMT == S_IFDIR else { throw StoreError(.notADirectory, operation, path()) }
    owner = status.st_uid
    isShared = status.st_mode & S_ISGID != 0 && status.st_mode & S_IWGRP != 0
    let refuse = { (reason: String, hint: String, path: String) in
      StoreError(.insecure(reason: reason, hint: hint), operation, path)
    }
    if status.st_mode & S_IWOTH != 0 {
      throw refuse("everybody can write to this directory", "take that right away: chmod o-w", path())
    }
    if isShared, status.st_mode & S_ISVTX != 0 {
      throw refuse(
        "its sticky bit keeps the members of the group from replacing each other's files", "take it away: chmod -t",
        path())
    }
    let isOurs = owner == geteuid() || owner == 0
    if !isOurs, !(isShared && (geteuid() == 0 || isMember(of: status.st_gid))) {
      throw refuse(
        "this directory belongs to user \(owner), not to you (user \(geteuid()))",
        "use one of your own, or share it with a group: chmod 2770", path())
    }
  }

  var fileMode: mode_t { isShared ? 0o660 : 0o600 }

  /// Whether a file with this owner may be in the directory. In a shared one it was made by somebody who may write
  /// there, which is what sharing means.
  func accepts(owner file: uid_t) -> Bool { isShared || file == owner || file == geteuid() }
}

private func isMember(of group: gid_t) -> Bool {
  if getegid() == group { return true }
  let count = getgroups(0, nil)
  guard count > 0 else { return false }
  var groups = [gid_t](repeating: 0, count: Int(count))
  let found = getgroups(count, &groups)
  return found > 0 && groups.prefix(Int(found)).contains(group)
}
