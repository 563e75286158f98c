/// The mark of one admission, which its result has to show: 32 hexadecimal digits drawn at random at the edge.
package struct Token: Hashable, Sendable {
  package let text: String

  /// Any text, as a store or a user gives it: one that no admission has finds no lease.
  package init(text: String) {
    self.text = text
  }

  /// From 128 random bits.
  package init(_ high: UInt64, _ low: UInt64) {
    let digits = Array("0123456789abcdef".utf8)
    text = String(unsafeUninitializedCapacity: 32) { buffer in
      for index in 0..<16 {
        buffer[index] = digits[Int((high >> UInt64(60 - 4 * index)) & 15)]
        buffer[16 + index] = digits[Int((low >> UInt64(60 - 4 * index)) & 15)]
      }
      return 32
    }
  }
}

/// The process that holds a lease, so that its death can be seen at once by others on its host.
package struct Holder: Hashable, Sendable {
  /// The boot and the process namespace in which `pid` means something.
  package var realm: String
  package var pid: Int32
  /// When the process started, in the kernel's own ticks: a pid that was used again is another process.
  package var startTime: UInt64

  /// `startTime` in clock ticks since boot, as /proc has it; see `ProcessIdentity`.
  package init(realm: String, pid: Int32, startTime: UInt64) {
    self.realm = realm
    self.pid = pid
    self.startTime = startTime
  }
}

/// What one host can know of a holder.
package enum HolderStatus: Hashable, Sendable {
  case alive
  case dead
  /// On another host: only the lease tells.
  case unknown
}

/// An admission that the store keeps because it takes a place: a trial, a run under `max-concurrent`, or a permit.
package struct Lease: Hashable, Sendable {
  /// Whether a process holds it all the time (a run) or nobody has to (a permit).
  package enum Kind: String, Hashable, Sendable {
    case run
    case permit
  }

  package var token: Token
  package var kind: Kind
  package var role: Permit.Role
  /// The generation in which it was given.
  package var generation: Int
  package var since: Timestamp
  /// When the place is free again if nobody says otherwise. Equality counts as over.
  package var expires: Timestamp
  package var holder: Holder?
  package var caller: Caller?
  /// Members that this version does not know.
  package var kept = KeptMembers()

  package var isTrial: Bool { role == .trial }

  /// `holder` nil: only the lease's end frees the place.
  package init(
    token: Token, kind: Kind, role: Permit.Role, generation: Int, since: Timestamp, expires: Timestamp, holder: Holder?,
    caller: Caller? = nil
  ) {
    self.token = token
    self.kind = kind
    self.role = role
    self.generation = generation
    self.since = since
    self.expires = expires
    self.holder = holder
    self.caller = caller
  }

  /// How long a run's lease lasts without being renewed, and how often it is renewed: whatever a host held is free
  /// within 15 s of its end (docs/CONTRACT.md, "The state machine"), with one renewal to spare.
  package static let term = Span.seconds(15)
  package static let renewal = Span.seconds(5)
}

/// What a lease holds, as people are shown it.
package enum HeldPlace: String, Hashable, Sendable {
  /// A trial of this half-open round.
  case trial
  /// A place under `max-concurrent`.
  case place
  /// A permit that is not reported yet.
  case permit
}

extension Breaker {
  /// What a lease of this breaker holds. The trial of an earlier round holds only its place.
  package func heldPlace(of lease: Lease) -> HeldPlace {
    if lease.isTrial, lease.generation == generation { return .trial }
    return lease.kind == .permit ? .permit : .place
  }
}
