import BreakerStore
import CTestSupport
import CircuitBreaker
import Glibc
import System
import Testing

/// The power goes at every moment of a sequence of commands, and everything that the disk may hold then is looked at.
@Suite struct PowerCutTests {
  /// What a command left, and how many operations had been made when it was acknowledged.
  private struct Milestone {
    var operations: Int
    var holding: Holding?
    /// Since the last state change: what must survive.
    var isStateChange: Bool
  }

  private static let commands: [[String]] =
    [
      ["run", "x", "--", "false"], ["set", "x", "fail-max=3", "reset-timeout=1ms"], ["run", "x", "--", "false"],
      ["run", "x", "--", "false"], ["run", "x", "--", "true"], ["run", "x", "--", "true"],
      ["open", "x", "--hold", "--reason", "r"], ["run", "x", "--", "true"], ["run", "x", "--", "true"],
      ["close", "x"], ["run", "x", "--", "false"], ["half-open", "x"], ["run", "x", "--", "false"], ["reset", "x"],
      ["run", "x", "--", "false"], ["remove", "x"], ["run", "x", "--", "false"], ["close", "x", "--hold"],
    ] + (0..<34).map { _ in ["run", "x", "--", "false"] } + [["close", "x"], ["remove", "x"]]

  @Test func `a power cut at any moment loses no state change and leaves a store that can be read`() throws {
    let (operations, milestones) = try Self.recorded.get()
    var disks = 0
    let faults = try Self.check(operations, milestones) { disks += $0 }
    #expect(faults.prefix(3) == [])
    #expect(disks > 300)
    print("power cuts: \(operations.count) moments, \(disks) disks")
  }

  @Test(arguments: [DiskOperation.flushDirectory, .flushFile(inode: 0), .flushParent])
  func `a flush that is left out is found out`(left: DiskOperation) throws {
    let (operations, milestones) = try Self.recorded.get()
    // In its place the same that does nothing, so that the milestones stay where they are.
    let broken = operations.map { operation in
      if case .flushFile = operation, case .flushFile = left { return DiskOperation.truncate(inode: -1, size: 0) }
      return operation == left ? .truncate(inode: -1, size: 0) : operation
    }
    #expect(broken.count { $0 == .truncate(inode: -1, size: 0) } > 0)
    #expect(try Self.check(broken, milestones) { _ in } != [])
  }

  private static let recorded = Result { try record() }

  /// Runs the commands under strace.
  private static func record() throws -> ([DiskOperation], [Milestone]) {
    let place = Sandbox()
    var recording = DiskRecording(store: place.store)
    var milestones = [Milestone(operations: 0, holding: nil, isStateChange: true)]
    for command in commands {
      let ended = place.execute(DiskRecording.tracing(place.path + "/trace") + [Programs.cb] + command)
      try #require(ended.code < 2 || ended.code == 75, "\(command): \(ended)")
      try recording.add(trace: fileText(place.path + "/trace") ?? "")
      let holding = try place.breaker().breaker.map(Holding.init)
      let last = milestones[milestones.count - 1].holding
      milestones.append(
        Milestone(
          operations: recording.operations.count, holding: holding,
          isStateChange: last?.kept != holding?.kept))
    }
    return (recording.operations, milestones)
  }

  /// What is wrong, over all moments.
  private static func check(
    _ operations: [DiskOperation], _ milestones: [Milestone], _ count: (Int) -> Void
  ) throws -> [String] {
    let place = Sandbox()
    let rebooted = StoreClock {
      var reading = StoreClock.system().reading()
      reading.bootID = "00000000-1111-2222-3333-444444444444"
      reading.bootMilliseconds = 5000
      return reading
    }
    let text = (fileText("/proc/sys/kernel/random/boot_id") ?? "").prefix(36)
    var faults: [String] = []
    var seen: [[String: [UInt8]]?: [Int]] = [:]
    var looks = 0
    for moment in 0...operations.count {
      // The last acknowledged state change, and everything that came or was under way since.
      let acknowledged = milestones.lastIndex { $0.isStateChange && $0.operations <= moment } ?? 0
      let next = milestones.firstIndex { $0.operations > moment } ?? milestones.count - 1
      for disk in PowerCut.disks(after: moment, of: operations) where seen[disk] != [acknowledged, next] {
        seen[disk] = [acknowledged, next]
        cts_remove_tree(place.store)
        if let disk {
          mkdir(place.store, 0o700)
          for (name, bytes) in disk { writeFile(place.store + "/" + name, bytes) }
        }
        count(1)
        looks += 1
        let around = "moment \(moment), \(operations[..<moment].suffix(3).map { "\($0)".prefix(60) })"
        do {
          let (breaker, damage) = try place.breaker(clock: rebooted)
          if let damage { faults.append("\(around): \(damage)") }
          let found = breaker.map(Holding.init)?.kept
          // A trial that was on its way is in between.
          let allowed = milestones[acknowledged...next].map { $0.holding?.kept }
          let between = allowed.contains { $0?.generation == (found?.generation ?? -1) + 1 }
          if !allowed.contains(found), !(between && found?.state == .halfOpen) {
            faults.append("\(around): \(String(describing: found)) is none of \(allowed)")
          }
        } catch {
          faults.append("\(around): \(error)")
        }
        if looks % (Effort.visitsAll ? 20 : 200) == 0 {
          // The binary itself, to which the present must look like another boot.
          for (name, bytes) in disk ?? [:] {
            writeFile(place.store + "/" + name, replacing(Array(text.utf8), in: bytes))
          }
          let status = place.cb("status")
          if status.code != 0 || !status.errorText.isEmpty { faults.append("\(around): \(status)") }
          let run = place.cb("run", "--quiet", "x", "--", "true")
          if (run.code != 0 && run.code != 75) || !run.errorText.isEmpty { faults.append("\(around): \(run)") }
        }
        if faults.count > 20 { return faults }
      }
    }
    return faults
  }

  private static func replacing(_ part: [UInt8], in bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    var index = 0
    while index + part.count <= result.count {
      if result[index] == part[0], Array(result[index..<index + part.count]) == part {
        for offset in 0..<8 { result[index + offset] = UInt8(ascii: "0") }
      }
      index += 1
    }
    return result
  }
}

extension Holding {
  /// What must survive a power cut: no counts.
  fileprivate struct Kept: Hashable {
    var state: CircuitState
    var generation: Int
    var held: CircuitState?
    var settings: StoredSettings
  }

  fileprivate var kept: Kept {
    Kept(state: state, generation: generation, held: held, settings: settings)
  }
}
