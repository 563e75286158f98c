import Testing

/// What a run does about a store that is not there, or that can be read and not written.
@Suite struct ContractUnusableStoreTests {
  let sandbox = Sandbox()

  /// Nobody, not even root, can make a directory in /proc; looking for one is no error.
  private let unwritable = "file:/proc/cb-has-no-store-here"

  @Test func `with reject nothing is started on a store that can be read and not written`() {
    let run = sandbox.cb("run", "a", "--store", unwritable, "--on-store-error", "reject", "--", "echo", "ran")
    #expect(run.status == .exited(125))
    #expect(run.outputText == "")
    #expect(run.errorText.split(separator: "\n").count == 1)
    #expect(run.errorText.contains("/proc/cb-has-no-store-here"))
    #expect(run.errorText.contains("the command was not started"))
  }

  @Test func `without reject the command runs, its exit code stands, and one line says so`() {
    let run = sandbox.cb("run", "a", "--store", unwritable, "--", "sh", "-c", "echo ran; exit 4")
    #expect(run.status == .exited(4))
    #expect(run.outputText == "ran\n")
    #expect(run.errorText.split(separator: "\n").count == 1)
  }

  @Test func `what cb set stored holds when the store can still be read`() {
    #expect(sandbox.cb("set", "a", "on-store-error=reject").status == .exited(0))
    // A lock that cannot be taken: its file is a directory.
    #expect(sandbox.execute(["/bin/sh", "-c", "rm state/a.lock && mkdir state/a.lock"]).status == .exited(0))
    let run = sandbox.cb("run", "a", "--", "echo", "ran")
    #expect(run.status == .exited(125), "\(run.errorText)")
    #expect(run.outputText == "")
  }

  @Test(arguments: ["reset", "remove", "close", "half-open"])
  func `a breaker that cannot be changed keeps no other from it`(command: String) {
    for name in ["a", "b", "c"] { #expect(sandbox.cb("open", name).status == .exited(0)) }
    #expect(sandbox.execute(["/bin/sh", "-c", "rm state/b.lock && mkdir state/b.lock"]).status == .exited(0))
    let done = sandbox.cb(command, "a", "b", "c")
    #expect(done.status == .exited(1))
    #expect(done.errorText.split(separator: "\n").count == 1 && done.errorText.contains("b.lock"), "\(done.errorText)")
    let states = ["a", "b", "c"].map { sandbox.cb("get", $0, "state").outputText }
    #expect(states[0] == states[2] && states[0] != "open\n" && states[1] == "open\n", "\(states)")
  }

  @Test func `with reject a run on a sound store is counted as ever`() {
    #expect(sandbox.cb("run", "a", "--on-store-error", "reject", "--", "false").status == .exited(1))
    #expect(sandbox.cb("run", "a", "--on-store-error", "reject", "--", "sh", "-c", "exit 2").status == .exited(2))
    #expect(sandbox.cb("get", "a", "fail-counter").outputText == "2\n")
  }

  /// cb as a user that the password database does not have, as in a container with an arbitrary uid.
  private func nobody(_ environment: [String], _ arguments: String...) -> Finished {
    sandbox.execute(
      ["/usr/bin/unshare", "--user", "--map-user=54321", "env", "-i"] + environment + [Programs.cb] + arguments)
  }

  @Test func `without any home the command still runs, unguarded`() {
    let run = nobody([], "run", "a", "--", "/bin/sh", "-c", "echo ran; exit 4")
    #expect(run.status == .exited(4))
    #expect(run.outputText == "ran\n")
    #expect(run.errorText.contains("CB_STATE_DIR"))
    #expect(run.errorText.contains("running unguarded"))
  }

  @Test func `without any home and with reject the command is not started`() {
    let run = nobody([], "run", "a", "--on-store-error", "reject", "--", "/bin/echo", "ran")
    #expect(run.status == .exited(125))
    #expect(run.outputText == "")
  }

  @Test func `without any home a manual command fails with 1`() {
    let open = nobody([], "open", "a")
    #expect(open.status == .exited(1))
    #expect(open.errorText.contains("54321"))
  }

  @Test func `without any home a Redis store is used, and its outage stops no command`() {
    let run = nobody([], "run", "a", "--store", "redis://127.0.0.1:1", "--", "/bin/sh", "-c", "exit 4")
    #expect(run.status == .exited(4))
    #expect(run.errorText.contains("127.0.0.1:1"))
  }

  @Test func `a home that may not be entered has no configuration for us`() {
    let closed = sandbox.execute(["/bin/sh", "-c", "mkdir -p other/.config && chmod 000 other"])
    #expect(closed.status == .exited(0))
    let run = nobody(
      ["HOME=\(sandbox.path)/other", "CB_STATE_DIR=\(sandbox.path)/state"], "run", "a", "--", "/bin/sh", "-c", "exit 4")
    #expect(run.status == .exited(4))
    #expect(run.errorText == "")
  }

  @Test func `a configuration file that is there and may not be read counts as a store that failed`() {
    let script = "mkdir -p .config/cb && echo '{}' >.config/cb/config.json5 && chmod 000 .config/cb/config.json5"
    let made = sandbox.execute(["/bin/sh", "-c", script])
    #expect(made.status == .exited(0))
    let environment = ["HOME=\(sandbox.path)", "CB_STATE_DIR=\(sandbox.path)/state"]
    let run = nobody(environment, "run", "a", "--", "/bin/echo", "ran")
    #expect(run.status == .exited(0))
    #expect(run.outputText == "ran\n")
    #expect(run.isOneMessage && run.errorText.contains("config.json5: permission denied"), "\(run.errorText)")
    let rejected = nobody(environment, "run", "a", "--on-store-error", "reject", "--", "/bin/echo", "ran")
    #expect(rejected.status == .exited(125))
    #expect(rejected.outputText == "")
  }
}
