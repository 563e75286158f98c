import ArgumentParser
import CircuitBreaker

/// The settings of CONTRACT section 3 as options of `run`. ArgumentParser needs a property for each; a test compares
/// their names with `SettingKey`.
struct SettingOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Consecutive failures that open the circuit.", valueName: "n"))
  var failMax: String?
  @Option(help: ArgumentHelp("How long the circuit stays open before a trial run.", valueName: "duration"))
  var resetTimeout: String?
  @Option(help: ArgumentHelp("Trial successes needed to close the circuit.", valueName: "n"))
  var successThreshold: String?
  @Option(help: ArgumentHelp("Trial runs at once while half-open.", valueName: "n"))
  var halfOpenMax: String?
  @Option(
    help: ArgumentHelp(
      "Exit codes and signals that are no failures: 3,64-78,SIGINT,timeout. Repeatable.", valueName: "codes"))
  var exclude: [String] = []
  @Option(
    help: ArgumentHelp("Shell predicate; where it exits 0 the run is no failure. Repeatable.", valueName: "command"))
  var excludeIf: [String] = []
  @Option(help: ArgumentHelp("Like --exclude, but the run gives no verdict at all. Repeatable.", valueName: "codes"))
  var ignore: [String] = []
  @Option(help: ArgumentHelp("The only exit codes and signals that are failures. Repeatable.", valueName: "codes"))
  var only: [String] = []
  @Option(help: ArgumentHelp("Judge by rate over the last runs (20) or a time (1h).", valueName: "window"))
  var window: String?
  @Option(help: ArgumentHelp("With --window: the share of failures that opens.", valueName: "rate"))
  var failureRate: String?
  @Option(help: ArgumentHelp("With --window: fewer runs than this never open.", valueName: "n"))
  var minCalls: String?
  @Option(help: ArgumentHelp("A run that takes longer is slow.", valueName: "duration"))
  var slowAfter: String?
  @Option(help: ArgumentHelp("With --window: the share of slow runs that opens.", valueName: "rate"))
  var slowRate: String?
  @Option(help: ArgumentHelp("Each trip in a row multiplies the reset timeout by this.", valueName: "factor"))
  var resetBackoff: String?
  @Option(help: ArgumentHelp("The longest that backoff makes the reset timeout.", valueName: "duration"))
  var resetMax: String?
  @Option(help: ArgumentHelp("Lengthens the reset timeout by up to this share, drawn once a trip.", valueName: "rate"))
  var jitter: String?
  @Option(help: ArgumentHelp("Runs at once; one more is rejected.", valueName: "n"))
  var maxConcurrent: String?
  @Option(help: ArgumentHelp("End CMD after this long (exit 124, a failure).", valueName: "duration"))
  var timeout: String?
  @Option(help: ArgumentHelp("SIGKILL this long after the SIGTERM of --timeout.", valueName: "duration"))
  var killAfter: String?
  @Option(help: ArgumentHelp("Run CMD on an event: EVENT=CMD. Repeatable.", valueName: "event=cmd"))
  var onEvent: [String] = []
  @Option(help: ArgumentHelp("If the store fails: local, run or reject.", valueName: "policy"))
  var onStoreError: String?

  var values: [(key: SettingKey, text: String)] {
    SettingKey.allCases.flatMap { key in texts(key).map { (key: key, text: $0) } }
  }

  private func texts(_ key: SettingKey) -> [String] {
    switch key {
    case .failMax: one(failMax)
    case .resetTimeout: one(resetTimeout)
    case .successThreshold: one(successThreshold)
    case .halfOpenMax: one(halfOpenMax)
    case .exclude: exclude
    case .excludeIf: excludeIf
    case .ignore: ignore
    case .only: only
    case .window: one(window)
    case .failureRate: one(failureRate)
    case .minCalls: one(minCalls)
    case .slowAfter: one(slowAfter)
    case .slowRate: one(slowRate)
    case .resetBackoff: one(resetBackoff)
    case .resetMax: one(resetMax)
    case .jitter: one(jitter)
    case .maxConcurrent: one(maxConcurrent)
    case .timeout: one(timeout)
    case .killAfter: one(killAfter)
    case .onEvent: onEvent
    case .onStoreError: one(onStoreError)
    }
  }

  private func one(_ text: String?) -> [String] {
    text.map { [$0] } ?? []
  }
}
