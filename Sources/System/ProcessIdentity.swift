/// Which process this is, in a way that a later process of the same pid does not share.
package struct ProcessIdentity: Hashable, Sendable {
  /// The start of the machine, with the time namespace where that is not the machine's own: see `systemBootID`.
  package var bootID: String
  /// The inode of the pid namespace: pids mean nothing in another (a container's); 0 if not known.
  package var pidNamespace: UInt64
  package var pid: Int32
  /// When it started, in clock ticks since the start of the machine: field 22 of /proc/PID/stat; 0 if not known.
  package var startTime: UInt64

  /// The parts as a store kept them; `current()` reads those of this process.
  package init(bootID: String, pidNamespace: UInt64, pid: Int32, startTime: UInt64) {
    self.bootID = bootID
    self.pidNamespace = pidNamespace
    self.pid = pid
    self.startTime = startTime
  }

  /// What can be known of a process from where another one is.
  package enum Life: Sendable {
    case running
    case ended
    /// Another host, another namespace, another boot, or a /proc that is not the asker's own: only a lease can decide.
    case unknown
  }

  /// Whether the process lives, as far as `observer`, the process that asks, can know.
  ///
  /// Another boot id is not a death: systemd-nspawn gives each container its own, and a store may be shared over the
  /// network. What was held before a reboot is free again when its lease runs out.
  package func life(seenBy observer: ProcessIdentity) -> Life {
    guard bootID != unknownBootID, bootID == observer.bootID else { return .unknown }
    guard pidNamespace != 0, pidNamespace == observer.pidNamespace else { return .unknown }
    guard pid > 0, startTime != 0 else { return .unknown }
    if self == observer { return .running }
    return look()
  }
}
