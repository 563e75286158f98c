import Glibc
import Testing

/// docs/CONTRACT.md, "Stores" (Containers): real namespaces, each with what it leaves in place of the host's.
@Suite("processes of other namespaces are neither dead nor ours")
struct ProcessNamespaceTests {
  let scene = Scene()
  var sandbox: Sandbox { scene.sandbox }

  /// Where a process may be from which another one cannot be seen.
  enum Place: String, CaseIterable, CustomTestStringConvertible {
    /// `unshare -pf`, bwrap without --proc, a chroot with the host's /proc.
    case outerProc
    case outerProcTwice
    case ownProc
    /// A time namespace: start times and the boot clock count from elsewhere.
    case ownTime
    /// systemd-nspawn: /proc and the boot id are the container's.
    case ownBootID
    /// The same, without a pid namespace: a unit with ProtectProc= beside the container's others.
    case onlyOwnBootID
    case noProc

    var testDescription: String { rawValue }

    /// Shell text that becomes the program in "$@" there.
    var script: String {
      let boot = "mount --bind boot /proc/sys/kernel/random/boot_id; exec \"$@\""
      return switch self {
      case .outerProc: "exec unshare -pf \"$@\""
      case .outerProcTwice: "exec unshare -pf unshare -pf \"$@\""
      case .ownProc: "exec unshare -pf --mount-proc \"$@\""
      case .ownTime: "exec unshare -T -f --boottime 86400 \"$@\""
      case .ownBootID: "exec unshare -m -pf --mount-proc sh -ec '\(boot)' sh \"$@\""
      case .onlyOwnBootID: "exec unshare -m sh -ec '\(boot)' sh \"$@\""
      case .noProc: "exec unshare -m sh -ec 'mount -t tmpfs none /proc; exec \"$@\"' sh \"$@\""
      }
    }
  }

  init() {
    _ = sandbox.file("boot", "11111111-2222-3333-4444-555555555555\n")
  }

  private func start(_ place: Place, _ words: [String]) -> Running {
    // Who is not root may still be it in a namespace of users.
    let user = geteuid() == 0 ? [] : ["/usr/bin/unshare", "--map-root-user"]
    return sandbox.start(user + ["/bin/sh", "-c", place.script, "sh"] + words, input: nil)
  }

  private func cb(_ place: Place, _ words: String...) -> Finished {
    let running = start(place, [Programs.cb] + words)
    running.closeInput()
    return running.wait(seconds: 60)
  }

  // MARK: Who is alive

  @Test("a trial there counts: it is not lost while it runs", arguments: Place.allCases)
  func trial(_ place: Place) {
    scene.trip("--reset-timeout", "1ms")
    let run = cb(place, "run", "x", "--", "true")
    #expect(run.status == .exited(0), "\(run.errorText)")
    #expect(scene.state() == "closed")
    #expect(scene.total("lost") == 0)
    #expect(scene.total("stale") == 0)
  }

  @Test("failures under max-concurrent there are counted", arguments: Place.allCases)
  func failures(_ place: Place) {
    for _ in 1...2 {
      _ = cb(place, "run", "--max-concurrent", "1", "--fail-max", "2", "--quiet", "x", "--", "false")
    }
    #expect(scene.state() == "open")
    #expect(scene.total("lost") == 0)
  }

  @Test("a run there keeps its place from here, and one here from there", arguments: Place.allCases)
  func places(_ place: Place) {
    let there = start(
      place, [Programs.cb, "run", "--max-concurrent", "1", "x", "--", "/bin/sh", "-c", "echo up; read line"])
    #expect(there.expect("up"), "\(there.wait().errorText)")
    #expect(scene.run("--max-concurrent", "1", "--quiet", exit: 0).status == .exited(75))
    #expect(cb(place, "run", "--max-concurrent", "1", "--quiet", "x", "--", "true").status == .exited(75))
    there.closeInput()
    #expect(there.wait().status == .exited(1))
    #expect(scene.run("--max-concurrent", "1", exit: 0).status == .exited(0))

    let here = scene.runInFlight("--max-concurrent", "1")
    #expect(cb(place, "run", "--max-concurrent", "1", "--quiet", "x", "--", "true").status == .exited(75))
    here.running.send(SIGTERM)
    _ = here.running.wait()
    #expect(scene.total("lost") == 0)
  }

  @Test("two runs in one namespace with the outer /proc do not take each other for dead")
  func twoWithin() {
    let script = """
      \(Programs.cb) run --max-concurrent 1 x -- sh -c 'touch up; sleep 2' & until [ -e up ]; do sleep 0.01; done
      \(Programs.cb) run --max-concurrent 1 --quiet x -- echo second; echo $?; wait
      """
    let both = start(.outerProc, ["/bin/sh", "-c", script])
    both.closeInput()
    #expect(both.wait(seconds: 60).outputText.contains("75\n"))
  }

  @Test("the death of a run is seen at once within a namespace that has its own /proc", arguments: [true, false])
  func death(_ isOwn: Bool) {
    let script = """
      \(Programs.cb) run --max-concurrent 1 x -- sh -c 'echo $PPID > pid; exec sleep 60' &
      until [ -s pid ]; do sleep 0.01; done; kill -KILL $(cat pid); wait 2>/dev/null
      \(Programs.cb) run --max-concurrent 1 --quiet x -- true; echo $?
      """
    let run = start(isOwn ? .ownProc : .outerProc, ["/bin/sh", "-c", script])
    run.closeInput()
    // Without one, only the lease tells.
    #expect(run.wait(seconds: 60).outputText == (isOwn ? "0\n" : "75\n"))
  }

  @Test("doctor says so where /proc is another's")
  func doctor() {
    #expect(cb(.outerProc, "doctor").outputText.contains("/proc is not that of this pid namespace"))
    #expect(!cb(.ownProc, "doctor").outputText.contains("/proc is not"))
  }

  // MARK: Whom a time limit ends

  @Test(
    "a time limit under an outer /proc ends the command's whole tree, and no bystander", .serialized,
    arguments: [false, true])
  func timeout(_ isFirst: Bool) {
    // As the namespace's first process, or beside others whose numbers are the kernel's threads' outside.
    let command = """
      sh -c "sleep 5023 & setsid sh -c \\"trap : TERM; echo deep > deep; sleep 5024; sleep 5024\\" & sleep 5025"
      """
    let run = "\(Programs.cb) run --timeout 1 --kill-after 0.5 x -- \(command)"
    let script =
      isFirst
      ? run
      : """
      sleep 40 & a=$!; sleep 41 & b=$!; sleep 42 & c=$!
      \(run); echo $?; kill -0 $a $b $c && echo live; kill $a $b $c
      """
    let place = Place.outerProc.script
    let words = isFirst ? ["/bin/sh", "-c", "exec \(script)"] : ["/bin/sh", "-c", script]
    let running = sandbox.start(["/bin/sh", "-c", place, "sh"] + words)
    let result = running.wait(seconds: 60)
    #expect(sandbox.read("deep") == "deep\n")
    if isFirst {
      #expect(result.status == .exited(124))
    } else {
      #expect(result.outputText == "124\nlive\n", "\(result.errorText)")
    }
    #expect(result.seconds < 60)
    let left = sandbox.execute(["/bin/sh", "-c", "pgrep -fx 'sleep 502[345]' | xargs -r ps -o pid,args"])
    #expect(!left.outputText.contains("sleep"), "\(left.outputText)")
  }

  @Test("a command that ends on SIGTERM ends at once there, not only after kill-after")
  func atOnce() {
    let run = cb(.outerProc, "run", "--timeout", "0.3", "--kill-after", "200", "x", "--", "sleep", "300")
    #expect(run.status == .exited(124))
    #expect(run.seconds < 60)
  }

  @Test("without /proc a time limit ends the command")
  func withoutProc() {
    let run = cb(.noProc, "run", "--timeout", "0.3", "x", "--", "sleep", "300")
    #expect(run.status == .exited(124))
    #expect(run.seconds < 60)
  }
}
