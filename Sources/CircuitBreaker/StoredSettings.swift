/// The settings that `cb set` keeps with a breaker, as texts that were checked when they were set. What a key means,
/// and whether this version knows it, is not this type's business: an unknown one is kept as it is.
package struct StoredSettings: Hashable, Sendable {
  /// Never an empty list; a key of a single value has one text.
  package private(set) var values: [String: [String]] = [:]

  /// Nothing stored: every key has its default.
  package init() {}

  package var isEmpty: Bool { values.isEmpty }

  /// The keys in the order of their bytes, so that every host writes the same document.
  package var keys: [String] {
    values.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The texts of a key, none if it has its default; setting none returns it there.
  package subscript(key: String) -> [String] {
    get { values[key] ?? [] }
    set { values[key] = newValue.isEmpty ? nil : newValue }
  }
}

/// What `cb set` changes.
package struct SettingsChange: Hashable, Sendable {
  /// One key with its new values.
  package struct Entry: Hashable, Sendable {
    package var key: String
    /// Empty: the key returns to its default.
    package var values: [String]

    /// `values` are texts that the caller has checked.
    package init(key: String, values: [String]) {
      self.key = key
      self.values = values
    }
  }

  package var entries: [Entry]
  /// What holds after the change.
  package var policy: Policy
  /// Whether one of the keys says how long a circuit stays open: an operator who sets that while the circuit is open
  /// means this outage, too.
  package var appliesToOpenCircuit: Bool
  package var action: ManualAction

  /// `policy` is the effective one after the change, `action` who changed it.
  package init(entries: [Entry], policy: Policy, appliesToOpenCircuit: Bool, action: ManualAction) {
    self.entries = entries
    self.policy = policy
    self.appliesToOpenCircuit = appliesToOpenCircuit
    self.action = action
  }
}
