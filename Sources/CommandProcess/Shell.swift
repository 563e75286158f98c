import Glibc

/// Runs shell text beside the command: a listener, a predicate or a probe. A signal that is to end cb ends it, with all
/// that it started, and is kept for cb (`pendingInterruption`); a cb that holds no signals dies of it. Others reach it as
/// they reach the command, and when it stops, cb stops.
///
/// The end tells whether the text could be run at all (`.notFound`, `.notExecutable`, `.notStarted`: there is no /bin/sh, or
/// the system refused a process), was ended for its limit (`timedOut`) or by a signal (`interruption`), or how it exited.
///
/// - Parameters:
///   - text: as bytes, which arrive as they are; NUL bytes are dropped.
///   - withholding: variables that it does not get.
///   - input: its standard input; nil: cb's own.
///   - timeout: milliseconds, after which it and all that it started are ended; SIGKILL follows a second later.
///   - tick: as in `LaunchRequest`.
///   - comesFirst: it is run also where a signal that is to end cb came before it; else it is not (`.interrupted`).
package func runShell(
  _ text: [UInt8],
  inherited: InheritedState,
  environment: [String] = [],
  bytes: (name: String, value: [UInt8])? = nil,
  withholding withheld: [String] = [],
  input: [UInt8]? = nil,
  timeout: Int64 = 10_000,
  output: ShellOutput = .toStandardError,
  tick: (after: Int64, action: () -> Int64?)? = nil,
  comesFirst: Bool = false
) -> CommandEnd {
  let before = SignalSet.all.becomeMask()
  defer { before.becomeMask() }
  if let signal = inherited.pendingInterruption(), !comesFirst {
    if !before.contains(signal) { dieOf(signal) }
    var end = CommandEnd(how: .interrupted(signal))
    end.interruption = signal
    return end
  }
  let shell = ShellArguments(text)
  let end = shell.withPointer { argv in
    var request = LaunchRequest(
      argv: argv, environment: environment, bytes: bytes, timeout: timeout, killAfter: 1000)
    request.withheld = withheld
    request.input = input
    request.output = output
    request.tick = tick
    request.isEndedBySignals = true
    return supervise(request, inherited: inherited, heeding: inherited.heededBesideCommand)
  }
  inherited.note(end.interruption)
  if let signal = inherited.pendingInterruption(), !before.contains(signal) { dieOf(signal) }
  return end
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
