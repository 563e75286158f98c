import BreakerStore
import CircuitBreaker
import CommandProcess
import Glibc
import Settings
import System

/// The setting `probe`: the trial in the command's place (docs/CONTRACT.md, "The state machine").
struct Probe {
  let name: BreakerName
  let text: String
  let world: World

  /// How much of a failed probe's output is shown, in bytes.
  private static let shown = 4096

  /// Runs the probe in the place of the trial that `trial` was given until the circuit is closed or the probe fails, and
  /// decides on the run that waits for it; nil where others have moved the circuit on meanwhile, so that it has to be
  /// asked again.
  ///
  /// - Parameter announcing: gains the changes of state that are to be announced in that case.
  func decide(
    _ trial: Admitter.Admitted, mode: AdmissionMode, announcing: inout [Transition]
  ) -> Admitter.Decision? {
    let settings = trial.settings
    let waiting = RunReport.WaitingRun(mode: mode, announcesRejection: settings.settings.notice != .none)
    let (result, transitions) = toTheEnd(trial, for: waiting)
    switch result {
    case .failed(let error): return .unguarded(settings, error: error)
    case .interrupted(let signal, let applied):
      return .interrupted(
        Admitter.Interrupted(
          signal: signal, settings: settings, circuit: applied?.reading ?? trial.circuit, transitions: transitions))
    case .decided(let applied, let reason):
      if applied.step.effect == .stale {
        announcing += transitions
        return nil
      }
      let circuit = (breaker: applied.breaker, now: applied.now)
      if let rejection = applied.step.rejection, mode == .enforce {
        return .rejected(
          Admitter.Rejected(
            rejection: rejection, settings: settings, circuit: applied.reading, transitions: transitions, probe: reason)
        )
      }
      // The circuit is closed: this run goes on as a run of a closed circuit. Where the mode lets it pass all the same,
      // it runs as one whose result is late news.
      let isClosed = circuit.breaker?.state == .closed
      let permit = Permit(
        token: world.token(), breaker: circuit.breaker?.id, generation: circuit.breaker?.generation ?? 1,
        role: isClosed ? .ordinary : .observed, hasLease: false)
      return .admitted(
        Admitter.Admitted(
          store: trial.store, permit: permit, settings: settings, circuit: applied.reading, transitions: transitions,
          observed: applied.step.rejection))
    }
  }

  enum Outcome {
    case decided(Applied, reason: String?)
    case failed(StoreError)
    /// A signal from outside is to end cb: the probe proved nothing, and its place is free again. What the report came to,
    /// where it could be handed in.
    case interrupted(Int32, Applied?)
  }

  /// - Parameter run: the run that waits; nil for `cb probe`.
  /// - Returns: what the last report came to, and all changes of state since the admission.
  func toTheEnd(_ trial: Admitter.Admitted, for run: RunReport.WaitingRun?) -> (Outcome, [Transition]) {
    var transitions = trial.transitions
    while true {
      let end = self.run(trial)
      if let signal = end.interruption, !end.timedOut {
        let applied = giveBack(trial, signal)
        return (.interrupted(signal, applied), transitions + (applied?.step.transitions ?? []))
      }
      let ending = end.forCore
      let isSuccess = ending.how == .exited(0)
      let reason = end.whyNotStarted.map { "probe: cannot be run: \($0)" } ?? "probe: \(ending.reason)"
      let verdict = Verdict(
        isSuccess ? .success : .failure, reason: isSuccess ? "probe" : reason, duration: ending.duration)
      let report = RunReport(
        permit: trial.permit, verdict: verdict, policy: trial.settings.policy, draw: world.draw(),
        work: .probe(run), caller: world.caller)
      let applied: Applied
      do {
        applied = try trial.store.storage.apply(.record(report), to: name)
      } catch {
        return (.failed(error), transitions)
      }
      transitions += applied.step.transitions
      guard isSuccess, applied.step.effect != .stale, applied.breaker?.state == .halfOpen else {
        return (.decided(applied, reason: isSuccess ? nil : reason), transitions)
      }
    }
  }

  /// Reports that the probe proved nothing. Where that fails the place is free when cb has ended, as of one that was killed.
  private func giveBack(_ trial: Admitter.Admitted, _ signal: Int32) -> Applied? {
    let verdict = Verdict(.ignored, reason: "probe: \(SignalName.name(of: signal))")
    let report = RunReport(
      permit: trial.permit, verdict: verdict, policy: trial.settings.policy, draw: world.draw(), work: .probe(nil),
      caller: world.caller)
    return try? trial.store.storage.apply(.record(report), to: name)
  }

  private func run(_ trial: Admitter.Admitted) -> CommandEnd {
    trial.store.rest()
    let lease = Lease.renewal.milliseconds
    let end = runShell(
      ByteText.encode(text), inherited: world.inherited,
      environment: ["CB_BREAKER=" + name.text, "CB_STATE=" + CircuitState.halfOpen.rawValue],
      withholding: world.secretVariables, input: [], timeout: trial.settings.settings.probeTimeout.milliseconds,
      output: .tail(Self.shown),
      tick: (
        after: lease,
        action: {
          _ = try? trial.store.storage.apply(.renew(trial.permit.token, term: Lease.term), to: name)
          trial.store.rest()
          return lease
        }
      ))
    if end.timedOut {
      world.say("\(name): the probe took over \(trial.settings.settings.probeTimeout) and was ended")
    }
    if end.interruption == nil, end.how != .exited(0), !end.output.isEmpty {
      writeWhole(end.output, to: STDERR_FILENO)
      if end.output.last != UInt8(ascii: "\n") { writeWhole("\n", to: STDERR_FILENO) }
    }
    return end
  }
}
