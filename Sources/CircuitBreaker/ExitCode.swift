/// The exit codes of `cb` itself (docs/CONTRACT.md, "cb run as a process"): one table for code, help, man page and tests.
package enum ExitCode {
  package static let success: Int32 = 0
  /// A NAME that is not there, or a store that failed (commands other than `run`).
  package static let failure: Int32 = 1
  /// A usage error (sysexits.h EX_USAGE).
  package static let usage: Int32 = 64
  /// Rejected (sysexits.h EX_TEMPFAIL).
  package static let rejected: Int32 = 75
  /// `timeout` ran out, as timeout(1) has it.
  package static let timedOut: Int32 = 124
  /// `cb` itself failed and CMD was not started, as timeout(1) has it.
  package static let selfFailed: Int32 = 125
  /// CMD was found and cannot be executed, as the shell has it.
  package static let notExecutable: Int32 = 126
  /// `check`, where the store failed and `on-store-error` is `reject`: by it systemd's ExecCondition= fails the unit.
  package static let storeRefuses: Int32 = 255
  /// CMD was not found, as the shell has it.
  package static let notFound: Int32 = 127
}
