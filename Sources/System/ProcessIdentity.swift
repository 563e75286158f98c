import Glibc

/// Which process this is, in a way that a later process of the same pid does not share.
package struct ProcessIdentity: Hashable, Sendable {
  package var bootID: String
  /// The inode of the pid namespace: pids mean nothing in another (a container's); 0 if not known.
  package var pidNamespace: UInt64
  package var pid: Int32
  /// When it started, in clock ticks since the start of the machine: field 22 of /proc/PID/stat; 0 if not known.
  package var startTime: UInt64

  package init(bootID: String, pidNamespace: UInt64, pid: Int32, startTime: UInt64) {
    self.bootID = bootID
    self.pidNamespace = pidNamespace
    self.pid = pid
    self.startTime = startTime
  }

  /// This process.
  package static func current(bootID: String = systemBootID()) -> ProcessIdentity {
    var status = stat()
    let namespace = stat("/proc/self/ns/pid", &status) == 0 ? UInt64(status.st_ino) : 0
    let start = readSmallFile("/proc/self/stat").flatMap(ProcessStat.init)?.startTime ?? 0
    return ProcessIdentity(bootID: bootID, pidNamespace: namespace, pid: getpid(), startTime: start)
  }

  package enum Liveness: Sendable {
    case alive
    case dead
    /// Another host, another namespace, or /proc does not tell: only a lease can decide.
    case unknown
  }

  /// Whether the process still lives, as far as `observer`, the process that asks, can know. `sharesMachine` says that
  /// both use a store that only one machine has: there another boot id means that it died with its boot.
  package func liveness(seenBy observer: ProcessIdentity, sharesMachine: Bool) -> Liveness {
    guard bootID != unknownBootID, observer.bootID != unknownBootID else { return .unknown }
    guard bootID == observer.bootID else { return sharesMachine ? .dead : .unknown }
    guard pidNamespace != 0, pidNamespace == observer.pidNamespace, pid > 0 else { return .unknown }
    guard let bytes = readSmallFile("/proc/\(pid)/stat") else {
      // With hidepid, /proc hides the processes of other users: ask the kernel before it is called dead.
      return kill(pid, 0) != 0 && errno == ESRCH ? .dead : .unknown
    }
    guard let found = ProcessStat(bytes), startTime != 0 else { return .unknown }
    // A zombie runs no more; only its parent has not looked yet.
    return found.startTime == startTime && !found.isZombie ? .alive : .dead
  }
}

/// The two fields of /proc/PID/stat that matter here.
struct ProcessStat {
  let isZombie: Bool
  let startTime: UInt64

  /// Nil if the text has not the form of that file.
  init?(_ text: [UInt8]) {
    // The command's name is in parentheses and may hold spaces and parentheses itself; what follows the last one does
    // not. There the state is the first field (3 of the whole) and the start time the twentieth (22).
    guard let end = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = text[(end + 1)...].split(separator: UInt8(ascii: " "))
    guard fields.count >= 20, let state = fields[0].first,
      let start = UInt64(String(decoding: fields[19], as: UTF8.self))
    else { return nil }
    isZombie = state == UInt8(ascii: "Z") || state == UInt8(ascii: "X") || state == UInt8(ascii: "x")
    startTime = start
  }
}
