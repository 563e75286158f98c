import BreakerStore
import CircuitBreaker
import CommandProcess
import Settings

/// Tells the listeners of a breaker what happened, after it was stored, in the order of the table of CONTRACT section
/// 7. A listener that fails or takes too long is reported and changes nothing else.
struct Announcer {
  let name: BreakerName
  let settings: ResolvedSettings
  var listeners: [Listener] { settings.settings.listeners }
  let world: World
  private let policy: Policy

  /// How long a listener may take, in milliseconds (CONTRACT section 7).
  static let limit: Int64 = 10_000

  init(name: BreakerName, settings: ResolvedSettings, world: World) {
    self.name = name
    self.world = world
    self.settings = settings
    policy = settings.policy
  }

  /// State changes, each as one event.
  func announce(_ transitions: [Transition], _ breaker: Breaker?, at now: Timestamp) {
    guard !listeners.isEmpty else { return }
    for transition in transitions {
      var occurrence = occurrence(.stateChange, breaker, at: now)
      occurrence.oldState = transition.from
      occurrence.newState = transition.to
      occurrence.reason = transition.reason
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

  /// The result of a run and the state changes it brought about: a failure comes before the change it causes, a
  /// trial's success after the change that makes it one. A result that came too late announces nothing.
  func announceResult(_ applied: Applied, _ ending: CommandProcess.Ending?) {
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
    if let ending {
      occurrence.exitStatus = ending.exitCode
      if case .signaled(let signal) = ending.how { occurrence.signal = SignalName.name(of: signal) }
    }
    tell(occurrence)
    if !isClosing { announce(applied.step.transitions, applied.breaker, at: applied.now) }
  }

  private func occurrence(_ event: ListenedEvent, _ breaker: Breaker?, at now: Timestamp) -> Occurrence {
    let state = breaker?.state ?? .closed
    return Occurrence(
      event: event, breaker: name, oldState: state, newState: state, failCounter: breaker?.failCounter ?? 0,
      retryAfter: breaker?.retryAfter(policy, at: now), at: now)
  }

  private func tell(_ occurrence: Occurrence) {
    for listener in listeners where occurrence.isFor(listener.event) {
      do throws(ListenerFailure) {
        if let builtIn = BuiltInListener(listener.command) {
          try builtIn.take(occurrence)
        } else {
          try runListener(listener.command, occurrence)
        }
      } catch {
        world.say("\(name): listener '\(listener.text)' \(error.reason)")
      }
    }
  }

  private func runListener(_ text: String, _ occurrence: Occurrence) throws(ListenerFailure) {
    let ending = runShell(
      text, inherited: world.inherited, environment: occurrence.environment + Self.withheld(world),
      input: occurrence.line, timeout: Self.limit)
    if ending.timedOut { throw .tookTooLong }
    if ending.how != .exited(0) { throw ListenerFailure(reason: "failed: \(ending.forCore.reason)") }
  }
}

extension Announcer {
  /// What a listener does not get from cb's environment: passwords of the store.
  private static func withheld(_ world: World) -> [(name: String, value: String)] {
    var withheld: [(name: String, value: String)] = []
    if world.environment("CB_REDIS_PASSWORD") != nil { withheld.append((name: "CB_REDIS_PASSWORD", value: "")) }
    if let store = world.environment("CB_STORE"), store.utf8.contains(UInt8(ascii: "@")) {
      withheld.append((name: "CB_STORE", value: ""))
    }
    return withheld
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
