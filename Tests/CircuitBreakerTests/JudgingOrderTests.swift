import CircuitBreaker
import Testing

/// The order of the rules (docs/CONTRACT.md, "The state machine"): which predicate is asked of which end, and when not.
struct JudgingOrderTests {
  /// Judges with the answers given, and says which questions were asked.
  private func judge(
    _ how: RunEnding.How, _ rules: JudgingRules = JudgingRules(), preset: JudgingRules = JudgingRules(),
    policy: Policy = Policy(), isTrial: Bool = false, duration: Span = .zero, yes: Set<Judging.Question> = []
  ) -> (verdict: Verdict, asked: [Judging.Question]) {
    var asked: [Judging.Question] = []
    let verdict = rules.judge(
      RunEnding(how: how, duration: duration), preset: preset, policy: policy, isTrial: isTrial
    ) {
      asked.append($0)
      return yes.contains($0)
    }
    return (verdict, asked)
  }

  private func rules(_ change: (inout JudgingRules) -> Void) -> JudgingRules {
    var rules = JudgingRules()
    change(&rules)
    return rules
  }

  private func codes(_ codes: Int32...) -> OutcomeSet {
    var set = OutcomeSet()
    set.elements = codes.map { .codes($0...$0) }
    return set
  }

  @Test("of exit 0 only fail-if is asked; what it makes a failure may hold")
  func success() {
    #expect(judge(.exited(0)).asked == [.failIf])
    #expect(judge(.exited(0)).verdict.outcome == .success)
    let failed = judge(.exited(0), yes: [.failIf])
    #expect(failed.asked == [.failIf, .holdIf])
    #expect(failed.verdict.outcome == .failure && failed.verdict.reason == "exit 0, fail-if")
    let held = judge(.exited(0), yes: [.failIf, .holdIf]).verdict
    #expect(held.severity == .holds(reason: "hold-if (exit 0, fail-if)"))
  }

  @Test(
    "of any other end ignore-if, exclude-if, then hold-if; each yes ends it",
    arguments: [
      RunEnding.How.exited(1), .signaled(9), .timedOut,
    ])
  func failure(how: RunEnding.How) {
    #expect(judge(how).asked == [.ignoreIf, .excludeIf, .holdIf])
    #expect(judge(how).verdict.outcome == .failure && judge(how).verdict.severity == .counts)
    #expect(judge(how, yes: [.ignoreIf, .excludeIf]).asked == [.ignoreIf])
    #expect(judge(how, yes: [.ignoreIf]).verdict.outcome == .ignored)
    #expect(judge(how, yes: [.excludeIf]).asked == [.ignoreIf, .excludeIf])
    #expect(judge(how, yes: [.excludeIf]).verdict.outcome == .excluded)
    let held = judge(how, yes: [.holdIf]).verdict
    #expect(held.outcome == .failure && held.severity == .holds(reason: "hold-if (\(held.reason))"))
  }

  @Test("nothing is asked of what came from outside or was not started")
  func outside() {
    #expect(judge(.notStarted(127)).asked.isEmpty)
    let foreign = RunEnding(how: .signaled(15), isForeignSignal: true)
    #expect(
      Judging(foreign, rules: JudgingRules()).step == .decided(Verdict(.ignored, reason: "SIGTERM", duration: .zero)))
  }

  @Test("ignore before ignore-if, exclude before exclude-if, only after both")
  func lists() {
    let all = rules {
      $0.ignore = codes(0, 1)
      $0.exclude = codes(0, 1, 2)
      $0.only = codes(2, 4)
    }
    #expect(judge(.exited(0), all).verdict.outcome == .ignored)
    #expect(judge(.exited(1), all).asked.isEmpty)
    let excluded = judge(.exited(2), all)
    #expect(excluded.verdict.outcome == .excluded && excluded.asked == [.ignoreIf])
    let outside = judge(.exited(3), all)
    #expect(outside.verdict.outcome == .excluded && outside.asked == [.ignoreIf, .excludeIf])
    #expect(judge(.exited(4), all).verdict.outcome == .failure)
    // exclude is for a code that is not 0
    #expect(judge(.exited(0), rules { $0.exclude = codes(0) }).verdict.outcome == .success)
  }

  @Test("hold-on before hold-if before trip-on")
  func severities() {
    let all = rules {
      $0.holdOn = codes(12)
      $0.tripOn = codes(12, 13)
    }
    let held = judge(.exited(12), all)
    #expect(held.verdict.severity == .holds(reason: "exit 12 is in hold-on") && !held.asked.contains(.holdIf))
    #expect(judge(.exited(13), all).verdict.severity == .trips(reason: "exit 13, which is in trip-on"))
    #expect(judge(.exited(13), all, yes: [.holdIf]).verdict.severity == .holds(reason: "hold-if (exit 13)"))
    #expect(judge(.exited(14), all).verdict.severity == .counts)
  }

  @Test("a slow success is a failure before fail-if, unless a window counts it; a trial always")
  func slow() {
    var policy = Policy()
    policy.slowAfter = .seconds(1)
    let failed = judge(.exited(0), policy: policy, duration: .ms(1001))
    #expect(failed.verdict.outcome == .failure && failed.verdict.reason == "slow (1.001s)" && failed.asked == [.holdIf])
    #expect(judge(.exited(0), policy: policy, duration: .ms(1000)).verdict.outcome == .success)
    policy.window = .runs(20)
    #expect(judge(.exited(0), policy: policy, duration: .seconds(2)).verdict.outcome == .success)
    #expect(judge(.exited(0), policy: policy, isTrial: true, duration: .seconds(2)).verdict.outcome == .failure)
  }

  @Test("a preset judges only what no list of the user's names, and its only gives way to the user's")
  func presets() {
    let preset = rules {
      $0.exclude = codes(5, 6)
      $0.holdOn = codes(7)
    }
    #expect(judge(.exited(5), preset: preset).verdict.outcome == .excluded)
    #expect(judge(.exited(5), rules { $0.tripOn = codes(5) }, preset: preset).verdict.outcome == .failure)
    #expect(judge(.exited(6), rules { $0.tripOn = codes(5) }, preset: preset).verdict.outcome == .excluded)
    #expect(judge(.exited(7), preset: preset).verdict.severity == .holds(reason: "exit 7 is in hold-on"))
    #expect(judge(.exited(8), preset: preset).verdict.outcome == .failure)
    let only = rules { $0.only = codes(255) }
    #expect(judge(.exited(1), preset: only).verdict.outcome == .excluded)
    #expect(judge(.exited(255), preset: only).verdict.outcome == .failure)
    #expect(judge(.exited(255), rules { $0.only = codes(1) }, preset: only).verdict.outcome == .excluded)
  }

  @Test("an answer after the decision changes nothing")
  func decided() {
    var judging = Judging(RunEnding(how: .exited(0)), rules: JudgingRules())
    judging.answer(false)
    let step = judging.step
    judging.answer(true)
    #expect(judging.step == step)
  }
}
