import Glibc
import Testing

@Suite struct ViewsDoctorTests {
  @Test func `a sound store passes every check and is left as it was`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("run", "a", "--", "true")
    let list = ["/bin/sh", "-c", "find state -type f | sort | xargs sha256sum"]
    let before = sandbox.execute(list).outputText
    let result = sandbox.cb("doctor")
    #expect(result.status == .exited(0))
    #expect(result.outputText.hasSuffix("A run is guarded.\n"))
    for name in [
      "configuration", "environment", "store", "directory", "file system", "free space", "writing", "locks", "latency",
      "boot clock", "wall clock", "breakers",
    ] {
      #expect(result.outputText.split(separator: "\n").contains { $0.dropFirst(9).hasPrefix(name) }, "\(name)")
    }
    #expect(sandbox.execute(list).outputText == before)
  }

  @Test func `a store that is not there yet is not made`() {
    let sandbox = Sandbox()
    let result = sandbox.cb("doctor")
    #expect(result.status == .exited(0))
    #expect(result.outputText.contains("not there yet"))
    #expect(access(sandbox.path + "/state", F_OK) != 0)
  }

  @Test func `a store that everybody can write is a failure`() {
    let sandbox = Sandbox()
    _ = sandbox.execute(["/bin/sh", "-c", "mkdir -m 777 open"])
    failure(sandbox.cb("doctor", "--store", "file:\(sandbox.path)/open"), "directory", "chmod")
  }

  @Test func `a store below a file is a failure`() {
    let sandbox = Sandbox()
    let file = sandbox.file("plain", "")
    failure(sandbox.cb("doctor", "--store", "file:\(file)"), "directory", "directory")
    failure(sandbox.cb("doctor", "--store", "file:\(file)/below"), "directory", "directory")
  }

  @Test func `a document of a newer version is a failure, a damaged one a warning`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("run", "a", "--", "false")
    _ = sandbox.file("state/a.json", "{", mode: 0o600)
    let damaged = sandbox.cb("doctor")
    #expect(damaged.status == .exited(0))
    #expect(damaged.outputText.contains("warning  breakers"))
    _ = sandbox.file("state/a.json", "{\"cb\": 99, \"name\": \"a\"}", mode: 0o600)
    failure(sandbox.cb("doctor"), "breakers", "update cb")
  }

  @Test func `documents that were set aside are mentioned`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("run", "a", "--", "false")
    _ = sandbox.file("state/a.json", "{", mode: 0o600)
    _ = sandbox.cb("run", "a", "--", "false")
    let result = sandbox.cb("doctor")
    #expect(result.status == .exited(0))
    #expect(result.outputText.contains("warning  leftovers"))
    #expect(result.outputText.contains("a.json.damaged-"))
  }

  @Test func `--config checks a file and touches no store`() {
    let sandbox = Sandbox()
    let faulty = sandbox.file("config.json5", "{defaults: {'fail-maxx': 3, timeout: 'x'}}", mode: 0o666)
    let result = sandbox.cb("doctor", "--config", faulty)
    #expect(result.status == .exited(1))
    #expect(result.outputText.contains("failure  configuration"))
    #expect(result.outputText.contains("column 13: unknown key 'fail-maxx' (did you mean fail-max?)"))
    #expect(result.outputText.contains("timeout: 'x' is not valid"))
    #expect(result.outputText.hasSuffix("cannot be used as it is: 2 failures.\n"))
    let sound = sandbox.file(
      "sound.json5", "{store: 'redis://nowhere.invalid', defaults: {'fail-max': 3}}", mode: 0o666)
    // Whoever may write it is only remarked on.
    _ = sandbox.execute(["/bin/chmod", "666", sound])
    let remarked = sandbox.cb("doctor", "--config", sound)
    #expect(remarked.status == .exited(0), "\(remarked.outputText)")
    #expect(remarked.outputText.contains("others can write it"))
    #expect(remarked.outputText.hasSuffix("The configuration file can be used.\n"))
    #expect(access(sandbox.path + "/state", F_OK) != 0)
    let broken = sandbox.file("broken.json5", "{defaults", mode: 0o600)
    #expect(sandbox.cb("doctor", "--config", broken).status == .exited(1))
    #expect(sandbox.cb("doctor", "--config", "/nowhere/config.json5").status == .exited(64))
  }

  @Test func `a setting that is left out fails, though a run is guarded`() {
    let sandbox = Sandbox()
    sandbox.environment["CB_CONFIG"] = sandbox.file("config.json5", "{defaults: {'fail-maxx': 3}}", mode: 0o600)
    let result = sandbox.cb("doctor")
    #expect(result.status == .exited(1))
    #expect(result.outputText.contains("failure  configuration"))
    #expect(result.outputText.hasSuffix("A run is guarded, but not by all settings: 1 failure.\n"))
  }

  @Test func `a misspelt variable is a warning, one out of range a failure, those in force are listed`() {
    let sandbox = Sandbox()
    sandbox.environment["CB_FAIL_MAXX"] = "3"
    sandbox.environment["CB_JITTER"] = "20%"
    let warned = sandbox.cb("doctor")
    #expect(warned.status == .exited(0))
    #expect(warned.outputText.contains("CB_FAIL_MAXX has no meaning to cb; did you mean CB_FAIL_MAX?"))
    #expect(warned.outputText.contains("CB_JITTER=20%, CB_STATE_DIR"))
    sandbox.environment["CB_FAIL_MAXX"] = nil
    sandbox.environment["CB_FAIL_MAX"] = "0"
    let result = sandbox.cb("doctor")
    #expect(result.status == .exited(1))
    #expect(result.outputText.contains("failure  environment"))
    #expect(result.outputText.hasSuffix("A run is guarded, but not by all settings: 1 failure.\n"))
  }

  @Test func `with Redis away it says what a run would do`() {
    let sandbox = Sandbox()
    let store = "redis://ann:secret@127.0.0.1:1"
    func conclusion(_ policy: String) -> String {
      sandbox.environment["CB_ON_STORE_ERROR"] = policy
      let result = sandbox.cb("doctor", "--store", store)
      #expect(result.status == .exited(1))
      #expect(!result.outputText.contains("secret"))
      return result.outputText.split(separator: "\n").last.map(String.init) ?? ""
    }
    #expect(conclusion("local") == "A run would be guarded on this host only (on-store-error is local): 1 failure.")
    #expect(conclusion("run") == "A run would not be guarded: 1 failure.")
    #expect(conclusion("reject") == "A run would not be started (on-store-error is reject): 1 failure.")
  }

  @Test func `settings without effect, and a job that is never rejected, are told`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("set", "rate", "window=5", "fail-max=3")
    for _ in 1...3 {
      _ = sandbox.cb("run", "--fail-max", "1", "--reset-timeout", "1ms", "slow", "--", "false")
      usleep(20_000)
    }
    let text = sandbox.cb("doctor").outputText
    #expect(text.contains("warning  settings"))
    #expect(text.contains("rate: fail-max has no effect with window"))
    #expect(text.contains("rate: min-calls 10 counts as 5"))
    #expect(
      text.contains("slow: 3 failures, 3 trips and no rejection: runs come about every 1s, and reset-timeout is 1ms"))
    #expect(sandbox.cb("status", "slow").outputText.contains("3 trips and no rejection"))
  }

  @Test func `a full disk is a failure`() {
    let sandbox = Sandbox()
    // Where mounting is allowed; elsewhere a limit on the size of files stands for it.
    let script = """
      mkdir small
      if mount -t tmpfs -o size=64k,mode=700 none small 2>/dev/null; then
        head -c 1M /dev/zero >small/fill 2>/dev/null
        \(Programs.cb) doctor --store file:small; code=$?
        umount small; exit $code
      fi
      ulimit -f 0; \(Programs.cb) doctor --store file:small
      """
    failure(sandbox.execute(["/usr/bin/unshare", "-m", "sh", "-c", script]), "writing", "->")
  }

  private func failure(_ result: Finished, _ check: String, _ words: String, line: Int = #line) {
    #expect(result.status == .exited(1), "line \(line): \(result.outputText)\(result.errorText)")
    #expect(result.outputText.contains("failure  \(check)"), "line \(line): \(result.outputText)")
    #expect(result.outputText.contains(words), "line \(line): \(result.outputText)")
    #expect(result.outputText.contains("A run would not be guarded"), "line \(line)")
  }
}
