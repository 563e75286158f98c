import Glibc

/// How a command ended, with all that a verdict on it needs.
package struct CommandEnd {
  /// What the system said of the child, or why there was none. Codes are exit codes, signals or errnos.
  package enum How: Equatable {
    case exited(Int32)
    case signaled(Int32)
    /// Exec failed with this errno: nothing of that name (ENOENT).
    case notFound(Int32)
    /// Exec failed with this errno: there, but not to be executed.
    case notExecutable(Int32)
    /// This signal came before the command was started, and it was not started.
    case interrupted(Int32)
    /// The system refused a process or a descriptor with this errno. The command was not started.
    case notStarted(Int32)
    /// The command was started, and the system does not say how it ended (waitpid fails with this errno).
    case endUnknown(Int32)
  }

  package var how: How
  /// With `.notFound`: the program is there, and this is the interpreter or loader that it names and that is not.
  package var missingInterpreter: [UInt8]?
  /// The time limit ran out, and the command was ended for it.
  package var timedOut: Bool { !timeoutSignals.isEmpty }
  /// The signals that the time limit sent, in order: that of the request, and SIGKILL where it was not enough.
  package var timeoutSignals: [Int32] = []
  /// Signals that came to cb from outside while the command ran, those of the terminal included, each once, in order.
  package var received: [Int32] = []
  /// Of a shell text that runs beside the command: the first signal from outside that was to end cb, and so ended the text.
  /// `runShell` has noted it for `InheritedState.pendingInterruption`.
  package var interruption: Int32?
  /// Nobody reads the command's standard output, or its standard error, any more.
  package var lostReader = false
  /// Milliseconds from start to end.
  package var duration: Int64 = 0
  /// The last bytes that it wrote to standard error, if asked for.
  package var stderrTail: [UInt8] = []
  /// What `ShellOutput` asked to be kept.
  package var output: [UInt8] = []

  /// An end without signals from outside, output or duration, which the caller fills in.
  package init(how: How) { self.how = how }

  /// The signal from outside that ended the command: it died of a signal that came to cb, or caught one and exited with
  /// 128 + N, the way of Java and of many scripts. nil: it ended for reasons of its own, or for its time limit.
  package var relayed: Int32? {
    if timedOut { return nil }
    switch how {
    case .interrupted(let signal): return signal
    case .signaled(let signal): return received.contains(signal) ? signal : nil
    case .exited(let code): return received.first { $0 + 128 == code }
    default: return nil
    }
  }

  /// It died because the reader of its output went away. An exit code of 141 may mean anything, and so may a SIGPIPE
  /// while its output is read: that was another pipe, one of the command's own.
  package var readerGone: Bool { how == .signaled(SIGPIPE) && lostReader }

  /// The exit code that this comes to, as the contract's table has it; a signal counts as 128 + N.
  package var exitCode: Int32 {
    if timedOut { return 124 }
    switch how {
    case .exited(let code): return code
    case .signaled(let signal), .interrupted(let signal): return 128 + signal
    case .notFound: return 127
    case .notExecutable: return 126
    case .notStarted, .endUnknown: return 125
    }
  }
}
