import CProcess
import Glibc

extension cprocess_signal {
  /// A write of cb's own to a pipe that nobody reads, or beyond the limit of a file's size.
  var isOwnWrite: Bool { sender == getpid() && [SIGPIPE, SIGXFSZ].contains(number) }
}

/// Where a signal that came to cb came from, and so whether the command has it already.
enum SignalOrigin: Equatable {
  /// The terminal sent it to the whole foreground group, the command included.
  case terminal
  /// The command sent it.
  case command
  /// cb's own doing: a write of its own to a closed pipe, its own processor time.
  case own
  /// Another process, or the kernel for cb's process alone: to be passed on.
  case outside

  /// `si_code` of a signal from the kernel itself (asm-generic/siginfo.h; Glibc does not export it to Swift).
  private static let kernel: Int32 = 0x80

  init(_ signal: cprocess_signal, command: pid_t, own: pid_t, isSessionLeader: Bool) {
    if signal.code == Self.kernel {
      switch signal.number {
      case SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH:
        self = .terminal
      case SIGHUP, SIGCONT:
        // A hang-up goes to the session's leader alone; to its foreground group only when the leader ends.
        self = isSessionLeader ? .outside : .terminal
      case SIGXCPU:
        self = .own
      default:
        // An alarm that was set before the exec of cb, for one: `perl -e 'alarm 5; exec @ARGV'`.
        self = .outside
      }
    } else if signal.sender == own, signal.code <= 0 {
      self = .own
    } else if signal.sender == command {
      self = .command
    } else {
      self = .outside
    }
  }
}
