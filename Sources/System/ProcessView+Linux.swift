import Glibc

/// Which processes /proc shows, seen from this one. A /proc may be another pid namespace's: `unshare -pf`, bwrap without
/// --proc and a chroot with the host's /proc leave the outer one in place, in which a number means another process.
package enum ProcessView: Equatable, Sendable {
  /// Our own pid namespace.
  case own
  /// A namespace around ours. `own` is this process's number there; `level` is where the `NSpid` line of a process has
  /// its number in our namespace.
  case outer(own: Int32, level: Int)
  /// Nothing, or a namespace in which we are not.
  case none

  /// Read again each time, as /proc can be mounted over.
  package static func current() -> ProcessView {
    guard let status = ProcessStatus(path: "/proc/self/status") else { return .none }
    return ProcessView(status, ownID: getpid())
  }

  init(_ status: ProcessStatus, ownID: Int32) {
    // Linux before 4.1 has no NSpid. There the number itself has to do, which an outer process may share.
    let numbers = status.numbers.isEmpty ? [status.id] : status.numbers
    self =
      if numbers.last != ownID { .none } else if numbers.count == 1 { .own } else {
        .outer(own: numbers[0], level: numbers.count - 1)
      }
  }
}

/// What matters here of a status file of /proc (proc_pid_status(5)).
package struct ProcessStatus: Equatable {
  /// Its number in the namespace of this /proc, and its parent's.
  package var id: Int32
  package var parent: Int32
  /// It has ended, and its parent has not looked yet.
  package var isDead: Bool
  /// Its numbers from the namespace of this /proc down to its own; empty on Linux before 4.1.
  package var numbers: [Int32]

  /// Reads the file once; nil if it is gone or lacks a line that is needed.
  package init?(path: String) {
    guard let bytes = readWholeFile(path) else { return nil }
    self.init(bytes)
  }

  init?(_ text: [UInt8]) {
    var found: (id: Int32?, parent: Int32?) = (nil, nil)
    isDead = false
    numbers = []
    // The name comes first, and the kernel escapes a newline in it.
    for line in text.split(separator: UInt8(ascii: "\n")) {
      let isWanted = ["Pid:", "PPid:", "State:", "NSpid:"].contains { line.starts(with: $0.utf8) }
      guard isWanted else { continue }
      let words = String(decoding: line, as: UTF8.self).split { $0 == "\t" || $0 == " " }
      switch words.first {
      case "Pid:": found.id = words.dropFirst().first.flatMap { Int32($0) }
      case "PPid:": found.parent = words.dropFirst().first.flatMap { Int32($0) }
      case "State:": isDead = ["Z", "X"].contains(words.dropFirst().first)
      default: numbers = words.dropFirst().compactMap { Int32($0) }
      }
      if !numbers.isEmpty { break }
    }
    guard let id = found.id, let parent = found.parent else { return nil }
    self.id = id
    self.parent = parent
  }
}

/// All of a file under /proc, whatever its size: the list of a user's groups alone can be longer than a page.
private func readWholeFile(_ path: String) -> [UInt8]? {
  let raw = retryingInterrupts { open(path, O_RDONLY | O_CLOEXEC) }
  guard raw >= 0 else { return nil }
  let file = Descriptor(owning: raw)
  var bytes: [UInt8] = []
  while true {
    var count = 0
    bytes += [UInt8](unsafeUninitializedCapacity: 4096) { buffer, filled in
      count = retryingInterrupts { read(file.raw, buffer.baseAddress, buffer.count) }
      filled = max(0, count)
    }
    if count < 0 { return nil }
    if count == 0 { return bytes }
  }
}
