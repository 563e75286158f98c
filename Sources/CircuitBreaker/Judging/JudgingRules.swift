/// The lists that judge an ending: those of the user, or those of a preset.
package struct JudgingRules: Hashable, Sendable {
  package var ignore = OutcomeSet()
  package var exclude = OutcomeSet()
  package var only = OutcomeSet()
  package var holdOn = OutcomeSet()
  package var tripOn = OutcomeSet()

  /// Empty lists: 0 is a success, any other ending a failure.
  package init() {}

  /// Whether any of the lists names the ending: a preset then has no say.
  package func names(_ ending: RunEnding) -> Bool {
    ignore.contains(ending) || exclude.contains(ending) || only.contains(ending) || holdOn.contains(ending)
      || tripOn.contains(ending)
  }

  /// The rules for one ending: these, and where none of them names it those of `preset`.
  ///
  /// `only` is the exception, as it judges what it does not name: the user's, where there is one, takes the place of
  /// the preset's.
  func over(_ preset: JudgingRules, for ending: RunEnding) -> JudgingRules {
    guard !names(ending) else { return self }
    var rules = preset
    if !only.isEmpty { rules.only = only }
    return rules
  }
}
