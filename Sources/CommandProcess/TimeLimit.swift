import Glibc

/// The time limit of a command, from its start to the end of all that the command started. A signal that ends a shell text
/// goes the same way, as if its time were up. Times are of `millisecondsNow`.
struct TimeLimit {
  private enum Stage {
    case none
    case running(until: Int64)
    /// The first signal has been sent; SIGKILL is due. `look` is when to see whether anything is left.
    case terminating(killAt: Int64, look: Backoff)
    /// SIGKILL has been sent, and is sent to what still appears.
    case killing(since: Int64, next: Backoff)
  }

  private let command: pid_t
  private let signal: Int32
  private let killAfter: Int64
  private let tree: ProcessTree?
  private let onTrouble: ((CommandTrouble) -> Void)?
  private var stage: Stage
  /// What `onTrouble` has been told.
  private var told: [CommandTrouble] = []
  /// The signals that were sent, in order.
  private var sent: [Int32] = []
  /// A signal came before the time was up.
  private var isInterrupted = false

  init(_ request: LaunchRequest, command: pid_t, start: Int64, tree: ProcessTree?) {
    self.command = command
    signal = request.timeoutSignal
    killAfter = request.killAfter
    onTrouble = request.onTrouble
    self.tree = tree
    stage = request.timeout.map { .running(until: start + $0) } ?? .none
  }

  /// The command is being ended.
  var isOver: Bool {
    switch stage {
    case .none, .running: false
    case .terminating, .killing: true
    }
  }

  /// The signals that were sent because the time was up, in order.
  var sentForTime: [Int32] { isInterrupted ? [] : sent }

  /// Something that the command started and that its time limit is to end may live, while the command has ended.
  var isClearingUp: Bool {
    guard isOver, let tree else { return false }
    // Not even SIGKILL ends a process in an uninterruptible sleep. A second is enough for all others.
    if case .killing(let since, _) = stage, millisecondsNow() - since > 1000 { return false }
    return !tree.living().isEmpty
  }

  /// When something is to be done; nil: never. `isOver`: the command itself has ended.
  func next(isOver hasEnded: Bool) -> Int64? {
    switch stage {
    case .none: nil
    case .running(let until): until
    // A grandchild's end wakes nobody.
    case .terminating(let killAt, let look): hasEnded ? min(killAt, look.due) : killAt
    case .killing(_, let next): next.due
    }
  }

  func isDue(at now: Int64) -> Bool {
    if case .running(let until) = stage { now >= until } else { false }
  }

  mutating func heed(_ now: Int64, hasEnded: Bool) {
    switch stage {
    case .running(let until) where now >= until:
      if hasEnded { return }
      // SIGCONT too: a stopped process does not see SIGTERM. The whole tree and not the process group: taking the
      // command out of cb's group would take the terminal from it.
      send(signal, SIGCONT, hasEnded: hasEnded)
      stage = .terminating(killAt: now + killAfter, look: Backoff(from: now, upTo: 100))
    case .terminating(let killAt, _) where now >= killAt:
      send(SIGKILL, hasEnded: hasEnded)
      stage = .killing(since: now, next: Backoff(from: now, upTo: 5000))
    case .terminating(let killAt, var look):
      if now >= look.due {
        look.advance(from: now)
        stage = .terminating(killAt: killAt, look: look)
      }
    case .killing(let since, var next) where now >= next.due:
      send(SIGKILL, hasEnded: hasEnded)
      if !hasEnded, now - since >= 1000 { tell(.doesNotEnd(pid: command)) }
      next.advance(from: now)
      stage = .killing(since: since, next: next)
    default:
      break
    }
  }

  /// A signal from outside is to end the command: it goes to all that the command started, and SIGKILL follows as after
  /// the time limit. A key of the terminal has reached whom it is for in cb's own process group.
  mutating func interrupt(by signal: Int32, isKey: Bool, at now: Int64, hasEnded: Bool) {
    guard case .running = stage, !hasEnded else { return }
    isInterrupted = true
    send(signal, SIGCONT, hasEnded: hasEnded, sparing: isKey ? getpgrp() : nil)
    stage = .terminating(killAt: now + killAfter, look: Backoff(from: now, upTo: 100))
  }

  /// Reaps adopted orphans that have ended.
  func reapOrphans() { tree?.reapOrphans(but: command) }

  /// - Parameter group: a process group that has had the signals.
  private mutating func send(_ signals: Int32..., hasEnded: Bool, sparing group: pid_t? = nil) {
    if let first = signals.first, !sent.contains(first) { sent.append(first) }
    if !hasEnded, group == nil || getpgid(command) != group {
      // Where there is no /proc, this is all that can be done.
      for signal in signals where kill(command, signal) != 0 && signal == SIGKILL && errno != ESRCH {
        tell(.cannotBeEnded(pid: command, code: errno))
      }
    }
    tree?.send(signals, but: command, sparing: group)
  }

  /// One line is enough: that the process does not end follows from its not being ours to end.
  private mutating func tell(_ trouble: CommandTrouble) {
    guard told.isEmpty else { return }
    told.append(trouble)
    onTrouble?(trouble)
  }
}

/// When to look again: soon at first, and then less and less often, as looking reads all of /proc.
struct Backoff {
  private(set) var due: Int64
  private var step: Int64 = 5
  private let longest: Int64

  /// - Parameter longest: milliseconds between two looks at the most.
  init(from now: Int64, upTo longest: Int64) {
    self.longest = longest
    due = now + step
  }

  mutating func advance(from now: Int64) {
    step = min(2 * step, longest)
    due = now + step
  }
}
