import Glibc
import Testing

/// The recipes of contrib/examples and contrib/nagios, which cb-schedulers(7) describes, run as they are.
struct RecipeTests {
  private let scene = Scene()
  private let contrib = Programs.packageRoot + "/contrib/"

  init() {
    // `cb` by name, as the recipes have it.
    let directory = Programs.cb.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    scene["PATH"] = directory.joined(separator: "/") + ":/usr/local/bin:/usr/bin:/bin"
  }

  private func recipe(_ words: String..., input: String = "") -> Finished {
    let argv = ["/usr/bin/env", contrib + words[0]] + words.dropFirst()
    return scene.sandbox.execute(argv, input: Array(input.utf8))
  }

  /// The hook's JSON for the tool `Bash`.
  private func pre() -> Finished {
    recipe("examples/hooks/pre-tool", input: #"{"hook_event_name": "PreToolUse", "tool_name": "Bash"}"#)
  }

  private func post(_ rest: String) -> Finished {
    recipe("examples/hooks/post-tool", input: #"{"tool_name": "Bash", \#(rest)}"#)
  }

  @Test("a tool hook blocks the call with the reason while the circuit is open, and lets the trial through when due")
  func hooks() {
    #expect(pre().status == .exited(0))
    for _ in 1...5 { #expect(post(#""tool_response": {"exit_code": 3}"#).status == .exited(0)) }
    #expect(scene.state("tool-Bash") == "open")
    let blocked = pre()
    #expect(blocked.status == .exited(2))
    #expect(blocked.outputText.isEmpty)
    #expect(blocked.errorText.hasPrefix("cb: tool-Bash: circuit open, retry in "))

    scene.cb("open", "tool-Bash", "--for", "100ms")
    scene.waitUntilDue("tool-Bash")
    #expect(pre().status == .exited(0))
    #expect(post(#""tool_response": "done""#).status == .exited(0))
    #expect(scene.state("tool-Bash") == "closed")
    #expect(scene.total("recorded", "tool-Bash") == 6)
  }

  @Test(
    "the hook after a tool tells failures, interruptions and successes apart",
    arguments: [
      (#""tool_response": {"exit_code": 1}"#, "failures"), (#""tool_response": {"exit_code": 0}"#, "successes"),
      (#""tool_response": {"is_error": true}"#, "failures"), (#""tool_response": "text""#, "successes"),
      (#""tool_response": ["text"]"#, "successes"), (#""tool_response": {"interrupted": true}"#, "ignored"),
      (#""hook_event_name": "PostToolUseFailure", "error": "no""#, "failures"),
      (#""hook_event_name": "PostToolUseFailure", "error": "no", "is_interrupt": true"#, "ignored"),
    ])
  func outcomes(_ rest: String, _ total: String) {
    #expect(post(rest).status == .exited(0))
    #expect(scene.total(total, "tool-Bash") == 1)
  }

  @Test("a hook that cannot read its input blocks nothing", arguments: ["", "no JSON", "{}", "[]"])
  func badInput(_ input: String) {
    #expect(recipe("examples/hooks/pre-tool", input: input).status == .exited(0))
    #expect(recipe("examples/hooks/post-tool", input: input).status == .exited(0))
    #expect(scene.status().isEmpty)
  }

  @Test("permit.py: success, failure, excluded, rejected")
  func python() {
    #expect(recipe("examples/permit.py", "shop").outputText == "working\n")
    #expect(recipe("examples/permit.py", "shop", "missing").status == .exited(1))
    for _ in 1...5 { #expect(recipe("examples/permit.py", "shop", "fail").status == .exited(1)) }
    #expect(scene.total("successes", "shop") == 1)
    #expect(scene.total("excluded", "shop") == 1)
    #expect(scene.total("failures", "shop") == 5)
    let rejected = recipe("examples/permit.py", "shop")
    #expect(rejected.status == .exited(75))
    #expect(rejected.outputText.isEmpty)
  }

  @Test("permit.sh: the exit code goes to the breaker's own rules, and on")
  func shell() {
    scene.cb("set", "shop", "fail-max=1")
    #expect(recipe("examples/permit.sh", "shop").outputText == "working\n")
    scene["PERMIT_EXAMPLE_FAILS"] = "1"
    #expect(recipe("examples/permit.sh", "shop").status == .exited(3))
    #expect(scene.state("shop") == "open")
    scene["PERMIT_EXAMPLE_FAILS"] = nil
    let rejected = recipe("examples/permit.sh", "shop")
    #expect(rejected.status == .exited(75))
    #expect(rejected.outputText.isEmpty)
  }

  @Test("check_cb: OK, warning, critical, unknown, each with performance data")
  func nagios() {
    func check(_ words: String...) -> Finished {
      scene.sandbox.execute(["/usr/bin/env", contrib + "nagios/check_cb", "--cb", Programs.cb] + words)
    }
    scene.run(name: "it's", exit: 1)
    let fine = check()
    #expect(fine.status == .exited(0))
    #expect(
      fine.outputText
        == "CB OK: 1 breaker closed | rejecting=0;;0;0;1 'it''s_fail_counter'=1;;;0 'it''s_failures'=1c;;;0 "
        + "'it''s_rejected'=0c;;;0 'it''s_trips'=0c;;;0\n")

    scene.cb("close", "it's", "--hold")
    #expect(check("it's").status == .exited(1))
    #expect(check("it's").outputText.hasPrefix("CB WARNING: it's is held closed | "))
    scene.cb("half-open", "it's")
    #expect(check("it's").outputText.hasPrefix("CB WARNING: it's is half-open | "))
    scene.cb("open", "it's", "--for", "50ms")
    scene.waitUntilDue("it's")
    #expect(check("it's").outputText.hasPrefix("CB WARNING: it's is due for a trial | "))

    scene.cb("reset", "it's")
    scene.trip(name: "it's")
    #expect(check("it's").status == .exited(2))
    #expect(check("it's").outputText.hasPrefix("CB CRITICAL: it's is open, retry in "))
    #expect(check("it's").outputText.contains("| rejecting=1;;0;0;1 "))
    scene.cb("open", "it's", "--hold")
    #expect(check().outputText.hasPrefix("CB CRITICAL: it's is held open | "))

    #expect(check("nobody").status == .exited(3))
    #expect(check("nobody").outputText.hasPrefix("CB UNKNOWN: "))
    #expect(check("--no-such-option").status == .exited(3))
  }
}
