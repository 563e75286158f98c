import ArgumentParser
import CircuitBreaker
import Glibc
import System

/// `--yes`: a glob of `remove` and `reset` is asked back on a terminal, where it was typed by a person who may not see
/// what it matches; off a terminal it does as it says.
struct AskingOption: ParsableArguments {
  @Flag(help: "Do not ask for confirmation of what a glob matches.") var yes = false

  func forEachBreaker(
    _ texts: [String], _ verb: String, _ session: Session, _ body: (BreakerName) throws(CommandFailure) -> Void
  ) throws(CommandFailure) -> Int32 {
    let found = try session.breakers(texts, creating: false)
    if !yes, !found.names.isEmpty, texts.contains(where: Glob.isPattern), isatty(STDIN_FILENO) == 1,
      isatty(STDERR_FILENO) == 1
    {
      guard Self.confirm(verb, found.names) else {
        session.world.say("\(verb): nothing was done")
        return ExitCode.failure
      }
    }
    return try session.forEach(found, body)
  }

  /// More than this many are counted and not named.
  private static let most = 10

  private static func confirm(_ verb: String, _ names: [BreakerName]) -> Bool {
    let shown = names.prefix(most).map(\.text).joined(separator: ", ").escapingControls()
    let others = names.count > most ? " and \(names.count - most) more" : ""
    let what = counted(names.count, "breaker")
    writeWhole("cb: \(verb) \(what): \(shown)\(others)? [y/N] ", to: STDERR_FILENO)
    guard let answer = readLine() else {
      writeWhole("\n", to: STDERR_FILENO)
      return false
    }
    return answer == "y" || answer == "Y" || answer == "yes"
  }
}
