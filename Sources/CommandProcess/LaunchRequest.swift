import Glibc

/// How to run one command. What is not said here, CMD gets as cb got it.
package struct LaunchRequest {
  /// A NULL-terminated argv in place: Swift strings would repair bytes that are not UTF-8. It outlives the run.
  package var argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  /// Added to the environment, each as `NAME=VALUE`, in place of variables of the same name. NUL bytes are dropped.
  package var environment: [String]
  /// One more of these, whose value need not be UTF-8.
  package var bytes: (name: String, value: [UInt8])?
  /// Variables that the command does not get: not even their names.
  package var withheld: [String] = []
  /// Ends the command and all that it started after this many milliseconds; nil: never.
  package var timeout: Int64?
  /// With which signal it does so.
  package var timeoutSignal: Int32
  /// Milliseconds from the timeout's signal to SIGKILL.
  package var killAfter: Int64
  /// How many of the last bytes of standard error to keep; nil: standard error is left alone. Otherwise the command
  /// writes into a pipe, which it can tell from a terminal, and cb passes each byte on as it comes.
  package var stderrTail: Int?
  /// Called about so many milliseconds after the start, while the command runs; gives how many later it is called
  /// again, nil for never. Signals wait while it does.
  package var tick: (after: Int64, action: () -> Int64?)?
  /// Called when the command cannot be ended, at most once for each kind of trouble.
  package var onTrouble: ((CommandTrouble) -> Void)?
  /// A signal that is to end cb ends the command and all that it started, as its time limit does, whatever the command
  /// makes of the signal. It needs `timeout`.
  var isEndedBySignals = false
  /// What the command reads on standard input, in place of cb's own.
  var input: [UInt8]?
  /// What becomes of its standard output; nil: it is cb's own.
  var output: ShellOutput?

  /// Times in milliseconds; without `timeout` the command may run forever.
  package init(
    argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>,
    environment: [String] = [],
    bytes: (name: String, value: [UInt8])? = nil,
    timeout: Int64? = nil,
    timeoutSignal: Int32 = SIGTERM,
    killAfter: Int64 = 5000,
    stderrTail: Int? = nil,
    tick: (after: Int64, action: () -> Int64?)? = nil,
    onTrouble: ((CommandTrouble) -> Void)? = nil
  ) {
    self.argv = argv
    self.environment = environment
    self.bytes = bytes
    self.timeout = timeout
    self.timeoutSignal = timeoutSignal
    self.killAfter = killAfter
    self.stderrTail = stderrTail
    self.tick = tick
    self.onTrouble = onTrouble
  }
}
