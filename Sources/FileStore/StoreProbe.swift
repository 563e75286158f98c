import BreakerStore
import Glibc
import System

/// Tries in a store's directory what every change of a breaker does, on files of its own: a leading dot is written as
/// `%2E` in the file name of a breaker, so no breaker has these. All are removed again.
struct StoreProbe {
  static let prefix = ".cb-doctor-"
  private static let rounds = 5

  private let path: [UInt8]
  private let document: FileName
  private let temporary: FileName
  private let lock: FileName

  init(_ path: [UInt8]) {
    self.path = path
    let base = path + Array("/\(Self.prefix)\(getpid())".utf8)
    document = FileName(base)
    temporary = FileName([], base, ".tmp")
    lock = FileName([], base, ".lock")
  }

  func checks() -> [StoreCheck] {
    defer { for name in [document, temporary, lock] { unlink(name.cString) } }
    do throws(StoreError) {
      try replace(flushed: true)
    } catch {
      return [StoreCheck("writing", error)]
    }
    let writing = StoreCheck("writing", .ok, "a file was made, flushed, renamed and removed")
    let locks: StoreCheck
    let speed: StoreCheck
    do throws(StoreError) {
      locks = try checkLocks()
      speed = try checkSpeed()
    } catch {
      return [writing, StoreCheck("locks", error)]
    }
    return [writing, locks, speed]
  }

  // MARK: Steps

  private func open(_ name: FileName, _ flags: Int32, _ operation: String) throws(StoreError) -> Descriptor {
    let all = flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY
    let raw = retryingInterrupts { Glibc.open(name.cString, all, 0o600) }
    guard raw >= 0 else { throw StoreError(code: errno, operation, name.text) }
    return Descriptor(owning: raw)
  }

  private func replace(flushed: Bool) throws(StoreError) {
    let file = try open(temporary, O_WRONLY | O_CREAT | O_TRUNC, "write")
    let raw = file.raw
    // As much as a document has: a disk may have room for a name and for no block.
    let bytes = [UInt8](repeating: UInt8(ascii: "\n"), count: 2048)
    let count = retryingInterrupts { write(raw, bytes, bytes.count) }
    guard count == bytes.count else { throw StoreError(code: count < 0 ? errno : ENOSPC, "write", temporary.text) }
    guard !flushed || fsync(raw) == 0 else { throw StoreError(code: errno, "flush", temporary.text) }
    let code = file.close()
    guard code == 0 else { throw StoreError(code: code, "write", temporary.text) }
    guard rename(temporary.cString, document.cString) == 0 else {
      throw StoreError(code: errno, "replace", document.text)
    }
  }

  /// Two descriptors of one file: the second must not get the lock that the first has.
  private func checkLocks() throws(StoreError) -> StoreCheck {
    let first = try open(lock, O_RDWR | O_CREAT, "lock")
    let second = try open(lock, O_RDWR, "lock")
    guard flock(first.raw, LOCK_EX | LOCK_NB) == 0 else { throw StoreError(code: errno, "lock", lock.text) }
    if flock(second.raw, LOCK_EX | LOCK_NB) == 0 {
      return StoreCheck(
        "locks", .failure, "this file system grants one lock twice",
        advice: "put the store on a file system with locks: --store file:DIR")
    }
    // The first is held until here.
    _ = first.close()
    return StoreCheck("locks", .ok, "taken, kept and let go")
  }

  /// One change of a breaker: take the lock, read, write, replace. The median of a few.
  private func checkSpeed() throws(StoreError) -> StoreCheck {
    let count = try median(flushed: false)
    let change = try median(flushed: true)
    let seen = "\(Self.text(count)) a locked read and write, \(Self.text(change)) flushed to the disk"
    let isSlow = count > 100_000 || change > 1_000_000
    return StoreCheck(
      "latency", isSlow ? .warning : .ok, seen,
      advice: isSlow ? "every run pays this; put the store on a faster disk: --store file:DIR" : "")
  }

  private func median(flushed: Bool) throws(StoreError) -> Int64 {
    var times: [Int64] = []
    for _ in 0..<Self.rounds {
      let start = Self.microseconds()
      let held = try open(lock, O_RDWR | O_CREAT, "lock")
      guard flock(held.raw, LOCK_EX) == 0 else { throw StoreError(code: errno, "lock", lock.text) }
      let file = try open(document, O_RDONLY, "read")
      var bytes = [UInt8](repeating: 0, count: 4096)
      guard read(file.raw, &bytes, bytes.count) >= 0 else { throw StoreError(code: errno, "read", document.text) }
      try replace(flushed: flushed)
      _ = held.close()
      times.append(Self.microseconds() - start)
    }
    return times.sorted()[Self.rounds / 2]
  }

  private static func microseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
  }

  /// `0.31 ms`, `12 ms`.
  private static func text(_ microseconds: Int64) -> String {
    if microseconds >= 10_000 { return "\(microseconds / 1000) ms" }
    let hundredths = String(microseconds / 10 % 100 + 100).dropFirst()
    return "\(microseconds / 1000).\(hundredths) ms"
  }
}
