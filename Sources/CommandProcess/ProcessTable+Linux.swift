import Glibc
import System

/// The processes that /proc shows, with their numbers in our own pid namespace: those that kill(2) takes.
struct ProcessTable {
  private struct Entry {
    var number: pid_t
    /// As /proc numbers it, like `parent` of others.
    var place: pid_t
    var parent: pid_t
    var isDead: Bool
  }

  private let entries: [Entry]
  /// This process, as /proc numbers it.
  private let own: pid_t

  /// As it is now; nil if /proc does not show this process: then its numbers are others', and nobody's business.
  static func current() -> ProcessTable? {
    switch ProcessView.current() {
    case .own:
      return ProcessTable(entries: places().compactMap(entry), own: getpid())
    case .outer(let own, let level):
      return ProcessTable(entries: places().compactMap { entry($0, level: level) }, own: own)
    case .none:
      return nil
    }
  }

  /// This process's children.
  var children: [pid_t] { entries.filter { $0.parent == own }.map(\.number) }

  /// What lives below this process, but for some of its children and what is below these.
  func living(without foreign: Set<pid_t>) -> [pid_t] {
    var children: [pid_t: [Entry]] = [:]
    for entry in entries { children[entry.parent, default: []].append(entry) }
    var found: [pid_t] = []
    var next = [own]
    while let parent = next.popLast() {
      for child in children[parent] ?? [] where !foreign.contains(child.number) {
        next.append(child.place)
        if !child.isDead { found.append(child.number) }
      }
    }
    return found
  }

  private static func places() -> [pid_t] {
    guard let directory = opendir("/proc") else { return [] }
    defer { closedir(directory) }
    var places: [pid_t] = []
    while let item = readdir(directory) {
      let place = withUnsafePointer(to: &item.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { strtol($0, nil, 10) }
      }
      if place > 0 { places.append(pid_t(place)) }
    }
    return places
  }

  /// A process of an outer namespace's /proc; nil if it is not in ours. What we started is, or in one below.
  private static func entry(_ place: pid_t, level: Int) -> Entry? {
    guard let status = ProcessStatus(path: "/proc/\(place)/status"), level < status.numbers.count else { return nil }
    return Entry(number: status.numbers[level], place: place, parent: status.parent, isDead: status.isDead)
  }

  /// A process of our own /proc: `pid (comm) state ppid ...` of its stat file (proc(5)), the shortest of those that
  /// tell; comm may hold anything, so it ends at the last `)`.
  private static func entry(_ place: pid_t) -> Entry? {
    let descriptor = open("/proc/\(place)/stat", O_RDONLY | O_CLOEXEC)
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
      return Entry(
        number: place, place: place, parent: parent, isDead: state == UInt8(ascii: "Z") || state == UInt8(ascii: "X"))
    }
  }
}
