import Glibc

/// Runs shell text beside the command: a listener, a predicate or a probe. Signals from outside are not for it; they
/// stay pending for cb (`pendingInterruption`), as none of these holds cb up longer than its time limit.
///
/// The end tells whether the text could be run at all (`.notFound`, `.notExecutable`, `.notStarted`: there is no /bin/sh, or
/// the system refused a process), was ended for its limit (`timedOut`), or how it exited.
///
/// - Parameters:
///   - text: as bytes, which arrive as they are; NUL bytes are dropped.
///   - withholding: variables that it does not get.
///   - input: its standard input; nil: cb's own.
///   - timeout: milliseconds, after which it and all that it started are ended; SIGKILL follows a second later.
///   - tick: as in `LaunchRequest`.
package func runShell(
  _ text: [UInt8],
  inherited: InheritedState,
  environment: [String] = [],
  bytes: (name: String, value: [UInt8])? = nil,
  withholding withheld: [String] = [],
  input: [UInt8]? = nil,
  timeout: Int64 = 10_000,
  output: ShellOutput = .toStandardError,
  tick: (after: Int64, action: () -> Int64?)? = nil
) -> CommandEnd {
  let before = SignalSet.all.becomeMask()
  defer { before.becomeMask() }
  let shell = ShellArguments(text)
  return shell.withPointer { argv in
    var request = LaunchRequest(
      argv: argv, environment: environment, bytes: bytes, timeout: timeout, killAfter: 1000)
    request.withheld = withheld
    request.input = input
    request.output = output
    request.tick = tick
    return supervise(request, inherited: inherited, heeding: .of(SIGCHLD, SIGCONT))
  }
}

/// `/bin/sh -c TEXT` as an argv, for `runShell` and for `runCommand` (a fallback). NUL bytes in the text are dropped.
package struct ShellArguments: ~Copyable {
  private let strings: [UnsafeMutablePointer<CChar>]
  private let argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

  /// The shell text, byte for byte: it need not be UTF-8.
  package init(_ text: [UInt8]) {
    strings = [CStringCopy.make("/bin/sh"), CStringCopy.make("-c"), CStringCopy.make(text)]
    argv = .allocate(capacity: strings.count + 1)
    for (index, string) in strings.enumerated() { argv[index] = string }
    argv[strings.count] = nil
  }

  /// Lends the argv to `body`; it must not outlive this value.
  package func withPointer<Result>(
    _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    body(argv)
  }

  deinit {
    for string in strings { string.deallocate() }
    argv.deallocate()
  }
}
