import Glibc
import Testing

@testable import BreakerStore
@testable import System

@Suite struct ProcessIdentityTests {
  private let me = ProcessIdentity.current()

  private func identity(of pid: pid_t) throws -> ProcessIdentity {
    let bytes = try #require(readSmallFile("/proc/\(pid)/stat"))
    let start = try #require(ProcessStat(bytes)).startTime
    return ProcessIdentity(bootID: me.bootID, pidNamespace: me.pidNamespace, pid: pid, startTime: start)
  }

  @Test func `this process knows itself and is alive`() throws {
    #expect(me.pid == getpid())
    #expect(me.startTime > 0 && me.pidNamespace > 0)
    #expect(me == ProcessIdentity.current())
    #expect(me.life(seenBy: me) == .running)
  }

  @Test func `a process is alive until it ends, and a zombie is dead`() throws {
    let child = start(["/bin/sleep", "1000"])
    let it = try identity(of: child.pid)
    #expect(it.life(seenBy: me) == .running)
    kill(child.pid, SIGKILL)
    var info = siginfo_t()
    waitid(P_PID, id_t(child.pid), &info, WEXITED | WNOWAIT)
    #expect(it.life(seenBy: me) == .ended)
    child.wait()
    #expect(it.life(seenBy: me) == .ended)
  }

  @Test func `a later process of the same pid is another one`() {
    var earlier = me
    earlier.startTime -= 1
    #expect(earlier.life(seenBy: me) == .ended)
  }

  @Test func `another boot id is not a death: each container of systemd-nspawn has its own`() {
    var other = me
    for id in ["00000000-0000-0000-0000-000000000000", "\(me.bootID)+4026532000", unknownBootID] {
      other.bootID = id
      #expect(other.life(seenBy: me) == .unknown)
      #expect(me.life(seenBy: other) == .unknown)
    }
    #expect(other.life(seenBy: other) == .unknown, "two ids that are not known are not the same")
  }

  @Test func `what another pid namespace means by a pid is not known`() {
    var other = me
    other.pidNamespace += 1
    #expect(other.life(seenBy: me) == .unknown)
    other.pidNamespace = 0
    #expect(other.life(seenBy: other) == .unknown)
  }

  @Test func `a command's name may hold anything`() throws {
    let temporary = TemporaryDirectory()
    let odd = temporary.path + "/a) Z 1 (2"
    symlink("/bin/sleep", odd)
    let child = start([odd, "1000"])
    // The name changes with exec, which may be a moment away.
    var text = ""
    for _ in 0..<1000 where !text.contains("(a) Z 1 (2)") {
      text = String(decoding: readSmallFile("/proc/\(child.pid)/stat") ?? [], as: UTF8.self)
      usleep(1000)
    }
    #expect(text.contains("(a) Z 1 (2)"))
    #expect(try identity(of: child.pid).life(seenBy: me) == .running)
  }

  @Test(arguments: ["", "1 (x", "1 (x) S 1 2 3", "1 (x) S 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 x 0"])
  func `a text that is no stat file is told apart`(text: String) {
    #expect(ProcessStat(Array(text.utf8)) == nil)
  }

  @Test func `the fields of a stat file are counted behind the last parenthesis`() throws {
    let found = try #require(ProcessStat(Array("7 (a) b (c)) Z 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 4242 0 0\n".utf8)))
    #expect(found.isZombie)
    #expect(found.startTime == 4242)
  }
}

@Suite struct StoreClockTests {
  @Test func `the machine's clock goes forward and names its boot`() {
    let clock = StoreClock.system()
    let first = clock.reading()
    let second = clock.reading()
    #expect(first.bootID.utf8.count == 36)
    #expect(first.bootMilliseconds > 0)
    #expect(second.bootMilliseconds >= first.bootMilliseconds)
    #expect(first.wallMilliseconds > 1_700_000_000_000)
  }

  @Test func `a clock can be set by hand`() {
    let reading = ClockReading(bootID: "b", bootMilliseconds: 1, wallMilliseconds: 2)
    #expect(StoreClock { reading }.reading() == reading)
  }
}
