import CircuitBreaker
import Glibc

/// What was seen of a command with a probe: `cb probe`, and a run whose trial is one. It takes several steps of the
/// store, each at a moment of its own: the admission, the report of each probe, and where others have moved the circuit on
/// meanwhile, a run is asked again.
extension Crowd {
  /// How far such a command has come.
  enum Stage: Hashable, Sendable {
    /// It asks for admission; so many probes have been reported.
    case asking(Int)
    case probing(Int)
    /// CMD runs.
    case running
    case rejected
    /// `cb probe` has ended, and the circuit was closed by then.
    case ended(isClosed: Bool)
    /// `cb probe` found nothing to probe.
    case left
  }

  func recordProbed(_ one: Going, isKilled: Bool, end: Double) {
    let number = operations.count
    let code = one.child.wait().code
    let error = one.child.errorText
    // Too slow for a lock on the way: as if it had died there.
    let isCut = isKilled || error.contains("cannot lock")
    let begun = one.probes.flatMap { fileBytes(place.path + "/" + $0)?.count } ?? 0
    let started = one.started ?? (one.child.text.isEmpty ? nil : end)
    let isRun = if case .run = one.kind { true } else { false }
    let settled = started ?? end
    let succeeds = one.kind.probe ?? false

    // The admissions: the first, and for a run those after a report that came too late.
    let tokens = (0..<(isRun && begun > 0 ? 3 : 1)).map { Token(text: "probed\(number).\($0)") }
    for (index, token) in tokens.enumerated() {
      let isCertain = index == 0 && (begun > 0 || isRun && (started != nil || !isCut))
      append("ask \(number).\(index)", one.call, settled, reads: true, isOptional: !isCertain) { model in
        guard case .asking(let done) = model.stages[number] ?? .asking(0) else { return false }
        var request = AdmissionRequest(token: token, policy: Self.policy, announcesRejection: isRun)
        if !isRun {
          // It looks first, and leaves alone what is closed; what comes between look and request it is told.
          request.announcesRejection = false
        }
        switch model.apply(.admit(request)).effect {
        case .admitted(let permit):
          model.permits[number] = permit
          model.stages[number] = permit.isTrial ? .probing(done) : isRun ? .running : .left
        case .rejected: model.stages[number] = isRun ? .rejected : .left
        default: return false
        }
        return true
      }
    }
    for index in 0..<begun {
      // The next probe began when the report of this one was in.
      let isCertain = !isCut || index + 1 < begun || started != nil
      append("probe \(number).\(index)", one.call, settled, isOptional: !isCertain) { model in
        guard case .probing(index) = model.stages[number], let permit = model.permits[number] else { return false }
        let waiting = RunReport.WaitingRun(mode: .enforce, announcesRejection: true)
        let verdict = Verdict(succeeds ? .success : .failure, reason: "probe")
        let report = RunReport(
          permit: permit, verdict: verdict, policy: Self.policy, draw: 0, work: .probe(isRun ? waiting : nil))
        let step = model.apply(.record(report))
        let breaker = model.breaker
        if isRun, step.effect == .stale {
          model.stages[number] = .asking(index + 1)
        } else if succeeds, step.effect != .stale, breaker.state == .halfOpen {
          model.stages[number] = .probing(index + 1)
        } else if !isRun {
          model.stages[number] = .ended(isClosed: breaker.state == .closed)
        } else if succeeds {
          model.permits[number] = Permit(
            token: tokens[0], breaker: breaker.id, generation: breaker.generation, role: .ordinary, hasLease: false)
          model.stages[number] = .running
        } else {
          model.stages[number] = .rejected
        }
        return true
      }
    }
    // Where it is when it has started CMD, or ended.
    let expected: [Stage?] =
      started != nil ? [.running] : isRun ? [.rejected] : begun > 0 ? [.ended(isClosed: code == 0)] : [nil, .left]
    append("stage of \(number)", one.call, settled, isOptional: isCut && started == nil) { model in
      expected.contains(model.stages[number])
    }
    operations[operations.count - 1].forget = { model in
      model.stages[number] = nil
      if started == nil || !isRun { model.permits[number] = nil }
    }
    if case .run(let runEnd, _) = one.kind, started != nil, let released = one.released,
      !error.contains("was not counted")
    {
      append("result \(number)", released, end, isOptional: isKilled) { model in
        guard let permit = model.permits.removeValue(forKey: number) else { return false }
        let step = model.apply(runEnd.result(of: permit))
        if isKilled { return true }
        let to = step.transitions.last?.to
        return error.contains("circuit opened") == (to == .open) && error.contains("circuit closed") == (to == .closed)
      }
    }
    guard isCut else { return }
    var death = Operation(label: "death of \(number)", call: one.killed ?? one.call, end: end) { model in
      for token in tokens { model.dead[token] = false }
      return true
    }
    death.forget = { model in
      for token in tokens where model.dead[token] != nil { model.dead[token] = true }
      model.permits[number] = nil
      model.stages[number] = nil
    }
    operations.append(death)
    deaths += tokens.map { ($0, end) }
  }
}
