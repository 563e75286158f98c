/// What is worth a word while a command runs, as it keeps cb from ending.
package enum CommandTrouble: Equatable {
  /// The time limit's SIGKILL was refused with this errno: the process has become another user's (EPERM).
  case cannotBeEnded(pid: Int32, code: Int32)
  /// SIGKILL was sent a second ago, and the process is still there: it sleeps in the kernel.
  case doesNotEnd(pid: Int32)
}
