import CProcess
import Glibc

/// All that a command started, found in /proc. With cb as a subreaper, a process whose parent is gone becomes cb's
/// child, so even a daemon is found by going down from cb. Only the way to a timeout reads /proc.
struct ProcessTree {
  private let wasSubreaper: Bool
  private let isSubreaper: Bool
  /// Children that cb had before (of the shell that did `exec cb`): not the command's, and left alone.
  private let foreign: Set<pid_t>

  /// Adopts orphans from here on, until `release`.
  init(wasSubreaper: Bool) {
    self.wasSubreaper = wasSubreaper
    var none: Int32 = 0
    _ = cprocess_ended_child(&none)
    foreign = none == 1 ? [] : Set(ProcessTable.current()?.children ?? [])
    // With children of another's, an orphan could be theirs, and a time limit is never to end what is not the command's.
    isSubreaper = wasSubreaper || none == 1
    if isSubreaper, !wasSubreaper { cprocess_set_subreaper(1) }
  }

  func release() {
    if isSubreaper, !wasSubreaper { cprocess_set_subreaper(0) }
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

  /// The live processes below cb, foreign children and theirs left out; none if /proc does not show cb.
  func living() -> [pid_t] {
    ProcessTable.current()?.living(without: foreign) ?? []
  }

  /// Sends signals once to each process of the tree, also to those that come while they are sent. `command` has had them,
  /// and so have the processes of `group`.
  func send(_ signals: [Int32], but command: pid_t, sparing group: pid_t? = nil) {
    var told: Set<pid_t> = [command]
    // The bound is for a tree that forks faster than we look; it is looked at again before SIGKILL, and after.
    for _ in 0..<16 {
      let new = living().filter { told.insert($0).inserted }
      if new.isEmpty { break }
      for id in new where group == nil || getpgid(id) != group {
        for signal in signals { kill(id, signal) }
      }
    }
  }
}
