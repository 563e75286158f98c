/// One thing that `cb doctor` looked at in a store.
package struct StoreCheck: Equatable, Sendable {
  /// How much it matters to a run; `doctor` fails at `failure` only.
  package enum Verdict: String, Sendable {
    case ok
    /// Worth fixing; runs are guarded nevertheless.
    case warning
    /// A run would not be guarded.
    case failure
  }

  /// One or two words.
  package var name: String
  package var verdict: Verdict
  /// What was found, in plain words.
  package var seen: String
  /// What to do; empty if there is nothing to do.
  package var advice: String

  /// `seen` and `advice` are for people: one line each, without control characters.
  package init(_ name: String, _ verdict: Verdict, _ seen: String, advice: String = "") {
    self.name = name
    self.verdict = verdict
    self.seen = seen
    self.advice = advice
  }

  /// What a store's error says, its hint as advice.
  package init(_ name: String, _ error: StoreError) {
    self.init(name, .failure, error.sentence, advice: error.hint)
  }
}
