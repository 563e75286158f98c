import CProcess
import Glibc

/// What cb was started with and CMD is to have again. Made once, first thing in `main`, before any file is opened.
package struct InheritedState {
  /// The mask that cb was started with: CMD's.
  let mask: SignalSet
  /// SIGCHLD was ignored: waitpid would fail so, so cb has it at its default, and CMD gets it back ignored.
  let ignoresChildren: Bool
  private let taken = TakenSignal()

  /// Whether cb was given more rights than its caller has (setuid, setgid, file capabilities).
  package var isElevated: Bool { cprocess_is_elevated() != 0 }

  /// Keeps the places of closed standard streams, undoes the handlers of the Swift runtime, and reads what CMD is to
  /// get back. Once a process.
  package static func capture() -> InheritedState {
    holdClosedPlaces()
    undoRuntimeHandlers()
    let ignoresChildren = cprocess_disposition(SIGCHLD) == 1
    if ignoresChildren { cprocess_set_default(SIGCHLD) }
    return InheritedState(mask: .mask, ignoresChildren: ignoresChildren)
  }

  /// Blocks every signal from here on: they are taken one at a time where cb can act on them, and none is lost between
  /// admission and CMD. Call it before a permit is asked for; `run` and `pause` see to it themselves.
  /// Blocked signals need no other care: one that is ignored is still reported while it is blocked (and so can be
  /// passed on), and a broken pipe or a file size limit gives EPIPE or EFBIG without SIGPIPE or SIGXFSZ.
  package func holdSignals() {
    SignalSet.all.becomeMask()
  }

  /// For commands that hold no signals: a file size limit (`ulimit -f`) gives EFBIG, and so a message, not SIGXFSZ.
  package func holdSizeLimit() {
    SignalSet.of(SIGXFSZ).joinMask()
  }

  /// A signal that is to end cb has come since `holdSignals`, one that ended a shell text included; nil if none has.
  /// Whoever asks again is told again. Stops where one asked for that.
  package func pendingInterruption() -> Int32? {
    interruption(withinMilliseconds: 0)
  }

  /// A signal that is to end cb was taken elsewhere.
  func note(_ signal: Int32?) {
    if taken.signal == nil { taken.signal = signal }
  }

  /// Waits for a signal that is to end cb; nil when the time went by.
  func interruption(withinMilliseconds milliseconds: Int64) -> Int32? {
    if let signal = taken.signal { return signal }
    let end = milliseconds == 0 ? 0 : millisecondsNow() + milliseconds
    var left = milliseconds
    while true {
      if let signal = interrupting.wait(milliseconds: left), !signal.isOwnWrite,
        cprocess_disposition(signal.number) != 1
      {
        switch DefaultAction.of(signal.number) {
        case .end:
          note(signal.number)
          return signal.number
        case .stop: cprocess_stop_by(signal.number)
        case .nothing: break
        }
      } else if milliseconds == 0 {
        return nil
      }
      if milliseconds > 0 {
        left = end - millisecondsNow()
        if left <= 0 { return nil }
      }
    }
  }

  /// What may end or stop cb while there is no CMD. A signal that was blocked at the start stays pending: CMD is to find
  /// it so, as over an exec.
  private var interrupting: SignalSet {
    var set = SignalSet.all
    set.remove(SIGCHLD)
    for signal: Int32 in 1...64 where mask.contains(signal) { set.remove(signal) }
    return set
  }

  /// What a shell text beside the command heeds: its own end, and what is for cb.
  var heededBesideCommand: SignalSet {
    var set = interrupting
    for signal in [SIGCHLD, SIGCONT] { set.insert(signal) }
    return set
  }

  /// A closed 0, 1 or 2 would be taken by the first file that cb opens, and CMD would read or write the store. An O_PATH
  /// descriptor of `/` holds the place: it is always there, and reading and writing it fail as on a closed one. Closed
  /// on exec, so that CMD finds the place closed again.
  private static func holdClosedPlaces() {
    for place: Int32 in 0...2 where fcntl(place, F_GETFD) < 0 {
      // The lowest free place is this one, as all before it are taken.
      cprocess_hold_place()
    }
  }

  /// The Swift runtime puts its crash reporter on these where they are at their default. cb is to die of them, and to
  /// pass them on, like any C program.
  private static func undoRuntimeHandlers() {
    for signal in [SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP]
    where cprocess_disposition(signal) == 2 {
      cprocess_set_default(signal)
    }
  }
}

/// The signal that is to end cb, once it is taken from where signals wait. Copies of the state share it.
private final class TakenSignal {
  var signal: Int32?
}
