import BreakerStore
import CircuitBreaker
import CommandProcess
import Settings
import System

/// Asks the breaker whether a run or a permit may go on: the look and the decision, waiting for a place, the probe in
/// the trial's place, and what `on-store-error` makes of a store that fails.
struct Admitter {
  let name: BreakerName
  let session: Session
  var kind = Lease.Kind.run
  var term = Lease.term
  var isForced = false
  var world: World { session.world }

  enum Decision {
    case admitted(Admitted)
    case rejected(Rejected)
    /// A signal that is to end cb came while the probe ran, and the trial's place was given back.
    case interrupted(Interrupted)
    /// Nothing guards the run: the store failed, or there is no breaker on request (`error` is nil).
    case unguarded(ResolvedSettings, error: StoreError?)
  }

  struct Admitted {
    /// The store that gave the permit, and takes the report.
    var store: OpenStore
    var permit: Permit
    var settings: ResolvedSettings
    /// The breaker as it was looked at, or as the admission left it.
    var circuit: Reading
    var transitions: [Transition] = []
    /// The rejection that only `mode observe` let pass.
    var observed: Rejection?
  }

  struct Rejected {
    var rejection: Rejection
    var settings: ResolvedSettings
    /// The breaker as it rejected.
    var circuit: Reading
    var transitions: [Transition] = []
    /// Why the probe that was the trial failed; nil where none was.
    var probe: String?
    /// Why the rejection was not counted; nil if it was.
    var uncounted: StoreError?
  }

  struct Interrupted {
    var signal: Int32
    var settings: ResolvedSettings
    var circuit: Reading
    var transitions: [Transition]
  }

  /// - Throws: exit 125 where `on-store-error` is `reject` and the store failed.
  func decide() throws(CommandFailure) -> Decision {
    let own = session.settings(for: name, stored: nil)
    if world.isBypassed {
      say("\(name): CB_BYPASS is set; running without the breaker", own)
      return .unguarded(own, error: nil)
    }
    if own.settings.mode == .bypass { return .unguarded(own, error: nil) }
    var decision = decide(on: session.store)
    if case .unguarded(let settings, let error?) = decision { decision = try instead(of: error, settings) }
    return decision
  }

  // MARK: On one store

  private func decide(on store: OpenStore) -> Decision {
    var waiting: Waiting?
    defer { waiting?.end() }
    var warned = false
    // What a probe that came to nothing has brought about.
    var earlier: [Transition] = []
    while true {
      let reading: Reading
      do {
        reading = try store.storage.read(name, .beforeChange)
      } catch {
        let settings = session.settings(for: name, stored: nil)
        warn(settings, stored: nil, &warned)
        // Who waits may wait for the store to come back, too.
        if waiting != nil, wait(waiting, until: nil, store) { continue }
        return .unguarded(settings, error: error)
      }
      let stored = reading.breaker?.settings
      let settings = session.settings(for: name, stored: stored)
      warn(settings, stored: stored, &warned)
      if settings.settings.mode == .bypass { return .unguarded(settings, error: nil) }
      if waiting == nil { waiting = settings.settings.wait.map { waitingLine(limit: $0, settings) } }
      let request = request(settings)
      if let breaker = reading.breaker, waiting != nil,
        !breaker.wouldAdmit(settings.policy, mode: request.mode, at: reading.now),
        wait(waiting, until: breaker.retryAfter(settings.policy, at: reading.now), store)
      {
        continue
      }
      // A look does not show whether the store can be written. Who wants CMD not to be started then pays for a write.
      if settings.settings.onStoreError != .reject, let permit = reading.admitWithoutTrace(request) {
        return .admitted(
          Admitted(store: store, permit: permit, settings: settings, circuit: reading, transitions: earlier))
      }
      guard let decision = ask(store, request, settings, reading, waiting, &earlier) else { continue }
      return decision.after(earlier)
    }
  }

  private func request(_ settings: ResolvedSettings) -> AdmissionRequest {
    AdmissionRequest(
      token: world.token(), policy: settings.policy, kind: kind, term: term,
      announcesRejection: settings.settings.notice != .none, mode: mode(settings))
  }

  private func mode(_ settings: ResolvedSettings) -> AdmissionMode {
    if isForced { return .force(by: world.action().by) }
    return settings.settings.mode == .observe ? .observe : .enforce
  }

  /// One request to the store; nil: look again.
  private func ask(
    _ store: OpenStore, _ request: AdmissionRequest, _ settings: ResolvedSettings, _ reading: Reading,
    _ waiting: Waiting?, _ earlier: inout [Transition]
  ) -> Decision? {
    // The one who asks for a permit ends at once, and the permit stays: only its lease can tell. But a probe before it is
    // one as before any run: its place is free when its process dies.
    let probesFirst = kind == .permit && wouldProbe(reading, settings)
    let isRun = kind == .run || probesFirst
    var request = AdmissionRequest(
      token: request.token, policy: request.policy, kind: isRun ? .run : kind, term: probesFirst ? Lease.term : term,
      holder: isRun ? ProcessIdentity.current(bootID: world.clock.reading().bootID).holder : nil,
      announcesRejection: request.announcesRejection, mode: request.mode, caller: world.caller)
    let applied: Applied
    do {
      applied = try store.storage.apply(.admit(request), to: name)
    } catch {
      return heeding(reading, request, settings, error) ?? .unguarded(settings, error: error)
    }
    tell(applied.notices)
    switch applied.step.effect {
    case .rejected(let rejection):
      // Somebody else took the place between the look and the request: that is worth waiting for, too.
      if waiting != nil, wait(waiting, until: applied.breaker?.retryAfter(settings.policy, at: applied.now), store) {
        return nil
      }
      return .rejected(
        Rejected(
          rejection: rejection, settings: settings, circuit: applied.reading, transitions: applied.step.transitions))
    case .admitted(let permit):
      if probesFirst {
        (request.kind, request.term, request.holder) = (kind, term, nil)
        // Others have moved the circuit on since the look.
        if !permit.isTrial { return again(permit, on: store) }
      }
      let admitted = Admitted(
        store: store, permit: permit, settings: settings, circuit: applied.reading,
        transitions: applied.step.transitions, observed: permit.role == .observed ? applied.step.rejection : nil)
      guard permit.isTrial, let probe = settings.settings.probe else { return .admitted(admitted) }
      let runner = Probe(name: name, text: probe, world: world)
      return runner.decide(admitted, mode: request.mode, announcing: &earlier).map { withPlace($0, request) }
    default: return .unguarded(settings, error: nil)
    }
  }

  /// Whether the admission is that of a trial, and a probe is to be run in its place.
  private func wouldProbe(_ reading: Reading, _ settings: ResolvedSettings) -> Bool {
    guard settings.settings.probe != nil, let breaker = reading.breaker, breaker.state != .closed else { return false }
    return breaker.wouldAdmit(settings.policy, at: reading.now)
  }

  /// Gives a place back that is not what was asked for; nil: look again.
  private func again(_ permit: Permit, on store: OpenStore) -> Decision? {
    if permit.hasLease { _ = try? store.storage.apply(.lose([permit.token]), to: name) }
    return nil
  }

  /// The run for which a probe has closed the circuit, with what any run of a closed circuit takes: the lease of a
  /// permit, which its report is for, or a place under `max-concurrent`.
  private func withPlace(_ decision: Decision, _ first: AdmissionRequest) -> Decision {
    guard case .admitted(var admitted) = decision, admitted.permit.role == .ordinary,
      kind == .permit || admitted.settings.settings.maxConcurrent != nil
    else { return decision }
    var request = first
    request.token = world.token()
    let applied: Applied
    do {
      applied = try admitted.store.storage.apply(.admit(request), to: name)
    } catch {
      return .unguarded(admitted.settings, error: error)
    }
    tell(applied.notices)
    let transitions = admitted.transitions + applied.step.transitions
    switch applied.step.effect {
    case .rejected(let rejection):
      return .rejected(
        Rejected(
          rejection: rejection, settings: admitted.settings, circuit: applied.reading, transitions: transitions))
    case .admitted(let permit):
      admitted.permit = permit
      admitted.circuit = applied.reading
      admitted.transitions = transitions
      return .admitted(admitted)
    default: return decision
    }
  }

  /// A store that can be read and not written (a full disk): an open or held circuit rejects although that cannot be
  /// counted (docs/CONTRACT.md, "Stores"). nil if the run would be admitted.
  private func heeding(
    _ reading: Reading, _ request: AdmissionRequest, _ settings: ResolvedSettings, _ error: StoreError
  ) -> Decision? {
    guard let breaker = reading.breaker, !breaker.wouldAdmit(settings.policy, mode: request.mode, at: reading.now),
      let cause = breaker.rejection(settings.policy, at: reading.now)
    else { return nil }
    return .rejected(
      Rejected(
        rejection: Rejection(cause: cause, isFirstSinceClosed: true), settings: settings, circuit: reading,
        uncounted: error))
  }

  // MARK: When the store fails

  /// What `on-store-error` makes of a store that fails (docs/CONTRACT.md, "Stores").
  private func instead(of error: StoreError, _ settings: ResolvedSettings) throws(CommandFailure) -> Decision {
    switch settings.settings.onStoreError {
    case .reject:
      throw CommandFailure(
        exitCode: ExitCode.selfFailed, message: "\(name): \(error.description); the command was not started")
    case .run: return .unguarded(settings, error: error)
    case .local:
      guard let standIn = session.standIn() else { return .unguarded(settings, error: error) }
      if error.isNews {
        say("\(name): \(error.description); going on with the stand-in \(standIn.label) for now", settings)
      }
      return decide(on: standIn)
    }
  }

  // MARK: Words and waiting

  private func waitingLine(limit: Span, _ settings: ResolvedSettings) -> Waiting {
    Waiting(limit: limit, world: world, name: settings.settings.notice == .none ? nil : name)
  }

  /// Sleeps until the next look; false when the time ran out.
  private func wait(_ waiting: Waiting?, until due: Span?, _ store: OpenStore) -> Bool {
    guard let nap = waiting?.nap(until: due) else { return false }
    store.rest()
    if let signal = pause(milliseconds: nap.milliseconds, inherited: world.inherited) {
      waiting?.end()
      dieOf(signal)
    }
    return true
  }

  private func warn(_ settings: ResolvedSettings, stored: StoredSettings?, _ warned: inout Bool) {
    guard !warned else { return }
    warned = true
    for warning in session.warnings(for: settings, stored: stored) { say(warning, settings) }
  }

  private func say(_ sentence: String, _ settings: ResolvedSettings) {
    if settings.settings.notice != .none { world.say(sentence) }
  }

  private func tell(_ notices: [String]) {
    for notice in notices { world.say(notice) }
  }
}

extension Admitter.Decision {
  /// With changes of state that came before it.
  fileprivate func after(_ earlier: [Transition]) -> Admitter.Decision {
    guard !earlier.isEmpty else { return self }
    switch self {
    case .admitted(var admitted):
      admitted.transitions = earlier + admitted.transitions
      return .admitted(admitted)
    case .rejected(var rejected):
      rejected.transitions = earlier + rejected.transitions
      return .rejected(rejected)
    case .interrupted(var interrupted):
      interrupted.transitions = earlier + interrupted.transitions
      return .interrupted(interrupted)
    case .unguarded: return self
    }
  }
}
