import BreakerStore
import CircuitBreaker
import Glibc
import JSON

/// Many processes on one breaker, with random commands and random kills, and what was seen of each.
final class Crowd {
  let place: Sandbox
  private let store: String
  private var random: SeededRandom
  var operations: [Operation] = []
  private(set) var kills = 0
  private(set) var processes = 0
  private var tokens: [(text: String, from: Int)] = []
  var deaths: [(token: Token, end: Double)] = []
  /// How long a command takes here, in seconds.
  private var pace = 0.01
  /// Spoils the store behind everybody's back now and then: what the checker has to find out.
  var sabotage: (() throws -> Void)?
  /// After every burst, trials are asked for until there are more than half-open-max.
  var wantsTrials = false
  /// What is done after every burst, before and after the sabotage.
  var beforehand: [Kind] = []
  var afterwards: [Kind] = []
  /// Spoils what a look has shown.
  var spoilLook: ((String) -> String)?
  /// The same, taken apart.
  var spoilSeen: ((inout Look) -> Void)?
  /// Waits until what the dead have sent has been taken or never will be; for a server, to which a request of a dead
  /// client may still be on its way.
  private let settle: () throws -> Void

  static var policy: Policy {
    var policy = Policy()
    policy.failMax = 2
    policy.resetTimeout = .seconds(36000)
    policy.halfOpenMax = 2
    policy.successThreshold = 2
    policy.retryHintMax = .seconds(40 * 3600)
    return policy
  }

  struct Going {
    var kind: Kind
    /// Where each of its probes leaves a line.
    var probes: String?
    var child: Running
    var call: Double
    /// When CMD of a run was seen to have started.
    var started: Double?
    /// When CMD of a run may end, and when it was told so: no result can be there before.
    var releaseAt = Double.infinity
    var released: Double?
    var killed: Double?
    var killAt: Double
  }

  init(_ place: Sandbox, store: String, seed: UInt64, settle: @escaping () throws -> Void = {}) {
    self.place = place
    self.store = store
    self.settle = settle
    random = SeededRandom(seed: seed)
  }

  /// Runs `count` commands, up to `width` at once, and the checker over what was seen. After every dozen all have to
  /// end, and one looks: nothing that was lost stays hidden behind what came after it.
  func verdict(count: Int, width: Int) throws -> LinearizabilityChecker.Verdict {
    let before = clockSeconds()
    let made = cb([
      "set", "x", "fail-max=2", "reset-timeout=10h", "half-open-max=2", "success-threshold=2", "retry-hint-max=40h",
    ]).wait()
    guard made.code == 0 else { throw TestFailure(made.errorText) }
    // Kills come while there is something to be killed, however slow the machine is.
    pace = clockSeconds() - before
    var checker = LinearizabilityChecker()
    var begun = 0
    while begun < count {
      let burst = min(12, count - begun)
      try run(burst, width: 2 + random.below(width - 1))
      begun += burst
      // Before a reset of the next dozen forgets it.
      for entry in try history() where checker.history[entry.sequence] == nil {
        checker.history[entry.sequence] = .init(entry)
      }
      try alone(beforehand)
      try sabotage?()
      try alone((wantsTrials ? [.halfOpen, .permit, .permit, .permit] : []) + afterwards + [.look])
    }
    checker.operations = operations
    // The settings above are in the history, too.
    var start = Model(breaker: Breaker(id: 1))
    _ = start.apply(
      .configure(
        SettingsChange(
          entries: [], policy: Self.policy, appliesToOpenCircuit: false, action: ManualAction(by: "somebody"))))
    return checker.check(from: start)
  }

  /// One after the other, and nobody is killed.
  private func alone(_ kinds: [Kind]) throws {
    for kind in kinds {
      var one = start(kind)
      one.killAt = .infinity
      one.released = clockSeconds()
      one.child.closeInput()
      one.child.wait()
      try record(one, end: clockSeconds())
    }
  }

  private func run(_ count: Int, width: Int) throws {
    var going: [Going] = []
    var begun = 0
    while begun < count || !going.isEmpty {
      while going.count < width, begun < count {
        begun += 1
        going.append(start())
      }
      var polls = going.flatMap(\.child.sources).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      _ = poll(&polls, nfds_t(polls.count), 1)
      for index in going.indices.reversed() {
        going[index].child.pump()
        let now = clockSeconds()
        if going[index].started == nil, !going[index].child.text.isEmpty {
          going[index].started = now
          going[index].releaseAt = now + (random.below(2) == 0 ? 0 : pace * Double(random.below(60)) / 10)
        }
        if going[index].released == nil, now >= going[index].releaseAt {
          going[index].released = now
          going[index].child.closeInput()
        }
        if going[index].killed == nil, now > going[index].killAt {
          going[index].killed = now
          kill(going[index].child.pid, SIGKILL)
          kills += 1
        }
        if going[index].child.reap() {
          let one = going.remove(at: index)
          one.child.pump()
          if one.killed != nil { try settle() }
          try record(one, end: clockSeconds())
        }
      }
    }
  }

  /// What was seen, for whoever has to find out why it fits no order.
  var description: String {
    let start = operations.map(\.call).min() ?? 0
    return operations.map { one in
      let times = [one.call - start, one.end - start].map { $0.isFinite ? "\(Int($0 * 1000))" : "-" }
      return "\n  \(times[0])..\(times[1]) \(one.label)\(one.isOptional ? " (killed)" : "")"
    }.joined()
  }

  private func cb(_ words: [String]) -> Running {
    processes += 1
    return place.start([Programs.cb] + words + ["--store", store])
  }

  private func history() throws -> [HistoryEntry] {
    let ended = cb(["history", "x", "--json", "-n", "100000"]).wait()
    guard let list = try JSONValue.parse(Array(ended.outputText.utf8)).array else {
      throw TestFailure(ended.errorText)
    }
    let entries: [HistoryEntry] = list.compactMap { value in
      guard let sequence = value["sequence"]?.int, let kind = value["kind"]?.string.flatMap(HistoryEntry.Kind.init)
      else { return nil }
      return HistoryEntry(
        sequence: sequence, at: Model.now, kind: kind, from: value["from"]?.string.flatMap(CircuitState.init),
        to: value["to"]?.string.flatMap(CircuitState.init))
    }
    // Losses at the end may be those that a look shows: they are in the log with the next change.
    return Array(entries[..<(entries.lastIndex { $0.kind != .lost }.map { $0 + 1 } ?? 0)])
  }

  // MARK: Starting

  private func start() -> Going {
    switch random.below(28) {
    case 0: start(.open)
    case 1: start(.close)
    case 2, 3: start(.halfOpen)
    case 4: start(.reset)
    case 5, 6: start(.permit)
    case 7, 8: if tokens.isEmpty { start(.permit) } else { report(tokens.remove(at: random.below(tokens.count))) }
    case 9, 10, 11: start(.look)
    case 12, 13, 14, 15: start(.run(.failure))
    case 16, 17, 18, 19: start(.run(.success))
    case 20, 21: start(.run(random.pick([.success, .failure]), probe: random.below(3) > 0))
    case 22, 23, 24: start(.probe(random.below(3) > 0))
    case 25: start(.run(.hinted(random.pick([20, 60]))))
    default: start(.run(.held))
    }
  }

  private func report(_ token: (text: String, from: Int)) -> Going {
    let outcome = random.pick([Outcome.success, .failure])
    let hint: Int64? = outcome == .failure && random.below(3) == 0 ? random.pick([20, 60]) : nil
    return start(.report(text: token.text, from: token.from, outcome, hint: hint))
  }

  private func start(_ kind: Kind) -> Going {
    var environment = place.environment
    var probes: String?
    if let succeeds = kind.probe {
      probes = "probes.\(processes)"
      environment["CB_PROBE"] = "echo >> probes.\(processes); exit \(succeeds ? 0 : 1)"
    }
    let words =
      switch kind {
      case .run(let end, _):
        ["run", "x", "--store", store] + end.options + ["--", "sh", "-c", "echo $CB_STATE; read go; exit \(end.code)"]
      case .probe: ["probe", "x"]
      case .open: ["open", "x"]
      case .close: ["close", "x"]
      case .halfOpen: ["half-open", "x"]
      case .reset: ["reset", "x"]
      case .permit: ["permit", "x", "--lease", "10h"]
      case .report(let text, _, let outcome, let hint):
        ["report", "x", text, outcome.rawValue] + (hint.map { ["--retry-after", "\($0)h"] } ?? [])
      case .look: ["status", "x", "--json"]
      }
    let call = clockSeconds()
    var killAt = Double.infinity
    if random.below(5) == 0 { killAt = call + pace * Double(random.below(random.below(2) == 0 ? 12 : 80)) / 10 }
    if case .look = kind { killAt = .infinity }
    processes += 1
    let isRun = if case .run = kind { true } else { false }
    let child = Running(
      argv: ([Programs.cb] + words + (isRun ? [] : ["--store", store])).map { Array($0.utf8) },
      environment: environment, directory: place.path, input: isRun ? nil : [])
    return Going(kind: kind, probes: probes, child: child, call: call, killed: nil, killAt: killAt)
  }

  // MARK: What was seen

  private func record(_ one: Going, end: Double) throws {
    let isKilled = one.killed != nil && one.child.wait().code == 256 + SIGKILL
    let code = one.child.wait().code
    let error = one.child.errorText
    // On a machine that is too slow for the lock, nothing was done, and that was said.
    let isUncounted = error.contains("was not counted")
    if error.contains("cannot lock"), !isUncounted { return }
    if error.contains("cannot "), !isUncounted { throw TestFailure(error) }
    if one.probes != nil { return recordProbed(one, isKilled: isKilled, end: end) }
    func add(
      _ label: String, _ call: Double, _ end: Double, reads: Bool = false, _ effect: @escaping Operation.Effect
    ) {
      append(label, call, end, reads: reads, isOptional: isKilled, effect)
    }
    let number = operations.count
    switch one.kind {
    case .run(let runEnd, _):
      let token = Token(text: "run\(number)")
      let isTrial = one.child.text.hasPrefix("half-open")
      let started = one.started ?? (one.child.text.isEmpty ? nil : end)
      let isRejected = !isKilled && code == 75
      add("run \(number)", one.call, started ?? end, reads: true) { model in
        let step = model.apply(.admit(AdmissionRequest(token: token, policy: Self.policy)))
        guard case .admitted(let permit) = step.effect else { return isKilled && started == nil || isRejected }
        model.permits[number] = permit
        return !isRejected && (started == nil || permit.isTrial == isTrial)
      }
      // CMD ran, so it was admitted for certain.
      if started != nil { operations[number].isOptional = false }
      if isRejected { return }
      if !isUncounted, let released = one.released {
        add("result \(number)", released, end) { model in
          guard let permit = model.permits.removeValue(forKey: number) else { return false }
          let step = model.apply(runEnd.result(of: permit))
          if isKilled { return true }
          let to = step.transitions.last?.to
          return error.contains("circuit opened") == (to == .open)
            && error.contains("circuit closed") == (to == .closed)
        }
      }
      if let death = isKilled ? one.killed : isUncounted ? one.call : nil {
        // Dead, it holds nothing.
        var operation = Operation(label: "death of \(number)", call: death, end: end) { model in
          model.dead[token] = false
          return true
        }
        // The last of it to return.
        operation.forget = { model in
          if model.dead[token] != nil { model.dead[token] = true }
          model.permits[number] = nil
        }
        operations.append(operation)
        deaths.append((token, end))
      }
    case .permit:
      let text = one.child.text.prefix { $0 != "\n" }
      let token = Token(text: text.isEmpty ? "permit\(number)" : String(text))
      let isRejected = code == 75
      add("permit \(number)", one.call, end, reads: true) { model in
        let request = AdmissionRequest(token: token, policy: Self.policy, kind: .permit, term: .seconds(360_000))
        guard case .admitted(let permit) = model.apply(.admit(request)).effect else { return isKilled || isRejected }
        model.permits[number] = permit
        return isKilled || !isRejected
      }
      if !text.isEmpty {
        operations[number].isOptional = false
        tokens.append((String(text), number))
      } else {
        operations[number].forget = { model in model.permits[number] = nil }
      }
    case .report(let text, let from, let outcome, let hint):
      let token = Token(text: text)
      let isUnknown = error.contains("not outstanding")
      let isStale = error.contains("came too late")
      add("report \(number) of \(from)", one.call, end) { model in
        let lease = model.breaker.leases.first { $0.token == token }
        if isUnknown { return lease == nil }
        guard let permit = model.permits[from] else { return false }
        let verdict = Verdict(outcome, reason: "reported")
        let asked = hint.map { RetryHint.after(.seconds($0 * 3600)) }
        let report = RunReport(permit: permit, verdict: verdict, policy: Self.policy, draw: 0, hint: asked)
        let step = model.apply(.record(report))
        return isKilled || isStale == (step.effect == .stale)
      }
      // Nobody has it any more.
      operations[number].forget = { model in model.permits[from] = nil }
    case .open, .close, .halfOpen, .reset:
      let output = one.child.text
      let by = ManualAction(by: "somebody")
      let event: Event =
        switch one.kind {
        case .open: .open(.usual(Self.policy), by)
        case .close: .close(.usual, by)
        case .halfOpen: .halfOpen(by)
        default: .reset(by)
        }
      add("\(one.kind) \(number)", one.call, end) { model in
        let from = model.breaker.state
        _ = model.apply(event)
        if isKilled && output.isEmpty { return true }
        if case .reset = event { return true }
        let state = model.breaker.state
        // Where the state stayed, what else changed is said from a look before, which is of another time.
        if from == state { return output.hasPrefix("x: \(state.rawValue) already; ") }
        return output == "x: \(from.rawValue) -> \(state.rawValue)\n"
      }
      if !output.isEmpty { operations[number].isOptional = false }
    case .probe: break
    case .look:
      var seen = try Look(spoilLook.map { $0(one.child.text) } ?? one.child.text)
      spoilSeen?(&seen)
      let shown = seen
      add("look \(number) \(shown)", one.call, end) { Look($0.seen) == shown }
      operations[number].isLook = true
    }
  }

  /// A change of the file looks at all holders; on Redis only those do who have read before.
  func append(
    _ label: String, _ call: Double, _ end: Double, reads: Bool = false, isOptional: Bool,
    _ effect: @escaping Operation.Effect
  ) {
    let dead = reads || store.hasPrefix("file:") ? deaths.filter { $0.end <= call }.map(\.token) : []
    operations.append(
      Operation(label: label, call: call, end: end, isOptional: isOptional) { model in
        model.lose(dead)
        return effect(&model)
      })
  }
}
