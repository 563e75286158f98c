import CProcess
import Glibc

/// Signals as something to poll for, for a loop that waits for more than signals: every signal is blocked while this
/// lives, and taken one at a time. For what draws on a terminal, which must be as it was before cb ends or stops.
package struct SignalQueue: ~Copyable {
  /// What a signal asks of cb.
  package enum Wish: Equatable {
    case end(by: Int32)
    case stop(by: Int32)
    /// The terminal may have another size.
    case resize
  }

  /// Readable when a signal is there; -1 where there are no more descriptors, and then signals are not seen.
  package let descriptor: Int32
  private let before: SignalSet

  /// Blocks every signal, and queues all but SIGCHLD and those that were blocked when cb started.
  package init(_ inherited: InheritedState) {
    before = SignalSet.all.becomeMask()
    var wanted = SignalSet.all
    wanted.remove(SIGCHLD)
    // What was blocked at the start is to stay pending, as over an exec; but the size of the terminal is our business.
    for signal: Int32 in 1...64 where inherited.mask.contains(signal) && signal != SIGWINCH { wanted.remove(signal) }
    descriptor = withUnsafePointer(to: wanted.raw) { cprocess_signalfd($0) }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    before.becomeMask()
  }

  /// The next signal that asks for something; nil when there is none. One that is ignored asks for nothing.
  package func next() -> Wish? {
    var signal = cprocess_signal()
    while cprocess_read_signalfd(descriptor, &signal) == 1 {
      if signal.number == SIGWINCH { return .resize }
      // A pipe of our own that broke is told by the write.
      if signal.number == SIGPIPE || cprocess_disposition(signal.number) == 1 { continue }
      switch DefaultAction.of(signal.number) {
      case .end: return .end(by: signal.number)
      case .stop: return .stop(by: signal.number)
      case .nothing: continue
      }
    }
    return nil
  }

  /// Stops as the signal stops; returns when cb is continued.
  package func stop(by signal: Int32) {
    cprocess_stop_by(signal)
  }
}
