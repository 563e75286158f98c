import Glibc

/// Runs shell text beside the command: a listener or a predicate. Its standard output joins cb's standard error. Signals
/// from outside are not for it; they stay pending for cb (`pendingInterruption`), as no listener holds cb up longer than
/// its time limit.
package func runShell(
  _ text: String,
  inherited: InheritedState,
  environment: [(name: String, value: String)] = [],
  bytes: (name: String, value: [UInt8])? = nil,
  input: [UInt8]? = nil,
  timeout: Int64 = 10_000
) -> Ending {
  let before = SignalSet.all.becomeMask()
  defer { before.becomeMask() }
  let shell = ShellArguments(text)
  return shell.withPointer { argv in
    supervise(
      LaunchRequest(
        argv: argv, environment: environment, bytes: bytes, timeout: timeout, killAfter: 1000, input: input,
        outputToStandardError: true),
      inherited: inherited, heeding: .of(SIGCHLD, SIGCONT))
  }
}

/// `/bin/sh -c TEXT` as an argv, for `runShell` and for `run` (a fallback). NUL bytes in the text are dropped.
package struct ShellArguments: ~Copyable {
  private let strings: [UnsafeMutablePointer<CChar>]
  private let argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

  package init(_ text: String) {
    strings = [Array("/bin/sh".utf8), Array("-c".utf8), text.utf8.filter { $0 != 0 }].map(CStringCopy.make)
    argv = .allocate(capacity: strings.count + 1)
    for (index, string) in strings.enumerated() { argv[index] = string }
    argv[strings.count] = nil
  }

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
