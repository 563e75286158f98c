import BreakerStore
import Glibc
import JSON
import Testing

/// The program itself on a machine that was suspended or started anew, as far as namespaces can show one: another boot
/// clock (time_namespaces(7)), and another boot id mounted over the kernel's. The wall clock has no namespace: its steps
/// are in ClockTests.
@Suite struct BootTests {
  private let place = Sandbox()

  init() throws {
    try #require(place.cb("set", "x", "fail-max=1", "reset-timeout=1h").code == 0)
    writeFile(place.path + "/boot", Array("11111111-2222-3333-4444-555555555555\n".utf8))
  }

  /// Runs cb so many seconds of sleep later, or after a reboot.
  private func cb(slept seconds: Int = 0, rebooted: Bool = false, _ words: [String]) -> Finished {
    let boot = rebooted ? place.path + "/boot" : "/proc/sys/kernel/random/boot_id"
    // A clock of another time namespace would count as another's; after a sleep it is the machine's own.
    let script = "mount --bind \"$0\" /proc/sys/kernel/random/boot_id && mount -t tmpfs none /proc/$$/ns && exec \"$@\""
    return place.execute(
      ["/usr/bin/unshare", "--mount", "--time", "--boottime", "\(seconds)", "/bin/sh", "-c", script, boot, Programs.cb]
        + words)
  }

  private func retryAfter(_ ended: Finished) -> Double { Double(ended.outputText.prefix { $0 != "\n" }) ?? -1 }

  @Test func `time suspended counts: a trial is due after it, and not before`() {
    #expect(place.cb("run", "x", "--", "false").code == 1)
    let early = cb(slept: 3000, ["run", "x", "--", "true"])
    #expect(early.code == 75 && early.errorText.contains("circuit open"), "\(early)")
    #expect((1...600).contains(retryAfter(cb(slept: 3000, ["get", "x", "retry-after"]))))
    #expect(retryAfter(cb(slept: 3600, ["get", "x", "retry-after"])) == 0)
    #expect(cb(slept: 3600, ["check", "x"]).code == 0)
    let late = cb(slept: 3600, ["run", "x", "--", "true"])
    #expect(late.code == 0 && late.errorText.contains("circuit closed"), "\(late)")
    // Awake again on the old clock, which then seems to have been set back by an hour: nothing fails, nothing is kept.
    #expect(place.cb("run", "x", "--", "true").code == 0)
  }

  @Test func `a reboot keeps an open circuit open no longer than its timeout, and loses none`() {
    #expect(place.cb("run", "x", "--", "false").code == 1)
    for _ in 1...2 {
      let wait = retryAfter(cb(rebooted: true, ["get", "x", "retry-after"]))
      #expect((3000...3600).contains(wait), "\(wait)")
      let run = cb(rebooted: true, ["run", "x", "--", "true"])
      #expect(run.code == 75, "\(run)")
    }
    // Opened again there, and back here.
    #expect(cb(rebooted: true, ["open", "x", "--for", "2h"]).code == 0)
    #expect((3600...7200).contains(retryAfter(place.cb("get", "x", "retry-after"))))
  }

  @Test func `another boot id does not end a trial: a container has one of its own, and only its lease tells`() throws {
    #expect(place.cb("half-open", "x").code == 0)
    let trial = place.start([Programs.cb, "run", "x", "--", "sh", "-c", "echo up; read go; true"], input: nil)
    #expect(trial.expect("up"))
    #expect(place.cb("run", "x", "--", "true").code == 75)
    let seen = try JSONValue.parse(Array(cb(rebooted: true, ["status", "x", "--json"]).outputText.utf8)).array?.first
    #expect(seen?["trials"]?.int == 1 && seen?["totals"]?["lost"]?.int == 0)
    #expect(cb(rebooted: true, ["run", "x", "--", "true"]).code == 75)
    trial.closeInput()
    trial.wait()
    #expect(place.cb("get", "x", "state").outputText == "closed\n")
  }

  @Test func `daylight saving time and time zones decide nothing`() throws {
    #expect(place.cb("run", "x", "--", "false").code == 1)
    func look() throws -> JSONValue? {
      try JSONValue.parse(Array(place.cb("status", "x", "--json").outputText.utf8)).array?.first
    }
    let opened = try look()?["opened_at"]?.string
    #expect(opened?.hasSuffix("Z") == true)
    for zone in ["America/New_York", "Australia/Lord_Howe", "EST5EDT,J1,J365", "XXX-24", ":/nowhere"] {
      place.environment["TZ"] = zone
      #expect(try look()?["opened_at"]?.string == opened)
      #expect((3000...3600).contains(retryAfter(place.cb("get", "x", "retry-after"))))
      #expect(place.cb("run", "x", "--", "true").code == 75)
    }
  }
}
