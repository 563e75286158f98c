import Glibc
import Testing

@Suite struct ViewsMetricsTests {
  @Test func `promtool takes the metrics`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("run", "we\"ird\\name", "--", "false")
    _ = sandbox.cb("open", "held", "--hold")
    _ = sandbox.cb("run", "日本", "--", "true")
    let result = sandbox.execute(["/bin/sh", "-c", "\(Programs.cb) metrics | promtool check metrics 2>&1"])
    // The one remark is on a name that the contract gives; anything that is not well-formed reads otherwise.
    #expect(result.outputText == "cb_fail_counter metric name should not include type 'counter'\n")
    let text = sandbox.cb("metrics").outputText
    #expect(text.contains(#"cb_state{breaker="we\"ird\\name",state="closed"} 1"#))
    #expect(text.contains(#"cb_retry_after_seconds{breaker="held"} +Inf"#))
    #expect(text.contains(#"cb_calls_total{breaker="日本",outcome="success"} 1"#))
    #expect(text.hasSuffix("cb_store_up 1\n"))
  }

  @Test func `a file is replaced, readable by all, and nothing else is left`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("run", "a", "--", "true")
    _ = sandbox.file("out/../cb.prom", "old", mode: 0o600)
    let result = sandbox.execute(
      ["/bin/sh", "-c", "mkdir out; echo old >out/cb.prom; umask 077; \(Programs.cb) metrics --output out/cb.prom"])
    #expect(result.status == .exited(0))
    #expect(result.output.isEmpty)
    #expect(sandbox.read("out/cb.prom") == sandbox.cb("metrics").outputText)
    #expect(sandbox.execute(["/bin/sh", "-c", "ls -A out; stat -c %a out/cb.prom"]).outputText == "cb.prom\n644\n")
  }

  @Test func `no reader ever sees half a file or another one that ends in .prom`() {
    let sandbox = Sandbox()
    for index in 0..<20 { _ = sandbox.cb("run", "b\(index)", "--", "true") }
    _ = sandbox.execute(["/bin/mkdir", "out"])
    let loop = "i=0; while [ $i -lt 50 ]; do \(Programs.cb) metrics --output out/cb.prom || exit 1; i=$((i+1)); done"
    let writer = sandbox.start(["/bin/sh", "-c", loop])
    var looks = 0
    while isAlive(writer.pid), looks < 100_000 {
      looks += 1
      if let text = sandbox.read("out/cb.prom") { #expect(text.hasSuffix("cb_store_up 1\n")) }
      if looks % 50 == 0 {
        let files = sandbox.execute(["/bin/sh", "-c", "ls -A out | grep 'prom$' | grep -vx cb.prom"]).outputText
        #expect(files.isEmpty)
      }
    }
    #expect(writer.wait().status == .exited(0))
    #expect(looks > 1)
  }

  @Test func `a store that is away is told to whoever reads the file`() {
    let sandbox = Sandbox()
    let store = "file:" + sandbox.file("no-directory", "")
    let printed = sandbox.cb("metrics", "--store", store)
    #expect(printed.status == .exited(1))
    #expect(printed.outputText.hasSuffix("cb_store_up 0\n"))
    #expect(printed.errorText.split(separator: "\n").count == 1)
    let written = sandbox.cb("metrics", "--store", store, "--output", sandbox.path + "/cb.prom")
    #expect(written.status == .exited(0))
    #expect(sandbox.read("cb.prom")?.hasSuffix("cb_store_up 0\n") == true)
  }

  @Test func `a file that cannot be written is one clear line`() {
    let sandbox = Sandbox()
    let result = sandbox.cb("metrics", "--output", "/nowhere/cb.prom")
    #expect(result.status == .exited(1))
    #expect(result.errorText == "cb: --output: cannot write /nowhere/cb.prom: No such file or directory\n")
    #expect(sandbox.cb("metrics", "--output", "").status == .exited(64))
  }

  @Test func `the alert rules are valid, and rules and dashboard name only metrics that are there`() {
    let sandbox = Sandbox()
    let contrib = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/contrib"
    let rules = sandbox.execute(["/usr/bin/promtool", "check", "rules", contrib + "/prometheus-alerts.yml"])
    #expect(rules.status == .exited(0), "\(rules.errorText)")
    _ = sandbox.cb("run", "a", "--", "true")
    _ = sandbox.cb("run", "a", "--", "false")
    let types = "sed -n 's/^# TYPE \\([^ ]*\\).*/\\1/p'"
    let known = sandbox.execute(["/bin/sh", "-c", "\(Programs.cb) metrics | \(types) | sort"])
    let names = known.outputText.split(separator: "\n").map(String.init)
    #expect(names.count == 9)
    let files = "\(contrib)/prometheus-alerts.yml \(contrib)/grafana-dashboard.json"
    let used = sandbox.execute(["/bin/sh", "-c", "grep -oh 'cb_[a-z_]*' \(files) | sort -u"])
    for name in used.outputText.split(separator: "\n") { #expect(names.contains(String(name)), "\(name)") }
    #expect(!used.output.isEmpty)
    let json = sandbox.execute(["/usr/bin/python3", "-m", "json.tool", contrib + "/grafana-dashboard.json"])
    #expect(json.status == .exited(0))
  }
}
