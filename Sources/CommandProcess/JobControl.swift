import CProcess
import Glibc

/// The terminal's keys for a command that has left cb's process group (`timeout`, `setsid`): the kernel sends SIGINT,
/// SIGTSTP and their like to the foreground group, and that is cb's. Without cb it would be the command's.
struct JobControl {
  private let command: pid_t
  private let ownGroup = getpgrp()
  /// The command's group has the terminal from cb, and gets its keys.
  private(set) var isLent = false

  init(command: pid_t) { self.command = command }

  enum Effect {
    case none
    /// The key is for the one who waits in the foreground, and that is cb.
    case stopsWaiter
  }

  /// The process group that the command has put itself into, as kill(2) takes it; nil: cb's own, whose signals have
  /// reached it, or the command is gone. Only the whole of a group that the command leads is its own.
  private var otherGroup: pid_t? {
    let group = getpgid(command)
    if group < 0 || group == ownGroup { return nil }
    return group == command ? -command : command
  }

  private var isInOurSession: Bool { getsid(command) == getsid(0) }

  /// Passes on a signal that the terminal sent to cb's group.
  func passOnKey(_ signal: cprocess_signal) -> Effect {
    guard let group = otherGroup else { return .none }
    switch signal.number {
    case SIGTTIN, SIGTTOU:
      // Somebody else of cb's group used the terminal from the background.
      return .none
    case SIGTSTP where !isInOurSession:
      // The kernel lets nobody of another session stop so. Without cb, what waits in the foreground would.
      return .stopsWaiter
    default:
      kill(group, signal.number)
      return .none
    }
  }

  /// Continues the command's whole group, as `fg` would; false if it is cb's own group, or nobody's.
  func continueGroup() -> Bool {
    guard let group = otherGroup else { return false }
    kill(group, SIGCONT)
    return true
  }

  /// Makes the command's group the terminal's foreground where it was stopped for not being it, and cb's own is: without
  /// cb it would be the foreground. True if that was done and the command goes on.
  mutating func lendTerminal(afterStopBy signal: Int32) -> Bool {
    guard signal == SIGTTIN || signal == SIGTTOU, otherGroup == -command, isInOurSession else { return false }
    guard changeForeground(from: ownGroup, to: command) else { return false }
    isLent = true
    kill(-command, SIGCONT)
    return true
  }

  /// Undoes `lendTerminal`, before cb stops and when the command has ended.
  mutating func reclaimTerminal() {
    if isLent { _ = changeForeground(from: command, to: ownGroup) }
    isLent = false
  }

  /// False if the terminal's foreground is another group than `from`, or there is no terminal.
  private func changeForeground(from: pid_t, to: pid_t) -> Bool {
    let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
    if terminal < 0 { return false }
    defer { close(terminal) }
    // SIGTTOU, which a background process gets for it, is blocked.
    return tcgetpgrp(terminal) == from && tcsetpgrp(terminal, to) == 0
  }
}
