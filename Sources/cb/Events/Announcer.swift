import BreakerStore
import CircuitBreaker
import CommandProcess
import Settings
import System

/// Tells the listeners of a breaker what happened, after it was stored, in the order of the table of docs/CONTRACT.md,
/// "Events". A listener that fails or takes too long is reported and changes nothing else.
struct Announcer {
  let name: BreakerName
  let settings: ResolvedSettings
  let world: World
  var listeners: [Listener] { settings.settings.listeners }
  private let policy: Policy

  /// How long a listener may take, in milliseconds.
  static let limit: Int64 = 10_000

  init(name: BreakerName, settings: ResolvedSettings, world: World) {
    self.name = name
    self.world = world
    self.settings = settings
    policy = settings.policy
  }

  /// State changes, each as one event.
  ///
  /// - Parameter action: who brought them about by hand, and why: both are said apart.
  func announce(
    _ transitions: [Transition], _ breaker: Breaker?, by action: ManualAction? = nil, at now: Timestamp
  ) {
    guard !listeners.isEmpty else { return }
    for transition in transitions {
      var occurrence = occurrence(.stateChange, breaker, at: now)
      occurrence.oldState = transition.from
      occurrence.newState = transition.to
      occurrence.reason = transition.reason
      if let action {
        occurrence.reason = action.reason ?? ""
        occurrence.by = action.by
      }
      if transition.to != .open { occurrence.retryAfter = nil }
      tell(occurrence)
    }
  }

  func announce(_ event: ListenedEvent, _ breaker: Breaker?, reason: String = "", at now: Timestamp) {
    guard !listeners.isEmpty else { return }
    var occurrence = occurrence(event, breaker, at: now)
    occurrence.reason = reason
    tell(occurrence)
  }

  /// A rejection, also one that `mode observe` let pass; and where it is the first after each `remind`, that the circuit
  /// is still open.
  func announceRejection(_ rejection: Rejection, _ breaker: Breaker?, at now: Timestamp) {
    announce(.rejected, breaker, reason: rejection.cause.reason, at: now)
    if rejection.isReminder { announce(.stillOpen, breaker, reason: rejection.openReason ?? "", at: now) }
  }

  /// The result of a run and the state changes it brought about: a failure comes before the change it causes, a
  /// trial's success after the change that makes it one. A result that came too late announces nothing.
  func announceResult(_ applied: Applied, _ end: CommandEnd?) {
    guard !listeners.isEmpty, case .recorded(let verdict) = applied.step.effect else { return }
    let isClosing = applied.step.transitions.contains { $0.to == .closed }
    if isClosing { announce(applied.step.transitions, applied.breaker, at: applied.now) }
    var occurrence = occurrence(verdict.outcome.event, applied.breaker, at: applied.now)
    if let first = applied.step.transitions.first, !isClosing {
      occurrence.oldState = first.from
      occurrence.newState = first.from
      occurrence.retryAfter = nil
    }
    occurrence.reason = verdict.reason
    occurrence.duration = verdict.duration
    if let end {
      occurrence.exitStatus = end.exitCode
      occurrence.signal = end.signalName ?? ""
    }
    tell(occurrence)
    if !isClosing { announce(applied.step.transitions, applied.breaker, at: applied.now) }
    if let hold = applied.step.newHold {
      announce(.hold, applied.breaker, reason: hold.reason ?? "", by: hold.by, at: applied.now)
    }
  }

  /// The result of a run for which nobody asked: first that it was the trial, then as any result.
  func announceUnasked(_ applied: Applied, _ end: CommandEnd?) {
    var remaining = applied
    if let first = applied.step.transitions.first, first.to == .halfOpen {
      announce([first], applied.breaker, at: applied.now)
      remaining.step.transitions.removeFirst()
    }
    announceResult(remaining, end)
  }

  /// An act by hand: what was asked, who asked it, and why.
  func announceManual(_ act: ManualAct, _ action: ManualAction, _ breaker: Breaker?, at now: Timestamp) {
    guard !listeners.isEmpty else { return }
    var occurrence = occurrence(.manual, breaker, at: now)
    occurrence.reason = action.reason ?? ""
    occurrence.by = action.by
    occurrence.act = act
    tell(occurrence)
  }

  private func announce(
    _ event: ListenedEvent, _ breaker: Breaker?, reason: String, by: String, at now: Timestamp
  ) {
    var occurrence = occurrence(event, breaker, at: now)
    occurrence.reason = reason
    occurrence.by = by
    tell(occurrence)
  }

  private func occurrence(_ event: ListenedEvent, _ breaker: Breaker?, at now: Timestamp) -> Occurrence {
    let state = breaker?.state ?? .closed
    return Occurrence(
      event: event, breaker: name, oldState: state, newState: state, failCounter: breaker?.failCounter ?? 0,
      retryAfter: breaker?.retryAfter(policy, at: now), at: now, caller: world.caller,
      isObserved: settings.settings.mode == .observe, traceParent: world.environment("TRACEPARENT"))
  }

  private func tell(_ occurrence: Occurrence) {
    for listener in listeners where occurrence.isFor(listener.event) {
      do throws(ListenerFailure) {
        if let builtIn = BuiltInListener(listener.command) {
          try builtIn.deliver(occurrence)
        } else {
          try runListener(listener.command, occurrence)
        }
      } catch {
        world.say("\(name): listener '\(listener.text)' \(error.reason)")
      }
    }
  }

  private func runListener(_ text: String, _ occurrence: Occurrence) throws(ListenerFailure) {
    let end = runShell(
      ByteText.encode(text), inherited: world.inherited, environment: occurrence.environment,
      withholding: world.secretVariables, input: occurrence.line, timeout: Self.limit, comesFirst: true)
    if end.timedOut { throw .tookTooLong }
    if let signal = end.interruption {
      throw ListenerFailure(reason: "was ended: \(SignalName.name(of: signal)) came to cb")
    }
    if let reason = end.whyNotStarted { throw ListenerFailure(reason: "cannot be run: /bin/sh: \(reason)") }
    if end.how != .exited(0) { throw ListenerFailure(reason: "failed: \(end.forCore.reason)") }
  }
}

struct ListenerFailure: Error {
  var reason: String

  static let tookTooLong = ListenerFailure(reason: "took over 10 s and was ended")
}

extension Outcome {
  var event: ListenedEvent {
    switch self {
    case .success: .success
    case .failure: .failure
    case .excluded: .excluded
    case .ignored: .ignored
    }
  }
}
