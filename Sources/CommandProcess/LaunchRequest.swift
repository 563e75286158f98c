import Glibc

/// How to run one command. What is not said here, CMD gets as cb got it.
package struct LaunchRequest {
  /// A NULL-terminated argv in place: Swift strings would repair bytes that are no UTF-8. It outlives the run.
  package var argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  /// Added to the environment, in place of variables of the same name. NUL bytes in a value are dropped.
  package var environment: [(name: String, value: String)]
  /// One more of these, whose value need not be UTF-8.
  package var bytes: (name: String, value: [UInt8])?
  /// Ends the command and all that it started after this many milliseconds; nil: never.
  package var timeout: Int64?
  /// Milliseconds from the timeout's SIGTERM to SIGKILL.
  package var killAfter: Int64
  /// How many of the last bytes of standard error to keep; nil: standard error is left alone. Otherwise the command
  /// writes into a pipe, which it can tell from a terminal, and cb passes each byte on as it comes.
  package var stderrTail: Int?
  /// Called about so many milliseconds after the start, while the command runs; gives how many later it is called
  /// again, nil for never. Signals wait while it does.
  package var tick: (after: Int64, action: () -> Int64?)?
  /// What the command reads on standard input, in place of cb's own.
  package var input: [UInt8]?
  /// Its standard output goes where cb's standard error goes.
  package var outputToStandardError: Bool

  package init(
    argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>,
    environment: [(name: String, value: String)] = [],
    bytes: (name: String, value: [UInt8])? = nil,
    timeout: Int64? = nil,
    killAfter: Int64 = 5000,
    stderrTail: Int? = nil,
    tick: (after: Int64, action: () -> Int64?)? = nil,
    input: [UInt8]? = nil,
    outputToStandardError: Bool = false
  ) {
    self.argv = argv
    self.environment = environment
    self.bytes = bytes
    self.timeout = timeout
    self.killAfter = killAfter
    self.stderrTail = stderrTail
    self.tick = tick
    self.input = input
    self.outputToStandardError = outputToStandardError
  }
}
