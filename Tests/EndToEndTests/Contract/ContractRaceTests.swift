import BreakerStore
import Glibc
import JSON
import Testing

/// Many processes at once. They wait at a gate and are let go together.
@Suite("Many processes at once", .serialized)
struct ContractRaceTests {
  let scene = Scene()

  /// Starts `count` times `cb run OPTIONS x -- SCRIPT` at once; each writes its exit code as a line of `codes`.
  ///
  /// The gate is a lock that the shell holds until all are there; `flock -F` becomes cb, so that no process more is in
  /// the way. Runs that do not end are left to the caller.
  private func stampede(_ count: Int, _ options: String, _ script: String) -> Running {
    let command = scene.sandbox.file("command", "#!/bin/sh\n\(script)\n", mode: 0o755)
    // A gate of its own: CMDs of an earlier stampede may still hold theirs.
    let gate = "gate-\(count)"
    let shell = """
      : >> codes
      exec 9> \(gate)
      flock -x 9
      i=0
      while [ $i -lt \(count) ]; do
        { flock -s -F \(gate) \(Programs.cb) run \(options) x -- \(command) < /dev/null 2>> errors; echo $? >> codes; } 9>&- &
        i=$((i+1))
      done
      exec 9>&-
      echo all started
      wait
      """
    return scene.sandbox.start(["/bin/sh", "-c", shell])
  }

  /// What cb said; the shell's "Killed" is none of it.
  private var messages: [String] { scene.lines("errors").filter { $0.hasPrefix("cb: ") } }

  private func expectNoProcessLeft() {
    #expect(eventually { scene.processes.isEmpty }, "\(scene.processes)")
  }

  @Test("200 processes that fail at once leave a counter of 200", arguments: 1...3)
  func exactCounter(_ round: Int) {
    let all = stampede(200, "--fail-max 1000 --quiet", "exit 1")
    #expect(all.wait(seconds: 120).status == .exited(0))
    #expect(scene.lines("codes").filter { $0 == "1" }.count == 200)
    #expect(scene.counter() == "200")
    #expect(scene.total("failures") == 200)
    #expect(messages == [])
    expectNoProcessLeft()
  }

  @Test("of failures and successes at once none is lost")
  func exactTotals() {
    let all = stampede(150, "--fail-max 1000 --quiet", "exit $(($$ % 2))")
    #expect(all.wait(seconds: 120).status == .exited(0))
    let failed = scene.lines("codes").filter { $0 == "1" }.count
    #expect(scene.total("failures") == failed)
    #expect(scene.total("successes") == 150 - failed)
    #expect(scene.total("calls") == 150)
  }

  @Test("300 processes on a breaker whose timeout is over start CMD exactly half-open-max times", arguments: [1, 3])
  func trials(_ most: Int) {
    expectTrials(300, most)
  }

  @Test("1,000 processes on a breaker whose timeout is over start CMD exactly once")
  func thousand() {
    expectTrials(1000, 1)
  }

  /// Trials that hang until the test lets them go; the cb of the first is killed, and its place taken at once.
  private func expectTrials(_ count: Int, _ most: Int) {
    scene.cb("set", "x", "half-open-max=\(most)", "reset-timeout=0", "success-threshold=\(most)", "fail-max=1")
    scene.run(exit: 1)
    #expect(scene.state() == "open")
    #expect(mkfifo(scene.path + "/release", 0o600) == 0)
    let release = open(scene.path + "/release", O_RDWR | O_CLOEXEC)
    defer { close(release) }
    let script = "echo $PPID >> started; read line < release; exit 0"
    let all = stampede(count, "--quiet", script)

    func rejected() -> Int { scene.lines("codes").filter { $0 == "75" }.count }
    #expect(eventually(seconds: 120) { rejected() == count - most })
    #expect(eventually { scene.lines("started").count == most })
    #expect(scene.shown("trials")?.int == most)
    #expect(scene.total("rejected") == count - most)

    // The place of a trial whose cb is killed is free again at once, for one.
    let holder = scene.lines("started").first.flatMap { pid_t($0) } ?? 0
    #expect(holder > 1)
    kill(holder, SIGKILL)
    #expect(eventually { scene.lines("codes").contains("137") })
    #expect(scene.cb("check", "x").status == .exited(0))
    let next = stampede(40, "--quiet", script)
    #expect(eventually(seconds: 60) { rejected() == count - most + 39 })
    #expect(eventually { scene.lines("started").count == most + 1 })

    // What is left ends well, and the circuit closes.
    let words = Array(String(repeating: "go\n", count: most + 2).utf8)
    #expect(write(release, words, words.count) == words.count)
    #expect(next.wait(seconds: 60).status == .exited(0))
    #expect(all.wait(seconds: 60).status == .exited(0))
    #expect(scene.lines("codes").filter { $0 == "0" }.count == most)
    #expect(scene.state() == "closed")
    #expect(scene.total("lost") == 1)
    #expect(scene.counter() == "0")
    #expect(messages == [])
    expectNoProcessLeft()
  }

  @Test("never more than max-concurrent run at once")
  func maxConcurrent() {
    #expect(mkfifo(scene.path + "/release", 0o600) == 0)
    let release = open(scene.path + "/release", O_RDWR | O_CLOEXEC)
    defer { close(release) }
    let all = stampede(100, "--max-concurrent 5 --quiet", "echo up >> started; read line < release; exit 0")
    #expect(eventually(seconds: 60) { scene.lines("codes").filter { $0 == "75" }.count == 95 })
    #expect(eventually { scene.lines("started").count == 5 })
    let words = Array(String(repeating: "go\n", count: 6).utf8)
    #expect(write(release, words, words.count) == words.count)
    #expect(all.wait(seconds: 60).status == .exited(0))
    #expect(scene.shown("running")?.int == 0)
    expectNoProcessLeft()
  }

  @Test("manual commands and looks at the same time as runs never fail and never show half a document")
  func mixed() {
    let shell = """
      for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        \(Programs.cb) run --quiet x -- false &
        \(Programs.cb) status --json x >> shown || echo status >> faults &
        \(Programs.cb) set x min-calls=$i || echo set >> faults &
        \(Programs.cb) close x > /dev/null || echo close >> faults &
      done; wait
      """
    scene.run(exit: 0)
    let result = scene.sandbox.execute(["/bin/sh", "-c", shell], seconds: 60)
    #expect(result.error == [])
    #expect(scene.sandbox.read("faults") == nil)
    #expect(scene.total("calls").map { $0 + (scene.total("stale") ?? 0) } == 16)
  }

  @Test("of processes killed at any moment no acknowledged change is lost")
  func killed() {
    // Each that ends says so; those that were killed may or may not have counted.
    let shell = """
      i=0
      while [ $i -lt 60 ]; do
        \(Programs.cb) run --fail-max 1000 --quiet x -- false &
        victim=$!
        if [ $((i % 2)) = 0 ]; then sleep 0.00$((i % 10)); kill -KILL $victim 2>/dev/null; fi
        wait $victim; if [ $? = 1 ]; then echo counted >> counted; fi
        i=$((i+1))
      done
      """
    _ = scene.sandbox.execute(["/bin/sh", "-c", shell], seconds: 60)
    let counted = scene.lines("counted").count
    let shown = Int(scene.counter()) ?? -1
    #expect(shown >= counted && shown <= 60)
    #expect(counted >= 30)
    expectNoProcessLeft()
  }
}
