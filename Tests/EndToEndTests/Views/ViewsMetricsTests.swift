import Glibc
import Testing

@Suite struct ViewsMetricsTests {
  @Test func `promtool takes the metrics`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("run", "we\"ird\\name", "--", "false")
    _ = sandbox.cb("open", "held", "--hold")
    _ = sandbox.cb("run", "日本", "--", "true")
    let result = sandbox.execute(["/bin/sh", "-c", "\(Programs.cb) metrics | promtool check metrics 2>&1"])
    #expect(result.outputText.isEmpty)
    #expect(result.status == .exited(0))
    let with = sandbox.execute(["/bin/sh", "-c", "\(Programs.cb) metrics --settings | promtool check metrics 2>&1"])
    #expect(with.outputText.isEmpty)
    let text = sandbox.cb("metrics").outputText
    let store = "store=\"file://\(host(sandbox))\(sandbox.path)/state\""
    #expect(text.contains(#"cb_state{\#(store),breaker="we\"ird\\name",state="closed"} 1"#))
    #expect(text.contains(#"cb_retry_after_seconds{\#(store),breaker="held"} +Inf"#))
    #expect(text.contains(#"cb_held{\#(store),breaker="held",state="open"} 1"#))
    #expect(text.contains(#"cb_rejecting{\#(store),breaker="held"} 1"#))
    #expect(text.contains(#"cb_calls_total{\#(store),breaker="日本",outcome="success"} 1"#))
    #expect(text.contains(#"cb_run_duration_seconds_count{\#(store),breaker="日本"} 1"#))
    #expect(text.contains("cb_build_info{\(store),version=\""))
    #expect(text.hasSuffix("cb_store_up{\(store)} 1\n"))
    #expect(!text.contains("cb_settings") && sandbox.cb("metrics", "--settings").outputText.contains("cb_settings"))
  }

  private func host(_ sandbox: Sandbox) -> String {
    String(sandbox.execute(["/bin/uname", "-n"]).outputText.dropLast())
  }

  @Test func `the label of a Redis store holds no secret, and tells prefixes apart`() throws {
    let server = try RedisServer()
    let sandbox = Sandbox()
    let store = "redis://127.0.0.1:\(server.port)/2?prefix=shop:&timeout=60s&connect-timeout=60s"
    _ = sandbox.cb("run", "a", "--store", store, "--", "sleep", "0.15")
    let text = sandbox.cb("metrics", "--store", store).outputText
    #expect(
      text.contains(
        "cb_state{store=\"redis://127.0.0.1:\(server.port)/2?prefix=shop:\",breaker=\"a\",state=\"closed\"} 1\n"))
    // 12 buckets and +Inf; the run took over 100 ms.
    #expect(text.contains("breaker=\"a\",le=\"0.1\"} 0\n"))
    #expect(text.contains("breaker=\"a\",le=\"28800\"} 1\n"))
    let away = sandbox.cb("metrics", "--store", "redis://ann:secret@127.0.0.1:1").outputText
    #expect(away.hasSuffix("cb_store_up{store=\"redis://127.0.0.1:1\"} 0\n"))
    #expect(!away.contains("secret"))
  }

  @Test func `what would be rejected and runs is not rejecting, and is counted as such`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("set", "a", "fail-max=1", "reset-timeout=1h", "mode=observe")
    for _ in 1...2 { _ = sandbox.cb("run", "a", "--", "false") }
    let text = sandbox.cb("metrics").outputText
    #expect(text.firstMatch(of: /cb_state\{.*breaker="a",state="open"\} 1\n/) != nil)
    #expect(text.firstMatch(of: /cb_rejecting\{.*breaker="a"\} 0\n/) != nil)
    #expect(text.firstMatch(of: /cb_calls_total\{.*breaker="a",outcome="would_reject"\} 1\n/) != nil)
    #expect(sandbox.cb("status").outputText.contains("open (observed)"))
    // By hand it rejects all the same.
    _ = sandbox.cb("open", "a", "--hold")
    #expect(sandbox.cb("metrics").outputText.firstMatch(of: /cb_rejecting\{.*breaker="a"\} 1\n/) != nil)
  }

  @Test func `a device, a pipe and a link to one are written to; a link to a file keeps leading to it`() {
    let sandbox = Sandbox()
    _ = sandbox.cb("run", "a", "--", "true")
    let script = """
      set -e; cb=\(Programs.cb)
      mkfifo pipe; cat pipe >from-pipe & $cb metrics --output pipe; wait; test -p pipe; grep -q cb_store_up from-pipe
      $cb metrics --output /dev/stdout >from-stdout; test -L /dev/stdout; grep -q cb_store_up from-stdout
      echo before >log; $cb metrics --output /dev/stdout >>log; head -1 log | grep -qx before; grep -q cb_store_up log
      ln -s /dev/null nothing; $cb metrics --output nothing; test -L nothing; test -c /dev/null
      mkdir real; echo old >real/cb.prom; ln -s real/cb.prom link.prom; $cb metrics --output link.prom
      test -L link.prom; grep -q cb_store_up real/cb.prom; ls -A real
      ln -s nowhere dangling; $cb metrics --output dangling; test -f dangling
      """
    let result = sandbox.execute(["/bin/sh", "-c", script])
    #expect(result.status == .exited(0), "\(result.errorText)")
    #expect(result.outputText == "cb.prom\n")
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
      if let text = sandbox.read("out/cb.prom") { #expect(text.hasSuffix("} 1\n")) }
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
    #expect(printed.outputText.contains("cb_store_up{store=\"file://"))
    #expect(printed.errorText.split(separator: "\n").count == 1)
    let written = sandbox.cb("metrics", "--store", store, "--output", sandbox.path + "/cb.prom")
    #expect(written.status == .exited(0))
    #expect(sandbox.read("cb.prom")?.hasSuffix("} 0\n") == true)
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
    let contrib = Programs.packageRoot + "/contrib"
    let rules = sandbox.execute(["/usr/bin/promtool", "check", "rules", contrib + "/prometheus-alerts.yml"])
    #expect(rules.status == .exited(0), "\(rules.errorText)")
    _ = sandbox.cb("run", "a", "--", "true")
    _ = sandbox.cb("run", "a", "--", "false")
    let types = "sed -n 's/^# TYPE \\([^ ]*\\).*/\\1/p'"
    let known = sandbox.execute(["/bin/sh", "-c", "\(Programs.cb) metrics | \(types) | sort"])
    let names = known.outputText.split(separator: "\n").map(String.init)
    #expect(names.count == 14)
    let files = "\(contrib)/prometheus-alerts.yml \(contrib)/grafana-dashboard.json"
    let used = sandbox.execute(["/bin/sh", "-c", "grep -oh 'cb_[a-z_]*' \(files) | sed 's/_bucket$//' | sort -u"])
    for name in used.outputText.split(separator: "\n") { #expect(names.contains(String(name)), "\(name)") }
    // One Redis store that several hosts export is one breaker, and what is due rejects nothing.
    for line in sandbox.execute(["/bin/sh", "-c", "grep -h 'expr' \(files)"]).outputText.split(separator: "\n") {
      #expect(line.contains("by (store"), "\(line)")
      #expect(!line.contains("state=\"open\"} == 1") || line.contains("cb_held"), "\(line)")
    }
    #expect(!used.output.isEmpty)
    let json = sandbox.execute(["/usr/bin/python3", "-m", "json.tool", contrib + "/grafana-dashboard.json"])
    #expect(json.status == .exited(0))
  }
}
