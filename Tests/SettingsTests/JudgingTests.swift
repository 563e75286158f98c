import CircuitBreaker
import Settings
import Testing

/// What the lists make of an ending (docs/CONTRACT.md, "The state machine", "Outcome of a run"); the order of the
/// questions is in `JudgingOrderTests`.
struct JudgingTests {
  private func rules(exclude: String? = nil, ignore: String? = nil, only: String? = nil) throws -> JudgingRules {
    var rules = JudgingRules()
    if let exclude { rules.exclude = try #require(OutcomeSet(exclude)) }
    if let ignore { rules.ignore = try #require(OutcomeSet(ignore)) }
    if let only { rules.only = try #require(OutcomeSet(only)) }
    return rules
  }

  private func judge(_ rules: JudgingRules, _ how: RunEnding.How, foreign: Bool = false) -> Outcome {
    rules.judge(RunEnding(how: how, isForeignSignal: foreign)).outcome
  }

  @Test("without rules exit 0 is success and everything else a failure")
  func plain() throws {
    let none = JudgingRules()
    #expect(judge(none, .exited(0)) == .success)
    for code in Int32(1)...255 { #expect(judge(none, .exited(code)) == .failure) }
    for signal in Int32(1)...64 { #expect(judge(none, .signaled(signal)) == .failure) }
    #expect(judge(none, .timedOut) == .failure)
  }

  @Test("a signal that came to cb itself, or SIGPIPE for a reader that went away, is ignored before any rule")
  func foreign() throws {
    #expect(judge(JudgingRules(), .signaled(15), foreign: true) == .ignored)
    #expect(judge(try rules(exclude: "SIGTERM"), .signaled(15), foreign: true) == .ignored)
    #expect(judge(try rules(only: "SIGTERM"), .signaled(15), foreign: true) == .ignored)
    #expect(judge(JudgingRules(), .signaled(13), foreign: false) == .failure)
  }

  @Test("exclude takes codes, ranges with both ends, signals and timeout")
  func exclude() throws {
    let rules = try rules(exclude: "3,64-78,SIGINT,timeout")
    let excluded: [RunEnding.How] = [.exited(3), .exited(64), .exited(70), .exited(78), .signaled(2), .timedOut]
    for how in excluded { #expect(judge(rules, how) == .excluded, "\(how)") }
    let failures: [RunEnding.How] = [.exited(2), .exited(4), .exited(63), .exited(79), .signaled(15), .exited(130)]
    for how in failures { #expect(judge(rules, how) == .failure, "\(how)") }
    #expect(judge(rules, .exited(0)) == .success)
  }

  @Test("a timeout is excluded as timeout and as exit code 124; CMD's own 124 only as a code")
  func timeouts() throws {
    #expect(judge(try rules(exclude: "124"), .timedOut) == .excluded)
    #expect(judge(try rules(exclude: "124"), .exited(124)) == .excluded)
    #expect(judge(try rules(exclude: "timeout"), .exited(124)) == .failure)
    #expect(JudgingRules().judge(RunEnding(how: .timedOut)).timedOut)
    #expect(!JudgingRules().judge(RunEnding(how: .exited(124))).timedOut)
  }

  @Test("a CMD that cannot be started is ignored before any rule; an exit code of 126 or 127 of its own is not")
  func notStarted() throws {
    for code in [Int32(126), 127] {
      #expect(judge(JudgingRules(), .notStarted(code)) == .ignored)
      #expect(judge(try rules(exclude: "126-127"), .notStarted(code)) == .ignored)
      #expect(judge(try rules(only: "126-127"), .notStarted(code)) == .ignored)
      #expect(judge(JudgingRules(), .exited(code)) == .failure)
      #expect(judge(try rules(exclude: "126-127"), .exited(code)) == .excluded)
    }
  }

  @Test("ignore goes before exclude, and takes exit 0 too")
  func ignore() throws {
    let rules = try rules(exclude: "1-9", ignore: "0,5")
    #expect(judge(rules, .exited(5)) == .ignored)
    #expect(judge(rules, .exited(0)) == .ignored)
    #expect(judge(rules, .exited(6)) == .excluded)
  }

  @Test("only names the only failures; the rest is excluded, and exit 0 stays a success")
  func only() throws {
    let rules = try rules(only: "2,SIGKILL,timeout")
    for how in [RunEnding.How.exited(2), .signaled(9), .timedOut] { #expect(judge(rules, how) == .failure) }
    for how in [RunEnding.How.exited(1), .signaled(11), .exited(127)] { #expect(judge(rules, how) == .excluded) }
    #expect(judge(rules, .exited(0)) == .success)
    #expect(judge(try self.rules(only: "0-255"), .exited(0)) == .success)
  }

  @Test("exclude takes away from only")
  func mixed() throws {
    let rules = try rules(exclude: "5", ignore: "6", only: "4-7")
    let outcomes = (Int32(3)...8).map { judge(rules, .exited($0)) }
    #expect(outcomes == [.excluded, .failure, .excluded, .ignored, .failure, .excluded])
  }

  @Test("the reason reads as people say it, and the duration goes along")
  func reasons() {
    let reasons: [(RunEnding.How, String)] = [
      (.exited(1), "exit 1"), (.signaled(9), "SIGKILL"), (.signaled(40), "SIG40"), (.timedOut, "timeout"),
      (.notStarted(127), "exit 127 (not found)"), (.notStarted(126), "exit 126 (not executable)"),
    ]
    for (how, reason) in reasons {
      let verdict = JudgingRules().judge(RunEnding(how: how, duration: Span(milliseconds: 12)))
      #expect(verdict.reason == reason)
      #expect(verdict.duration == Span(milliseconds: 12))
    }
  }

  @Test(
    "a set with any part that is none is refused whole",
    arguments: [
      "", ",", "3,", ",3", "256", "-1", "3-", "-3", "5-3", "3-4-5", "0x3", "+3", "SIGFOO", "SIG0", "SIG65", "SIG+5",
      "SIG-5", "SIG 5", "TIMEOUT", "3;4", "3 4", "3 - 5", "٣", "ſIGINT", "SIGıNT", "1e2", "99999999999",
    ])
  func refused(text: String) {
    #expect(OutcomeSet(text) == nil)
  }

  @Test("a set reads spaces around its parts, and writes itself back")
  func written() throws {
    let set = try #require(OutcomeSet(" 3 , 64-78,int,\tSIGTERM,SIG40,timeout,0,7-7"))
    #expect(set.texts == ["3", "64-78", "SIGINT", "SIGTERM", "SIG40", "timeout", "0", "7"])
    #expect(try #require(OutcomeSet(set.texts.joined(separator: ","))).texts == set.texts)
  }
}

struct SignalNameTests {
  @Test("names and numbers are those of signal(7)")
  func names() {
    let known: [(Int32, String)] = [
      (1, "SIGHUP"), (2, "SIGINT"), (3, "SIGQUIT"), (6, "SIGABRT"), (9, "SIGKILL"), (10, "SIGUSR1"), (11, "SIGSEGV"),
      (12, "SIGUSR2"), (13, "SIGPIPE"), (14, "SIGALRM"), (15, "SIGTERM"), (17, "SIGCHLD"), (18, "SIGCONT"),
      (19, "SIGSTOP"), (20, "SIGTSTP"), (24, "SIGXCPU"), (25, "SIGXFSZ"), (28, "SIGWINCH"), (31, "SIGSYS"),
    ]
    for (number, name) in known {
      #expect(SignalName.name(of: number) == name)
      #expect(SignalName.number(of: name) == number)
      #expect(SignalName.number(of: name.lowercased()) == number)
      #expect(SignalName.number(of: name.dropFirst(3)) == number)
    }
  }

  @Test("every number has a name that reads back")
  func roundTrip() {
    for number in Int32(1)...64 { #expect(SignalName.number(of: SignalName.name(of: number)) == number) }
  }

  @Test("what is no signal has no number", arguments: ["", "SIG", "9", "SIG0", "SIG65", "SIG+5", "SIGſYS", "KILLER"])
  func none(text: String) {
    #expect(SignalName.number(of: text) == nil)
  }

  @Test("a number outside the table still has a name", arguments: [Int32.min, -1, 0, 65, Int32.max])
  func outside(number: Int32) {
    #expect(SignalName.name(of: number) == "SIG\(number)")
  }
}
