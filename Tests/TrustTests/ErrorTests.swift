import CircuitBreaker
import Glibc
import Testing

/// Every system call that touches the store fails, with every error that it may have.
@Suite struct ErrorTests {
  private static let errors: [String: [String]] = [
    "openat": ["EACCES", "EMFILE", "ENFILE", "ENOSPC", "EROFS", "EINTR", "EIO"], "newfstatat": ["EACCES", "EIO"],
    "flock": ["ENOLCK", "EINTR", "EIO"], "read": ["EIO", "EINTR"], "pread64": ["EIO", "EINTR"],
    "write": ["ENOSPC", "EDQUOT", "EIO", "EINTR", "EROFS"], "fsync": ["EIO", "EINTR", "ENOSPC", "EDQUOT"],
    "linkat": ["ENOSPC", "EPERM", "EDQUOT", "EROFS"], "renameat": ["EIO", "EROFS", "ENOSPC", "EACCES"],
    "renameat2": ["EINVAL", "EIO", "ENOSPC"], "close": ["EIO", "EDQUOT"], "unlinkat": ["EIO", "EROFS", "EACCES"],
    "mkdir": ["EACCES", "ENOSPC", "EROFS", "EDQUOT"], "ftruncate": ["EIO"], "fchmod": ["EPERM"],
  ]

  @Test(arguments: Scenario.all)
  func `an error of any system call is one clear line, the exit code of the contract, and nothing half-written`(
    scenario: Scenario
  ) throws {
    let stage = try Stage(scenario)
    let (calls, _) = stage.strace.calls(stage.command)
    var faults = 0
    var place = 0
    for (call, occurrences) in Dictionary(grouping: calls, by: { $0 }).sorted(by: { $0.key < $1.key }) {
      let errors = try #require(Self.errors[call], "a system call that is not tampered with: \(call)")
      for occurrence in 1...occurrences.count {
        for (index, error) in errors.enumerated() {
          // The short form takes every third, so that over all scenarios each error meets each call.
          place += 1
          guard Effort.visitsAll || (place + index) % 3 == 0 else { continue }
          stage.image.restore(stage.place)
          let ended = stage.strace.tampered(stage.command, call, "error=\(error):when=\(occurrence)")
          #expect(Self.complaints(ended, stage, error) == [], "\(call) \(error) \(occurrence): \(ended)")
          faults += 1
        }
      }
    }
    #expect(faults >= 3)
    print("errors injected, \(scenario.name): \(faults)")
  }

  @Test func `an error that is swallowed is found out`() throws {
    let stage = try Stage(Scenario.all[7])
    // The write is not made, and says that it was: as if cb had looked past the error.
    let ended = stage.strace.tampered(stage.command, "write", "retval=5000:when=1")
    #expect(Self.complaints(ended, stage, "ENOSPC") != [])
    stage.image.restore(stage.place)
    // A temporary file that stays and a message of two lines are found, too.
    let silent = Finished(code: 1, output: "", error: "cb: one\ncb: two\n")
    #expect(Self.complaints(silent, stage, "EIO") != [])
  }

  /// What is wrong with how the command ended and with what it left.
  private static func complaints(_ ended: Finished, _ stage: Stage, _ error: String) -> [String] {
    var complaints: [String] = []
    let lines = ended.errorText.split(separator: "\n").map(String.init)
    let failed = lines.filter { $0.contains(": cannot ") || $0.hasPrefix("cb: cannot ") }
    let isRun = stage.command[0] == "run"
    if isRun {
      // CMD ran, guarded or not, or was rejected: the result is its own.
      let own: Int32 = stage.command.last == "false" ? 1 : 0
      if ended.code != own && ended.code != 75 { complaints.append("exit \(ended.code)") }
      if let line = failed.first, failed.count == 1 {
        // A circuit that reads open rejects although that cannot be counted.
        let isHeeded = ended.code == 75 && line.contains("; not counted: ")
        if !isHeeded && !line.hasSuffix("; running unguarded") && !line.hasSuffix(" was not counted") {
          complaints.append("it does not say what it did about it")
        }
      }
    } else if stage.command[0] == "permit", let line = failed.first {
      // As a run: on a file store unguarded.
      if ended.code != 0 || !line.hasSuffix("; the work goes on unguarded") { complaints.append("exit \(ended.code)") }
    } else if ended.code != (failed.isEmpty ? 0 : 1) {
      complaints.append("exit \(ended.code)")
    }
    // A store that cannot be reached for the admission cannot be for the result either; one line for each at most.
    if failed.count > 1 { complaints.append("\(failed.count) lines") }
    if error == "EINTR", !failed.isEmpty { complaints.append("an interrupted call was taken for a failure") }
    if lines.contains(where: { !$0.hasPrefix("cb: ") }) { complaints.append("a line that is not cb's") }
    if failed.contains(where: { !$0.contains(";") }) { complaints.append("it does not say what to do") }
    let done = failed.isEmpty && !(isRun && ended.code == 75 && stage.after?.state != .open)
    return complaints + stage.faults(acknowledged: done)
  }
}
