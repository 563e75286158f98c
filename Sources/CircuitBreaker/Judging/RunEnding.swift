/// How a run ended, as the rules see it.
package struct RunEnding: Hashable, Sendable {
  /// The status of CMD, an exit code or a signal's number, before any rule.
  package enum How: Hashable, Sendable {
    case exited(Int32)
    case signaled(Int32)
    /// `timeout` ended it.
    case timedOut
    /// CMD was not started; the code is 126 or 127.
    case notStarted(Int32)
  }

  package var how: How
  /// From the start of CMD to its end.
  package var duration: Span
  /// The signal came to `cb` itself, or was SIGPIPE because the reader of CMD's output went away: no verdict.
  package var isForeignSignal: Bool

  /// `duration` zero if CMD was not started.
  package init(how: How, duration: Span = .zero, isForeignSignal: Bool = false) {
    self.how = how
    self.duration = duration
    self.isForeignSignal = isForeignSignal
  }

  /// What people read: `exit 1`, `SIGKILL`, `timeout`, `exit 127 (not found)`.
  package var reason: String {
    switch how {
    case .notStarted(let code): "exit \(code) (\(code == ExitCode.notFound ? "not found" : "not executable"))"
    case .exited, .signaled, .timedOut: name
    }
  }

  /// As the lists of the rules name it: `exit 12`, `SIGINT`, `timeout`.
  var name: String {
    switch how {
    case .exited(let code), .notStarted(let code): "exit \(code)"
    case .signaled(let number): SignalName.name(of: number)
    case .timedOut: "timeout"
    }
  }
}
