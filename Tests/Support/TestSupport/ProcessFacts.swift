package import Glibc

/// What /proc says of a process, for those who wait until they see something rather than for a time.
package struct ProcessFacts {
  package let pid: pid_t
  /// The program's, at most 15 characters.
  package let name: String
  /// As `ps` shows it: R, S, D, T (stopped), Z.
  package let state: Character
  package let parent: pid_t

  /// Nil: it is gone.
  package init?(_ pid: pid_t) {
    guard let line = fileText("/proc/\(pid)/stat"), let start = line.firstIndex(of: "("),
      let end = line.lastIndex(of: ")")
    else { return nil }
    let rest = line[end...].dropFirst(2).split(separator: " ")
    guard rest.count > 2, let state = rest[0].first, let parent = pid_t(rest[1]) else { return nil }
    self.pid = pid
    name = String(line[start..<end].dropFirst())
    self.state = state
    self.parent = parent
  }

  /// Its children, theirs, and so on.
  package static func descendants(of pid: pid_t) -> [ProcessFacts] {
    let all = directoryEntries("/proc").compactMap { pid_t($0) }.compactMap { ProcessFacts($0) }
    var found: [ProcessFacts] = []
    var parents: Set<pid_t> = [pid]
    while case let next = all.filter({ parents.contains($0.parent) }), !next.isEmpty {
      found += next
      parents = Set(next.map(\.pid))
    }
    return found
  }

  /// It sleeps, and has taken all signals that came. (Those that it waits for do not show as blocked meanwhile.)
  package static func waitsForSignals(_ pid: pid_t) -> Bool {
    guard ProcessFacts(pid)?.state == "S", let status = fileText("/proc/\(pid)/status") else { return false }
    return status.split(separator: "\n").contains { line in
      line.hasPrefix("ShdPnd:") && line.drop { $0 != "\t" }.dropFirst().allSatisfy { $0 == "0" }
    }
  }
}

/// A process that is there and not a zombie.
package func isAlive(_ pid: pid_t) -> Bool {
  ProcessFacts(pid).map { $0.state != "Z" && $0.state != "X" } ?? false
}
