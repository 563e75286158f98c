import Glibc

extension ProcessIdentity {
  /// This process. Its own entry is found in whichever /proc shows it.
  package static func current(bootID: String = systemBootID()) -> ProcessIdentity {
    let start = readSmallFile("/proc/self/stat").flatMap(ProcessStat.init)?.startTime ?? 0
    return ProcessIdentity(
      bootID: bootID, pidNamespace: namespaceInode("pid") ?? 0, pid: getpid(), startTime: start)
  }

  /// Looks for the process in /proc, where that is this process's own; both are of one pid namespace.
  func look() -> Life {
    guard ProcessView.current() == .own else { return .unknown }
    guard let bytes = readSmallFile("/proc/\(pid)/stat") else {
      // With hidepid, /proc hides the processes of other users: ask the kernel before it is called dead.
      return kill(pid, 0) != 0 && errno == ESRCH ? .ended : .unknown
    }
    guard let found = ProcessStat(bytes) else { return .unknown }
    // A zombie runs no more; only its parent has not looked yet.
    return found.startTime == startTime && !found.isZombie ? .running : .ended
  }
}

/// The inode of this process's namespace of a kind; nil if /proc does not tell or the kernel has none of the kind.
func namespaceInode(_ kind: String) -> UInt64? {
  var status = stat()
  return stat("/proc/self/ns/\(kind)", &status) == 0 ? UInt64(status.st_ino) : nil
}

/// The two fields of /proc/PID/stat that matter here.
struct ProcessStat {
  let isZombie: Bool
  let startTime: UInt64

  /// Nil if the text has not the form of that file.
  init?(_ text: [UInt8]) {
    // The command's name is in parentheses and may hold spaces and parentheses itself; what follows the last one does
    // not. There the state is the first field (3 of the whole) and the start time the twentieth (22).
    // Read byte by byte: `split` makes an array of slices, for 30,000 instructions a rejected run.
    guard let end = text.lastIndex(of: UInt8(ascii: ")")), end + 2 < text.count, text[end + 1] == UInt8(ascii: " ")
    else { return nil }
    let state = text[end + 2]
    var field = 0
    var start: UInt64?
    for byte in text[(end + 1)...] {
      if byte == UInt8(ascii: " ") {
        if field == 20 { break }
        field += 1
      } else if field == 20 {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        start = (start ?? 0) &* 10 &+ UInt64(byte - UInt8(ascii: "0"))
      }
    }
    guard let start else { return nil }
    isZombie = state == UInt8(ascii: "Z") || state == UInt8(ascii: "X") || state == UInt8(ascii: "x")
    startTime = start
  }
}
