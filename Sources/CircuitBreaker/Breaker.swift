/// The three states, as they are written.
package enum CircuitState: String, Hashable, Sendable, CaseIterable {
  case closed
  case open
  case halfOpen = "half-open"
}

/// A circuit breaker as a value. Nothing here reads a clock, a file or a random number: events come in with the time
/// and what was drawn, and `apply` returns what happened.
///
/// The table of CONTRACT section 4 is spread over `Breaker+Admit`, `Breaker+Record` and `Breaker+Manual`.
package struct Breaker: Hashable, Sendable {
  /// Each state with only its own data.
  package enum Phase: Hashable, Sendable {
    /// Runs pass. Leaves by a trip or by hand.
    case closed
    /// Runs are rejected until a trial is due. Leaves by the first admission after that, or by hand.
    case open(OpenPhase)
    /// Trials pass, `half-open-max` at once. Leaves by enough successes, one failure, or by hand.
    case halfOpen(successes: Int)
  }

  package struct OpenPhase: Hashable, Sendable {
    package var since: Timestamp
    /// When a trial is due; nil while it is held open without an end.
    package var retryAt: Timestamp?
    /// Drawn once at the trip, 0 up to 1; nil where the circuit was opened by hand for a time of its own.
    package var spread: Double?
    /// The trips in a row on which backoff was reckoned.
    package var trips: Int

    package init(since: Timestamp, retryAt: Timestamp?, spread: Double?, trips: Int) {
      self.since = since
      self.retryAt = retryAt
      self.spread = spread
      self.trips = trips
    }
  }

  /// `--for` and `--hold`.
  package struct Hold: Hashable, Sendable {
    package var state: CircuitState
    /// nil: until somebody ends it.
    package var until: Timestamp?
    package var reason: String?
    package var by: String

    package init(state: CircuitState, until: Timestamp?, reason: String?, by: String) {
      self.state = state
      self.until = until
      self.reason = reason
      self.by = by
    }
  }

  package struct OtherPolicy: Hashable, Sendable {
    package var policy: Policy
    package var at: Timestamp

    package init(policy: Policy, at: Timestamp) {
      self.policy = policy
      self.at = at
    }
  }

  package struct LastFailure: Hashable, Sendable {
    package var at: Timestamp
    package var reason: String

    package init(at: Timestamp, reason: String) {
      self.at = at
      self.reason = reason
    }
  }

  /// Tells this breaker from one of the same name that was removed before it.
  package var id: UInt64
  /// Moved on by every state change; a result of an earlier one is stale.
  package var generation = 1
  package var phase = Phase.closed
  package var hold: Hold?
  /// Failures in a row; survives open and half-open.
  package var failCounter = 0
  package var streak = TripStreak()
  package var window = RunWindow()
  package var leases: [Lease] = []
  /// Whether a rejection of this trip was reported already (`--notice first`).
  package var rejectionNoticed = false
  package var lastFailure: LastFailure?
  package var lastSuccess: Timestamp?
  package var totals = Totals()
  /// The last ended runs, oldest first, at most `recentCount`.
  package var recent: [Outcome] = []
  /// The settings of the run that reported last.
  package var lastPolicy: Policy?
  /// Other settings that a run before it had, and until when: two hosts, or two crontab lines, may not agree.
  package var otherPolicy: OtherPolicy?
  /// Texts as `cb set` took them; a key of a list has all its values.
  package var settings = StoredSettings()
  /// The last events, oldest first; a store moves older ones elsewhere.
  package var history: [HistoryEntry] = []
  /// The number of the next event in the history.
  package var nextSequence = 1
  /// Events before this one were cleared by `cb reset`, wherever a store still has them.
  package var firstSequence = 1

  package static let recentCount = 60

  package init(id: UInt64) {
    self.id = id
  }

  package var state: CircuitState {
    switch phase {
    case .closed: .closed
    case .open: .open
    case .halfOpen: .halfOpen
    }
  }

  /// Live trials of this half-open round.
  package var trials: Int {
    guard case .halfOpen = phase else { return 0 }
    return leases.count { $0.isTrial && $0.generation == generation }
  }

  /// Live runs that take a place under `max-concurrent`: all that hold a lease.
  package var running: Int { leases.count }

  /// When a trial is due for an asker with `policy`; nil unless open, or where the circuit is held without an end.
  package func retryAt(_ policy: Policy?) -> Timestamp? {
    guard case .open(let open) = phase else { return nil }
    guard let policy, policy.isResetTimeoutCallersOwn, let spread = open.spread else { return open.retryAt }
    return open.since + policy.openSpan(trips: open.trips, spread: spread)
  }

  /// How long until a trial is due: zero when it is; nil unless open, or where the circuit is held without an end.
  ///
  /// A circuit whose opening lies in the future is not believed: a trial is due.
  package func retryAfter(_ policy: Policy?, at now: Timestamp) -> Span? {
    guard case .open(let open) = phase, let due = retryAt(policy) else { return nil }
    return open.since > now ? .zero : max(.zero, due - now)
  }

  /// The breaker as it is at `now`: holds that are over and leases that ran out are gone. What nobody looked at in
  /// between is made up for, so that every reader and every event begins from the same value.
  package mutating func settle(at now: Timestamp) {
    if let until = hold?.until, until <= now { hold = nil }
    if leases.contains(where: { $0.expires <= now }) {
      drop(at: now) { $0.expires <= now }
    }
  }

  /// Takes note of holders that can be seen from here: the dead lose their places at once, the living keep theirs
  /// although nobody renewed them (a host that slept, a store that could not be reached).
  package mutating func takeCensus(at now: Timestamp, _ liveness: (Holder) -> Liveness) {
    var dead: [Token] = []
    for index in leases.indices {
      switch leases[index].holder.map(liveness) ?? .unknown {
      case .alive: leases[index].expires = max(leases[index].expires, now + Lease.term)
      case .dead: dead.append(leases[index].token)
      case .unknown: break
      }
    }
    if !dead.isEmpty { drop(at: now) { dead.contains($0.token) } }
  }

  /// Frees the places of leases that were lost, and counts them.
  mutating func drop(at now: Timestamp, where isLost: (Lease) -> Bool) {
    for lease in leases where isLost(lease) {
      totals.lost += 1
      let what = lease.kind == .permit ? "permit" : lease.isTrial ? "trial" : "run"
      note(.lost, at: now, reason: "\(what) lost")
    }
    leases.removeAll(where: isLost)
  }

  /// Moves to another state, into the next generation.
  mutating func move(to next: Phase, at now: Timestamp) {
    if case .closed = phase { streak.settle(at: now) }
    phase = next
    generation += 1
    if case .closed = next {
      window = RunWindow()
      rejectionNoticed = false
    }
  }

  mutating func remember(_ outcome: Outcome) {
    recent.append(outcome)
    if recent.count > Self.recentCount { recent.removeFirst(recent.count - Self.recentCount) }
  }

  mutating func note(
    _ kind: HistoryEntry.Kind, at now: Timestamp, from: CircuitState? = nil, to: CircuitState? = nil,
    reason: String? = nil, by: String? = nil
  ) {
    history.append(
      HistoryEntry(sequence: nextSequence, at: now, kind: kind, from: from, to: to, reason: reason, by: by))
    nextSequence += 1
  }
}
