import CProcess
import Glibc

/// One running command: takes signals one at a time, so that nothing is done in a signal handler and nothing is lost.
struct Supervision: ~Copyable {
  let command: pid_t
  /// Where the child leaves the errno of an exec that failed.
  let failure: UnsafeMutablePointer<Int32>
  let request: LaunchRequest
  let signals: SignalSet
  /// Bit N: the command began with signal N pending, and does not get it again.
  private let handedOver: UInt32
  let tree: ProcessTree?
  private let own = getpid()
  private let start: Int64
  private var tee: StandardErrorTee?
  private var ending: Ending.How?
  private var received: [Int32] = []
  private var limit: TimeLimit
  private var nextTick: Int64?
  /// The command has gone on after its last stop.
  private var hasContinued = false

  /// How far the time limit has gone. Times are of `millisecondsNow`.
  private enum TimeLimit {
    case none
    case running(until: Int64)
    /// SIGTERM has been sent; SIGKILL is due.
    case terminating(killAt: Int64)
    /// SIGKILL has been sent, and is sent to what still appears.
    case killing(since: Int64)
  }

  init(
    command: pid_t, failure: UnsafeMutablePointer<Int32>, request: LaunchRequest, start: Int64, signals: SignalSet,
    handedOver: UInt32, tree: ProcessTree?, tee: consuming StandardErrorTee?
  ) {
    self.command = command
    self.failure = failure
    self.request = request
    self.signals = signals
    self.handedOver = handedOver
    self.tree = tree
    self.start = start
    self.tee = tee
    limit = request.timeout.map { .running(until: start + $0) } ?? .none
    nextTick = request.tick.map { start + $0.after }
  }

  mutating func toTheEnd() -> Ending {
    passOnWhatCameBeforeTheFork()
    while ending == nil || isClearingUp {
      if let signal = nextSignal() { take(signal) }
      if request.timeout != nil || nextTick != nil { heedTheTime() }
    }
    var result = Ending(how: ending ?? .failed(ECHILD))
    result.duration = millisecondsNow() - start
    if let signal = tee?.finish() { note(signal) }
    result.received = received
    if case .none = limit {} else if case .running = limit {} else { result.timedOut = true }
    result.stderrTail = tee?.tail ?? []
    return result
  }

  // MARK: Signals

  /// A signal of the terminal that came after the last look and before the fork reached cb alone. All that are pending
  /// now are passed on, whoever sent them: the child has them blocked until just before its exec, so one that it has
  /// already stays one. But on a busy machine the command may be well under way by now, and send signals itself.
  private mutating func passOnWhatCameBeforeTheFork() {
    var early = signals
    early.remove(SIGCHLD)
    while var signal = early.wait(milliseconds: 0) {
      if signal.sender == command || signal.sender == own && [SIGPIPE, SIGXFSZ].contains(signal.number) { continue }
      note(signal)
      if signal.number < 32, handedOver >> signal.number & 1 == 1 { continue }
      cprocess_forward_signal(command, &signal)
    }
  }

  private mutating func nextSignal() -> cprocess_signal? {
    let wait = waitingTime()
    if tee != nil { return tee?.nextSignal(milliseconds: wait) }
    return signals.wait(milliseconds: wait)
  }

  private mutating func take(_ signal: cprocess_signal) {
    if signal.number == SIGCHLD {
      // Whichever child it names: of several children's, one is kept.
      learn()
      tree?.reapOrphans(but: command)
      return
    }
    switch SignalOrigin(signal, command: command, own: own, isSessionLeader: getsid(0) == own) {
    case .own, .command:
      return
    case .terminal:
      note(signal)
    case .outside:
      note(signal)
      if signal.number == SIGCONT {
        // `fg` sends it to the whole group. If the command has gone on, it has had it.
        learn()
        if hasContinued {
          hasContinued = false
          return
        }
      }
      if ending == nil {
        var signal = signal
        cprocess_forward_signal(command, &signal)
      }
    }
  }

  private mutating func note(_ signal: cprocess_signal) {
    if DefaultAction.of(signal.number) == .end, !received.contains(signal.number) { received.append(signal.number) }
  }

  // MARK: The command

  /// Takes in all that waitpid has to tell about the command.
  private mutating func learn() {
    while ending == nil {
      var number: Int32 = 0
      switch cprocess_look(command, &number) {
      case CPROCESS_NONE:
        return
      case CPROCESS_EXITED:
        ending = exit(number)
      case CPROCESS_SIGNALED:
        ending = .signaled(number)
      case CPROCESS_STOPPED:
        hasContinued = false
        // So that the shell sees its job stop, the same way. Not on the way to SIGKILL, which has to come.
        if !isTimedOut { cprocess_stop_by(number) }
      case CPROCESS_CONTINUED:
        hasContinued = true
      default:
        ending = .failed(number)
      }
    }
  }

  private func exit(_ code: Int32) -> Ending.How {
    // Only the child of ours that did not get as far as CMD leaves a number here, and then exits with one of these.
    guard code == 126 || code == 127, failure.pointee != 0 else { return .exited(code) }
    return code == 127 ? .notFound(failure.pointee) : .notExecutable(failure.pointee)
  }

  // MARK: Time

  private var isTimedOut: Bool {
    switch limit {
    case .none, .running: false
    case .terminating, .killing: true
    }
  }

  /// The command has ended, but something that it started and that its time limit is to end may live.
  private var isClearingUp: Bool {
    guard isTimedOut, let tree else { return false }
    // Not even SIGKILL ends a process in an uninterruptible sleep. A second is enough for all others.
    if case .killing(let since) = limit, millisecondsNow() - since > 1000 { return false }
    return !tree.living().isEmpty
  }

  /// Milliseconds to wait for a signal at most; nil: no limit.
  private func waitingTime() -> Int64? {
    var next: Int64?
    switch limit {
    case .none: break
    case .running(let until): next = until
    case .terminating(let killAt):
      // A grandchild's end wakes nobody.
      next = ending == nil ? killAt : min(killAt, millisecondsNow() + 10)
    case .killing: next = millisecondsNow() + 5
    }
    if let nextTick { next = min(next ?? nextTick, nextTick) }
    return next.map { max(0, $0 - millisecondsNow()) }
  }

  private mutating func heedTheTime() {
    let now = millisecondsNow()
    if let tick = request.tick, let due = nextTick, now >= due {
      nextTick = tick.action().map { now + $0 }
    }
    switch limit {
    case .running(let until) where now >= until:
      learn()
      if ending != nil { return }
      // SIGCONT too: a stopped process does not see SIGTERM. The whole tree and not the process group: taking the
      // command out of cb's group would take the terminal from it.
      end(with: SIGTERM, SIGCONT)
      limit = .terminating(killAt: now + request.killAfter)
    case .terminating(let killAt) where now >= killAt:
      end(with: SIGKILL)
      limit = .killing(since: now)
    case .killing:
      end(with: SIGKILL)
    default:
      break
    }
  }

  private func end(with signals: Int32...) {
    if ending == nil {
      // Where there is no /proc, this is all that can be done.
      for signal in signals { kill(command, signal) }
    }
    tree?.send(signals, but: command)
  }
}
