// cb-process-driver: CommandProcess with a command line, for what `cb` reaches only through its settings.
import CommandProcess
import Glibc

@main
struct ProcessDriver {
  static func main() {
    let inherited = InheritedState.capture()
    inherited.holdSignals()
    let argv = CommandLine.unsafeArgv
    var index = 2
    var timeout: Int64?
    var killAfter: Int64 = 5000
    var tail: Int?
    var listener: String?
    var fallback: String?
    var waiting: Int64?
    var signal = SIGTERM
    var probe: (text: [UInt8], output: ShellOutput)?
    while let entry = argv[index], let word = String(validatingCString: entry), word != "--" {
      let bytes = argv[index + 1].map { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) } ?? []
      let value = String(decoding: bytes, as: UTF8.self)
      switch word {
      case "--timeout": timeout = Int64((Double(value) ?? 0) * 1000)
      case "--kill-after": killAfter = Int64((Double(value) ?? 0) * 1000)
      case "--tail": tail = Int(value)
      case "--timeout-signal": signal = Int32(value) ?? SIGTERM
      case "--probe": probe = (bytes, .tail(16))
      case "--hint": probe = (bytes, .firstLine(16))
      case "--listener": listener = value
      case "--fallback": fallback = value
      case "--wait": waiting = Int64((Double(value) ?? 0) * 1000)
      default: index -= 1
      }
      index += 2
    }
    if let waiting, let signal = pause(milliseconds: waiting, inherited: inherited) { dieOf(signal) }
    if let probe { look(probe.text, probe.output, timeout: timeout ?? 10_000, inherited) }
    let added = ["CB_BREAKER=x", "CB_STATE=closed"]
    let ending: CommandEnd
    if let fallback {
      let shell = ShellArguments(Array(fallback.utf8))
      ending = shell.withPointer { launchCommand(LaunchRequest(argv: $0, environment: added), inherited: inherited) }
    } else {
      ending = launchCommand(
        LaunchRequest(
          argv: argv + index + 1, environment: added, timeout: timeout, timeoutSignal: signal,
          killAfter: killAfter, stderrTail: tail, onTrouble: { say("trouble: \($0)") }),
        inherited: inherited)
    }
    if let listener {
      let result = runShell(
        Array(listener.utf8), inherited: inherited,
        environment: [
          "CB_EVENT=a\n\"b\" 'c' $(echo d) `e`",
          "CB_EXIT_STATUS=\(ending.exitCode)",
          "CB_SIGNAL=" + (ending.relayed.map { "\($0)" } ?? ""),
          "CB_READER_GONE=\(ending.readerGone)",
          "CB_STDERR_TAIL=" + String(decoding: ending.stderrTail, as: UTF8.self),
        ],
        input: Array("{\"event\":\"x\"}\n".utf8), timeout: 500)
      if result.timedOut || result.how != .exited(0) {
        say("listener: \(result.how)\(result.timedOut ? ", timed out" : "")")
      }
    }
    if ending.timedOut { say("sent \(ending.timeoutSignals)") }
    endLike(ending)
  }

  /// Runs one shell text beside no command, tells how it ended, and ends.
  static func look(_ text: [UInt8], _ output: ShellOutput, timeout: Int64, _ inherited: InheritedState) -> Never {
    let result = runShell(
      text, inherited: inherited, withholding: ["SECRET"], input: [], timeout: timeout, output: output)
    say("\(result.how) \(result.timeoutSignals) '\(String(decoding: result.output, as: UTF8.self))'")
    exit(0)
  }

  static func say(_ text: String) {
    _ = "cb: \(text)\n".withCString { write(STDERR_FILENO, $0, strlen($0)) }
  }
}
