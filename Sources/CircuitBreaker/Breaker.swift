/// The three states, as they are written.
package enum CircuitState: String, Hashable, Sendable, CaseIterable {
  case closed
  case open
  case halfOpen = "half-open"
}

/// A circuit breaker as a value. Nothing here reads a clock, a file or a random number: events come in with the time
/// and what was drawn, and `apply` returns what happened.
///
/// The table of docs/CONTRACT.md, "The state machine", is spread over `Breaker+Admit`, `Breaker+Record`, `Breaker+Trip`
/// and `Breaker+Manual`.
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

  /// An opening: since when, until when, why and by whom.
  package struct OpenPhase: Hashable, Sendable {
    package var since: Timestamp
    /// When a trial is due; nil while it is held open without an end.
    package var retryAt: Timestamp?
    /// Drawn once at the trip, 0 up to 1; nil if the circuit was opened by hand for a time of its own, or is held.
    package var spread: Double?
    /// The trips in a row from which backoff was computed.
    package var trips: Int
    /// Why it opened: `5 failures in a row (exit 1)`, `6 of 10 runs failed (exit 1)`. nil: an older version opened it.
    package var reason: String?
    /// Whether an operator opened it: then runs in observe mode are rejected, too.
    package var isByHand: Bool
    /// What the other side asked for, as far as it is believed, with jitter: nobody's own reset timeout ends it earlier.
    package var hintedUntil: Timestamp?

    /// `retryAt` nil only under a hold without an end; `spread` from 0 up to but not including 1.
    package init(
      since: Timestamp, retryAt: Timestamp?, spread: Double?, trips: Int, reason: String? = nil, isByHand: Bool = false,
      hintedUntil: Timestamp? = nil
    ) {
      self.since = since
      self.retryAt = retryAt
      self.spread = spread
      self.trips = trips
      self.reason = reason
      self.isByHand = isByHand
      self.hintedUntil = hintedUntil
    }

    /// When a trial is due by `policy`, for an opening whose length was computed from one.
    func retryAt(_ policy: Policy, spread: Double) -> Timestamp {
      let own = since + policy.openSpan(trips: trips, spread: spread)
      return hintedUntil.map { max(own, $0) } ?? own
    }
  }

  /// A state that is kept whatever happens: by `--for` and `--hold`, and by the result of a run that `hold-on`,
  /// `hold-if` or `hold-after` names.
  package struct Hold: Hashable, Sendable {
    package var state: CircuitState
    /// nil: until somebody ends it.
    package var until: Timestamp?
    package var reason: String?
    package var by: String
    /// nil: an older version held it.
    package var since: Timestamp?
    package var caller: Caller?
    /// Members that this version does not know.
    package var kept = KeptMembers()

    /// `until` nil: until somebody ends it. `by` is who acted by hand, or `cb on HOST` for the result of a run.
    package init(
      state: CircuitState, until: Timestamp?, reason: String?, by: String, since: Timestamp? = nil,
      caller: Caller? = nil
    ) {
      self.state = state
      self.until = until
      self.reason = reason
      self.by = by
      self.since = since
      self.caller = caller
    }
  }

  /// The last hint of the other side that was ahead, followed or (held closed) not.
  package struct LastHint: Hashable, Sendable {
    package var at: Timestamp
    /// How long the other side asked to be left alone.
    package var asked: Span
    /// Until when it is believed, without jitter.
    package var until: Timestamp
    /// Whether it asked for longer than it is believed.
    package var isCapped: Bool
    package var kept = KeptMembers()

    /// What it asked for, as it mostly says it: in hours, where they are whole ones (`156h`, not `6d12h`).
    package var askedText: String {
      let hour: Int64 = 3_600_000
      return asked.milliseconds > 0 && asked.milliseconds % hour == 0 ? "\(asked.milliseconds / hour)h" : "\(asked)"
    }

    /// `until` is `asked` from `at`, or less if `isCapped`.
    package init(at: Timestamp, asked: Span, until: Timestamp, isCapped: Bool) {
      self.at = at
      self.asked = asked
      self.until = until
      self.isCapped = isCapped
    }
  }

  /// Settings of an earlier run that differ from those of the last one.
  package struct OtherPolicy: Hashable, Sendable {
    package var policy: Policy
    package var at: Timestamp

    /// `at` is when a run last reported with it.
    package init(policy: Policy, at: Timestamp) {
      self.policy = policy
      self.at = at
    }
  }

  /// The last failure that counted, for `status` and for messages.
  package struct LastFailure: Hashable, Sendable {
    package var at: Timestamp
    package var reason: String
    package var caller: Caller?
    package var kept = KeptMembers()

    /// `reason` as people read it: `exit 1`, `SIGKILL`, `timeout`.
    package init(at: Timestamp, reason: String, caller: Caller? = nil) {
      self.at = at
      self.reason = reason
      self.caller = caller
    }
  }

  /// Tells this breaker from one of the same name that was removed before it.
  package var id: UInt64
  /// Moved on by every state change; a result of an earlier one is stale.
  package var generation = 1
  package var phase = Phase.closed
  package var hold: Hold?
  /// When the state changed last; nil: never, or before a version that keeps it.
  package var changedAt: Timestamp?
  /// Failures in a row; survives open and half-open.
  package var failCounter = 0
  package var streak = TripStreak()
  package var window = RunWindow()
  package var leases: [Lease] = []
  /// Whether a rejection was reported since the circuit was last closed (`notice` `first`).
  package var rejectionNoticed = false
  /// When the circuit was closed no longer, or the last reminder after that: from here the next one is counted. nil
  /// while it is closed.
  package var remindedAt: Timestamp?
  package var lastHint: LastHint?
  package var lastFailure: LastFailure?
  package var lastSuccess: Timestamp?
  package var totals = Totals()
  package var durations = DurationHistogram()
  /// The last ended runs, oldest first, at most `recentCount`.
  package var recent: [Outcome] = []
  /// The settings of the run that reported last.
  package var lastPolicy: Policy?
  /// Other settings that a run before it had, and until when: two hosts, or two crontab lines, may not agree.
  package var otherPolicy: OtherPolicy?
  package var settings = StoredSettings()
  /// The last events, oldest first; a store moves older ones elsewhere.
  package var history: [HistoryEntry] = []
  /// The number of the next event in the history.
  package var nextSequence = 1
  /// Events before this one were cleared by `cb reset`, wherever a store still has them.
  package var firstSequence = 1

  /// Members of the document that this version does not know.
  package var kept = KeptMembers()

  package static let recentCount = 60

  /// A closed breaker without a history. `id` tells it from a removed one of the same name; drawn at random by the
  /// store.
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

  /// Live runs that take a place under `max-concurrent`: all that hold a lease, but for those that it was not enforced
  /// on.
  package var running: Int { leases.count { $0.role != .observed } }

  /// When a trial is due for an asker with `policy`; nil unless open, or where the circuit is held without an end.
  package func retryAt(_ policy: Policy?) -> Timestamp? {
    guard case .open(let open) = phase else { return nil }
    guard let policy, policy.isResetTimeoutCallersOwn, let spread = open.spread else { return open.retryAt }
    return open.retryAt(policy, spread: spread)
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
  package mutating func updateHolders(at now: Timestamp, _ status: (Holder) -> HolderStatus) {
    var dead: [Token] = []
    for index in leases.indices {
      switch leases[index].holder.map(status) ?? .unknown {
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
      note(.lost, at: now, reason: "\(what) lost", caller: lease.caller)
    }
    leases.removeAll(where: isLost)
  }

  /// Moves to another state, into the next generation.
  mutating func move(to next: Phase, at now: Timestamp) {
    if case .closed = phase {
      streak.endHealth(at: now)
      remindedAt = now
    }
    phase = next
    changedAt = now
    generation += 1
    if case .closed = next {
      window = RunWindow()
      rejectionNoticed = false
      remindedAt = nil
    }
  }

  mutating func note(
    _ kind: HistoryEntry.Kind, at now: Timestamp, from: CircuitState? = nil, to: CircuitState? = nil,
    reason: String? = nil, by: String? = nil, caller: Caller?
  ) {
    note(
      HistoryEntry(
        sequence: nextSequence, at: now, kind: kind, from: from, to: to, reason: reason, by: by, caller: caller))
  }

  /// Adds an entry, which gets the next number.
  mutating func note(_ entry: HistoryEntry) {
    history.append(entry)
    history[history.count - 1].sequence = nextSequence
    nextSequence += 1
  }
}
