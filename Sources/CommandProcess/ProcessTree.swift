import CProcess
import Glibc

/// All that a command started, found in /proc. With cb as a subreaper, a process whose parent is gone becomes cb's
/// child, so even a daemon is found by going down from cb. Only the way to a timeout reads /proc.
struct ProcessTree {
  private let own = getpid()
  private let wasSubreaper: Bool
  /// Children that cb had before (of the shell that did `exec cb`): not the command's, and left alone.
  private let foreign: Set<pid_t>

  /// Adopts orphans from here on, until `release`.
  init(wasSubreaper: Bool) {
    self.wasSubreaper = wasSubreaper
    var none: Int32 = 0
    _ = cprocess_ended_child(&none)
    let own = getpid()
    foreign = none == 1 ? [] : Set(Self.processes().filter { $0.parent == own }.map(\.id))
    if !wasSubreaper { cprocess_set_subreaper(1) }
  }

  func release() {
    if !wasSubreaper { cprocess_set_subreaper(0) }
  }

  /// Reaps adopted orphans that have ended. The command itself is left for its own waitpid.
  func reapOrphans(but command: pid_t) {
    // An ended foreign child, or the command, hides those behind it from this look; they are reaped at another, or by
    // init when cb ends.
    while true {
      var none: Int32 = 0
      let ended = cprocess_ended_child(&none)
      if ended == 0 || ended == command || foreign.contains(ended) { return }
      var status: Int32 = 0
      waitpid(ended, &status, WNOHANG)
    }
  }

  /// The live processes below cb, foreign children and theirs left out.
  func living() -> [pid_t] {
    let all = Self.processes()
    var children: [pid_t: [Entry]] = [:]
    for entry in all { children[entry.parent, default: []].append(entry) }
    var found: [pid_t] = []
    var next = [own]
    while let parent = next.popLast() {
      for child in children[parent] ?? [] where !foreign.contains(child.id) {
        next.append(child.id)
        if !child.isDead { found.append(child.id) }
      }
    }
    return found
  }

  /// Sends signals once to each process of the tree, also to those that come while they are sent. `command` has had them.
  func send(_ signals: [Int32], but command: pid_t) {
    var told: Set<pid_t> = [command]
    // The bound is for a tree that forks faster than we look; it is looked at again before SIGKILL, and after.
    for _ in 0..<16 {
      let new = living().filter { told.insert($0).inserted }
      if new.isEmpty { break }
      for id in new {
        for signal in signals { kill(id, signal) }
      }
    }
  }

  private struct Entry {
    var id: pid_t
    var parent: pid_t
    var isDead: Bool
  }

  private static func processes() -> [Entry] {
    guard let directory = opendir("/proc") else { return [] }
    defer { closedir(directory) }
    var entries: [Entry] = []
    while let item = readdir(directory) {
      let id = withUnsafePointer(to: &item.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { strtol($0, nil, 10) }
      }
      if id > 0, let entry = read(pid_t(id)) { entries.append(entry) }
    }
    return entries
  }

  /// `pid (comm) state ppid ...` of /proc/PID/stat (proc(5)); comm may hold anything, so it ends at the last `)`.
  private static func read(_ id: pid_t) -> Entry? {
    let descriptor = open("/proc/\(id)/stat", O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { return nil }
    defer { close(descriptor) }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 512) { buffer in
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      let line = buffer.prefix(max(0, count))
      guard let close = line.lastIndex(of: UInt8(ascii: ")")), close + 4 < count else { return nil }
      var parent: pid_t = 0
      for byte in line[(close + 4)...] {
        guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { break }
        parent = parent * 10 + pid_t(byte - UInt8(ascii: "0"))
      }
      let state = line[close + 2]
      return Entry(id: id, parent: parent, isDead: state == UInt8(ascii: "Z") || state == UInt8(ascii: "X"))
    }
  }
}
