import CircuitBreaker
import CommandProcess
import Glibc
import Settings
import System

/// What a run says of its command, one line each.
extension RunCommand {
  /// Says that the command was not started, or that its time limit ended it.
  func sayHowItEnded(_ ending: CommandEnd, _ settings: Settings) {
    if let reason = ending.whyNotStarted {
      // A whole command line in one word, as for a shell.
      let isLine = ending.how == .notFound(ENOENT) && ending.missingInterpreter == nil && program.contains(" ")
      let hint = isLine ? "; for a shell's command line write sh -c '...'" : ""
      world.say("\(name): cannot run '\(program)': \(reason)\(hint); this says nothing of \(name) and is not counted")
    }
    if ending.timedOut, settings.notice != .none, let timeout = settings.timeout {
      let signals = ending.timeoutSignals.map(SignalName.name).joined(separator: ", then ")
      world.say("\(name): '\(program)' ran longer than \(DurationText.format(timeout)) (timeout): sent it \(signals)")
    }
  }

  /// Says why cb does not end.
  func say(_ trouble: CommandTrouble) {
    switch trouble {
    case .cannotBeEnded(let pid, let code):
      world.say(
        "\(name): cannot end '\(program)' (process \(pid)): \(systemMessage(code)); waiting until it ends by itself")
    case .doesNotEnd(let pid):
      world.say("\(name): '\(program)' (process \(pid)) got SIGKILL and sleeps in the kernel; waiting until it wakes")
    }
  }

  private var program: String { command.pointee.map { ByteText.decode(cString: $0) } ?? "" }
}
