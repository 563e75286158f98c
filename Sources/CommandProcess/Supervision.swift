import CProcess
import Glibc
import System

/// One running command: takes signals one at a time, so that nothing is done in a signal handler and nothing is lost.
struct Supervision: ~Copyable {
  let command: pid_t
  /// Where the child leaves the errno of an exec that failed.
  let failure: UnsafeMutablePointer<Int32>
  let request: LaunchRequest
  let signals: SignalSet
  /// Bit N: the command began with signal N pending, and does not get it again.
  private let handedOver: UInt32
  private let own = getpid()
  private let start: Int64
  private var pipe: OutputPipe?
  private var ending: CommandEnd.How?
  private var received: [Int32] = []
  private var interruption: Int32?
  private var limit: TimeLimit
  private var nextTick: Int64?
  private var jobControl: JobControl
  /// The process that woke cb out of its last stop.
  private var waker: pid_t = 0
  /// The command has gone on after its last stop.
  private var hasContinued = false

  init(
    command: pid_t, failure: UnsafeMutablePointer<Int32>, request: LaunchRequest, start: Int64, signals: SignalSet,
    handedOver: UInt32, tree: ProcessTree?, pipe: consuming OutputPipe?
  ) {
    self.command = command
    self.failure = failure
    self.request = request
    self.signals = signals
    self.handedOver = handedOver
    self.start = start
    self.pipe = pipe
    limit = TimeLimit(request, command: command, start: start, tree: tree)
    jobControl = JobControl(command: command)
    nextTick = request.tick.map { start + $0.after }
  }

  mutating func toTheEnd() -> CommandEnd {
    passOnWhatCameBeforeTheFork()
    while ending == nil || limit.isClearingUp {
      if let signal = nextSignal() { handle(signal) }
      if request.timeout != nil || nextTick != nil { heedTheTime() }
    }
    // Its keys went to the command's group alone.
    if jobControl.isLent { received += [SIGINT, SIGQUIT].filter { !received.contains($0) } }
    jobControl.reclaimTerminal()
    var result = CommandEnd(how: ending ?? .endUnknown(ECHILD))
    result.duration = millisecondsNow() - start
    if let signal = pipe?.finish() {
      note(signal)
      heed(signal, isKey: false)
    }
    result.received = received
    result.timeoutSignals = limit.sentForTime
    result.interruption = interruption
    if case .notFound = result.how { result.missingInterpreter = missingInterpreter(request.argv) }
    if result.how == .signaled(SIGPIPE) {
      result.lostReader = pipe?.lostReader ?? false || [STDOUT_FILENO, STDERR_FILENO].contains(where: hasLostReader)
    }
    let kept = pipe?.bytes ?? []
    if request.output == nil { result.stderrTail = kept } else { result.output = kept }
    return result
  }

  // MARK: Signals

  /// A signal of the terminal that came after the last look and before the fork reached cb alone. All that are pending
  /// now are passed on, whatever their sender: the child has them blocked until just before its exec, so one that it has
  /// already stays one. But on a busy machine the command may be well under way by now, and send signals itself.
  private mutating func passOnWhatCameBeforeTheFork() {
    var early = signals
    early.remove(SIGCHLD)
    while var signal = early.wait(milliseconds: 0) {
      if signal.sender == command || signal.isOwnWrite { continue }
      note(signal)
      if heed(signal, isKey: false) { continue }
      if signal.number < 32, handedOver >> signal.number & 1 == 1 { continue }
      cprocess_forward_signal(command, &signal)
    }
  }

  private mutating func nextSignal() -> cprocess_signal? {
    let wait = waitingTime()
    if pipe != nil { return pipe?.nextSignal(milliseconds: wait) }
    return signals.wait(milliseconds: wait)
  }

  private mutating func handle(_ signal: cprocess_signal) {
    if signal.number == SIGCHLD {
      // Whichever child it names: of several children's, one is kept.
      learn()
      limit.reapOrphans()
      return
    }
    // Of the process that woke cb, which is gone.
    if signal.number == SIGCONT, waker != 0, signal.sender == waker { return learn() }
    switch SignalOrigin(signal, command: command, own: own, isSessionLeader: getsid(0) == own) {
    case .own, .command:
      return
    case .terminal:
      note(signal)
      if heed(signal, isKey: true) { return }
      if ending == nil, jobControl.passOnKey(signal) == .stopsWaiter { stop(by: signal.number) }
    case .outside:
      note(signal)
      if heed(signal, isKey: false) { return }
      if signal.number == SIGCONT {
        // `fg` sends it to the whole group. If the command has gone on, it has had it.
        learn()
        if hasContinued {
          hasContinued = false
          return
        }
        if ending == nil, jobControl.continueGroup() { return }
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

  /// Ends a command that a signal is to end whatever the command makes of it; false where the command decides. One that
  /// was ignored when cb was started ends nothing.
  @discardableResult
  private mutating func heed(_ signal: cprocess_signal, isKey: Bool) -> Bool {
    guard request.isEndedBySignals, DefaultAction.of(signal.number) == .end, cprocess_disposition(signal.number) != 1
    else { return false }
    if interruption == nil { interruption = signal.number }
    limit.interrupt(by: signal.number, isKey: isKey, at: millisecondsNow(), hasEnded: ending != nil)
    return true
  }

  /// Stops cb; returns when it is continued, when the command goes on or ends without it, or when time asks for cb.
  private mutating func stop(by signal: Int32) {
    jobControl.reclaimTerminal()
    let due = limit.next(isOver: false)
    let isSeen = ProcessView.current() == .own
    waker = cprocess_start_waker(command, isSeen ? 1 : 0, due.map { max(0, $0 - millisecondsNow()) } ?? -1)
    cprocess_stop_by(signal)
    cprocess_end_waker(waker)
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
        if !limit.isOver, !jobControl.lendTerminal(afterStopBy: number) { stop(by: number) }
      case CPROCESS_CONTINUED:
        hasContinued = true
      default:
        ending = .endUnknown(number)
      }
    }
  }

  private func exit(_ code: Int32) -> CommandEnd.How {
    // Only the child of ours that did not get as far as CMD leaves a number here, and then exits with one of these.
    guard code == 126 || code == 127, failure.pointee != 0 else { return .exited(code) }
    return code == 127 ? .notFound(failure.pointee) : .notExecutable(failure.pointee)
  }

  // MARK: Time

  /// Milliseconds to wait for a signal at most; nil: no limit.
  private func waitingTime() -> Int64? {
    let due = [limit.next(isOver: ending != nil), nextTick].compactMap(\.self).min()
    return due.map { max(0, $0 - millisecondsNow()) }
  }

  private mutating func heedTheTime() {
    let now = millisecondsNow()
    if let tick = request.tick, let due = nextTick, now >= due {
      nextTick = tick.action().map { now + $0 }
    }
    // What ended in time has ended in time.
    if limit.isDue(at: now) { learn() }
    limit.heed(now, hasEnded: ending != nil)
  }
}

/// Whether what is written to a descriptor can reach nobody any more: a pipe without readers, a socket without a peer.
private func hasLostReader(_ descriptor: Int32) -> Bool {
  var end = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
  return poll(&end, 1, 0) == 1 && Int32(end.revents) & (POLLERR | POLLHUP) != 0
}

/// The interpreter of a script, or the loader of a program, that is not there although the program is.
private func missingInterpreter(_ argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> [UInt8]? {
  guard let name = argv.pointee else { return nil }
  let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
    count = cprocess_missing_interpreter(name, buffer.baseAddress, buffer.count)
  }
  return bytes.isEmpty ? nil : bytes
}
