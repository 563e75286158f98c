/// What a run does when its store cannot be reached or written (docs/CONTRACT.md, "Stores").
package enum StoreErrorPolicy: String, Hashable, Sendable, CaseIterable {
  /// Go on with the file store as a stand-in.
  case local
  /// Run the command unguarded.
  case run
  /// Do not start the command.
  case reject
}

/// What a rejection does (docs/CONTRACT.md, "The state machine").
package enum RunMode: String, Hashable, Sendable, CaseIterable {
  case enforce
  /// Everything is decided and stored, and what would be rejected runs.
  case observe
  /// No breaker at all.
  case bypass
}

/// Which rejections are reported.
package enum Notice: String, Hashable, Sendable, CaseIterable {
  case each
  /// One from the moment at which the circuit was last closed.
  case first
  case none
}
