import CProcess
import Glibc

/// A set of signals, as the kernel takes it.
struct SignalSet {
  var raw = sigset_t()

  private init() {}

  /// Every signal but the two that glibc keeps for itself (SIGKILL and SIGSTOP are in it without effect).
  static var all: SignalSet {
    var set = SignalSet()
    sigfillset(&set.raw)
    return set
  }

  static func of(_ signals: Int32...) -> SignalSet {
    var set = SignalSet()
    sigemptyset(&set.raw)
    for signal in signals { sigaddset(&set.raw, signal) }
    return set
  }

  func contains(_ signal: Int32) -> Bool {
    withUnsafePointer(to: raw) { sigismember($0, signal) == 1 }
  }

  mutating func insert(_ signal: Int32) { sigaddset(&raw, signal) }

  mutating func remove(_ signal: Int32) { sigdelset(&raw, signal) }

  /// Makes this the mask of the process; returns the one before.
  @discardableResult
  func becomeMask() -> SignalSet {
    var before = SignalSet()
    withUnsafePointer(to: raw) { _ = sigprocmask(SIG_SETMASK, $0, &before.raw) }
    return before
  }

  /// Adds this to the mask of the process.
  func joinMask() {
    withUnsafePointer(to: raw) { _ = sigprocmask(SIG_BLOCK, $0, nil) }
  }

  /// The mask of the process.
  static var mask: SignalSet {
    var set = SignalSet()
    sigprocmask(SIG_BLOCK, nil, &set.raw)
    return set
  }

  /// Takes one pending signal of the set, waiting for it as long as told (nil: forever).
  func wait(milliseconds: Int64?) -> cprocess_signal? {
    var signal = cprocess_signal()
    let came = withUnsafePointer(to: raw) { cprocess_wait_signal($0, milliseconds ?? -1, &signal) }
    return came == 1 ? signal : nil
  }
}

/// What a signal does to a process that does nothing about it (signal(7)).
enum DefaultAction {
  case end
  case stop
  case nothing

  static func of(_ signal: Int32) -> DefaultAction {
    switch signal {
    case SIGTSTP, SIGTTIN, SIGTTOU, SIGSTOP: .stop
    case SIGCHLD, SIGCONT, SIGURG, SIGWINCH: .nothing
    default: .end
    }
  }
}
