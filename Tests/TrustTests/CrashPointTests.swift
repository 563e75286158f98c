import Glibc
import Testing

/// `cb` is killed before every system call that touches the store.
@Suite struct CrashPointTests {
  /// The calls that change something; between two of them the store is the same.
  private static let changing = ["mkdir", "flock", "write", "fsync", "linkat", "renameat", "renameat2", "unlinkat"]

  @Test(arguments: Scenario.all)
  func `cb killed before any system call leaves the store as before or after, and the next run works`(
    scenario: Scenario
  ) throws {
    let stage = try Stage(scenario)
    let (calls, _) = stage.strace.calls(stage.command)
    var points = 0
    for (call, occurrences) in Dictionary(grouping: calls, by: { $0 }).sorted(by: { $0.key < $1.key }) {
      guard Effort.visitsAll || Self.changing.contains(call) else { continue }
      for occurrence in 1...occurrences.count {
        stage.image.restore(stage.place)
        let ended = stage.strace.tampered(stage.command, call, "signal=KILL:when=\(occurrence)")
        #expect(ended.wasKilled, "\(call) \(occurrence): \(ended)")
        // What was said on the way, that a circuit opened or a token, must be true.
        let saidSo = ended.errorText.contains("circuit opened") || !ended.outputText.isEmpty
        #expect(stage.faults(acknowledged: saidSo) == [], "\(call) \(occurrence)")
        points += 1
      }
    }
    #expect(points >= 3)
    print("crash points, \(scenario.name): \(points)")
  }

  @Test(arguments: [("renameat", "retval=0"), ("write", "retval=9"), ("linkat", "signal=KILL:retval=0")])
  func `a system call that does not do what it says is found out`(call: String, tampering: String) throws {
    let stage = try Stage(Scenario.all[2])
    let ended = stage.strace.tampered(stage.command, call, tampering)
    let faults = stage.faults(acknowledged: ended.errorText.contains("circuit opened"))
    // Killed before the rename the store is as before: the check must know that from a fault.
    #expect(faults.isEmpty == ended.wasKilled, "\(ended)")
  }
}
