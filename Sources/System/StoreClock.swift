import Glibc

/// The time as the file store sees it, read once a step.
package struct ClockReading: Equatable, Sendable {
  /// Which start of the machine this is; "unknown" where the kernel does not say.
  package var bootID: String
  /// CLOCK_BOOTTIME: since the start of the machine, suspended time included; nobody can set it.
  package var bootMilliseconds: Int64
  /// CLOCK_REALTIME: since 1970 in UTC, as far as the machine knows.
  package var wallMilliseconds: Int64

  /// Both times in milliseconds.
  package init(bootID: String, bootMilliseconds: Int64, wallMilliseconds: Int64) {
    self.bootID = bootID
    self.bootMilliseconds = bootMilliseconds
    self.wallMilliseconds = wallMilliseconds
  }
}

/// A source of readings: the machine's, or in tests one that is set by hand.
package struct StoreClock: Sendable {
  package let reading: @Sendable () -> ClockReading

  /// `reading` is called once a step.
  package init(reading: @escaping @Sendable () -> ClockReading) { self.reading = reading }

  /// The machine's clocks. The boot id is read here, once.
  package static func system() -> StoreClock {
    let bootID = systemBootID()
    return StoreClock {
      ClockReading(
        bootID: bootID, bootMilliseconds: clockMilliseconds(CLOCK_BOOTTIME),
        wallMilliseconds: clockMilliseconds(CLOCK_REALTIME))
    }
  }
}

/// What names an id that could not be found out; two of these are not the same.
package let unknownBootID = "unknown"

/// Which start of the machine this is, and so what its boot clock and a process's start time count from. In a time
/// namespace of one's own both count from elsewhere, so its inode is part of it; the inode of the machine's is fixed
/// (TIME_NS_INIT_INO of linux/nsfs.h).
package func systemBootID() -> String {
  guard let bytes = readSmallFile("/proc/sys/kernel/random/boot_id") else { return unknownBootID }
  let id = String(decoding: bytes.prefix { $0 > 0x20 && $0 < 0x7F }, as: UTF8.self)
  if id.isEmpty { return unknownBootID }
  guard let namespace = namespaceInode("time"), namespace != 0xEFFF_FFFA else { return id }
  return "\(id)+\(namespace)"
}
