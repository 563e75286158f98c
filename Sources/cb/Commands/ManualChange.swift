import BreakerStore
import CircuitBreaker
import Settings

/// An act by hand on one breaker: `open`, `close`, `half-open`, and the keys of `status --watch` that do the same.
struct ManualChange {
  /// What is asked for.
  enum Act: Equatable {
    case open(Length)
    case close(Length)
    case halfOpen
  }

  /// How long a state is kept.
  enum Length: Equatable {
    case usual
    case lasting(Span)
    case held

    /// As `--for` and `--hold` come to it: nil neither, `.some(nil)` without an end.
    init(_ option: Span??) {
      switch option {
      case nil: self = .usual
      case .some(nil): self = .held
      case .some(.some(let span)): self = .lasting(span)
      }
    }
  }

  let session: Session
  let act: Act
  let action: ManualAction

  /// The same to each breaker, and a line about each.
  func execute(_ names: [String]) throws(CommandFailure) -> Int32 {
    // The names that there were, listed at the first need: a list is a walk over the whole store.
    var others: NearestName?
    return try session.forEachBreaker(names, creating: true) { (name) throws(CommandFailure) in
      let outcome = try apply(to: name)
      outcome.notices.forEach(session.world.say)
      try session.world.print(outcome.line + "\n")
      if outcome.isNew {
        let known = others ?? NearestName((try? session.names()) ?? [])
        others = known
        if let nearest = known.meant(by: name) { session.world.say("\(name) is new; did you mean '\(nearest)'?") }
      }
      outcome.announce()
    }
  }

  struct Outcome {
    /// `db-backup: closed -> open`
    var line: String
    var isNew = false
    /// What the store has to say.
    var notices: [String]
    /// Tells the listeners.
    var announce: () -> Void
  }

  func apply(to name: BreakerName) throws(CommandFailure) -> Outcome {
    let reading = try session.read(name)
    let settings = session.settings(for: name, stored: reading.breaker?.settings)
    let applied = try session.applyQuietly(event(settings), to: name)
    let before = reading.breaker
    let state = applied.breaker?.state ?? .closed
    // Where the state stayed, it was what it is: the look before may be of another time.
    let from = applied.step.transitions.first?.from ?? state
    let change =
      if before == nil, reading.damage == nil {
        "new, now \(state.rawValue)"
      } else if from == state {
        "\(state.rawValue) already; \(whatChanged(before, applied.breaker))"
      } else {
        "\(from.rawValue) -> \(state.rawValue)"
      }
    let announcer = Announcer(name: name, settings: settings, world: session.world)
    return Outcome(
      line: "\(name): \(change)", isNew: before == nil && reading.damage == nil, notices: applied.notices,
      announce: { announcer.announceByHand(command, applied, action) })
  }

  private func event(_ settings: ResolvedSettings) -> Event {
    switch act {
    case .open(.usual): .open(.usual(settings.policy), action)
    case .open(.lasting(let span)): .open(.lasting(span), action)
    case .open(.held): .open(.held, action)
    case .close(.usual): .close(.usual, action)
    case .close(.lasting(let span)): .close(.lasting(span), action)
    case .close(.held): .close(.held, action)
    case .halfOpen: .halfOpen(action)
    }
  }

  private var command: ManualAct {
    switch act {
    case .open(let length): ManualAct("open", length)
    case .close(let length): ManualAct("close", length)
    case .halfOpen: ManualAct("half-open")
    }
  }

  /// What an act did to a breaker whose state was what was asked for.
  private func whatChanged(_ before: Breaker?, _ after: Breaker?) -> String {
    if let hold = after?.hold {
      guard case .open(.lasting(let span)) = act else {
        if case .close(.lasting(let span)) = act { return "now held for \(DurationText.format(span))" }
        return before?.hold == nil || hold.until == nil && before?.hold?.until != nil ? "now held" : "held on"
      }
      return "now held for \(DurationText.format(span))"
    }
    let released = before?.hold != nil ? "no longer held" : nil
    let effect: String? =
      switch act {
      case .open: "its timeout runs anew"
      case .close: (before?.failCounter ?? 0) > 0 ? "its failure counter is 0 now" : nil
      case .halfOpen: "a new round of trials begins"
      }
    let changes = [released, effect].compactMap { $0 }
    return changes.isEmpty ? "nothing changed" : changes.joined(separator: ", ")
  }
}

extension Announcer {
  /// Tells of an act by hand, and of the state changes that it brought about.
  func announceByHand(_ act: ManualAct, _ applied: Applied, _ action: ManualAction) {
    announceManual(act, action, applied.breaker, at: applied.now)
    announce(applied.step.transitions, applied.breaker, by: action, at: applied.now)
  }
}

extension ManualAct {
  init(_ command: String, _ length: ManualChange.Length) {
    switch length {
    case .usual: self.init(command)
    case .lasting(let span): self.init(command, lasting: span)
    case .held: self.init(command, isHold: true)
    }
  }
}
