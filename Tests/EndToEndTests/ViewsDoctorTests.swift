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

  @Test func `a configuration that cannot be read is a failure that names the place`() {
    let sandbox = Sandbox()
    let file = sandbox.file("config.json5", "{defaults: {'fail-maxx': 3}}", mode: 0o600)
    failure(sandbox.cb("doctor", "--config", file), "configuration", "fail-maxx")
  }

  @Test func `a misspelt variable is a warning and one out of range a failure`() {
    let sandbox = Sandbox()
    sandbox.environment["CB_FAIL_MAXX"] = "3"
    let warned = sandbox.cb("doctor")
    #expect(warned.status == .exited(0))
    #expect(warned.outputText.contains("CB_FAIL_MAXX means nothing to cb (CB_FAIL_MAX?)"))
    sandbox.environment["CB_FAIL_MAXX"] = nil
    sandbox.environment["CB_FAIL_MAX"] = "0"
    failure(sandbox.cb("doctor"), "environment", "CB_FAIL_MAX")
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
