import BreakerStore
import CircuitBreaker
import Settings
import System

/// What the checks of `cb doctor` come to.
enum DoctorConclusion {
  case guarded
  /// Settings are left out; the breaker itself works.
  case settingsLeftOut
  /// The store failed, and the file store stands in.
  case guardedHere
  case notGuarded
  case notStarted
  /// Of a configuration file alone.
  case soundFile
  case faultyFile

  /// - Parameter policy: what a run does where the store fails.
  init(isStoreFailed: Bool, settingFaults: Int, policy: StoreErrorPolicy, hasStandIn: Bool) {
    guard isStoreFailed else {
      self = settingFaults == 0 ? .guarded : .settingsLeftOut
      return
    }
    switch policy {
    case .local: self = hasStandIn ? .guardedHere : .notGuarded
    case .run: self = .notGuarded
    case .reject: self = .notStarted
    }
  }

  fileprivate var sentence: String {
    switch self {
    case .guarded: "A run is guarded."
    case .settingsLeftOut: "A run is guarded, but not by all settings"
    case .guardedHere: "A run would be guarded on this host only (on-store-error is local)"
    case .notGuarded: "A run would not be guarded"
    case .notStarted: "A run would not be started (on-store-error is reject)"
    case .soundFile: "The configuration file can be used."
    case .faultyFile: "The configuration file cannot be used as it is"
    }
  }
}

/// What `cb doctor` says: a line a check, its advice below it, and what it comes to.
enum DoctorText {
  static func text(_ checks: [StoreCheck], _ conclusion: DoctorConclusion, _ style: OutputStyle) -> String {
    let width = checks.map(\.name.utf8.count).max() ?? 0
    var text = ""
    for check in checks {
      let verdict = check.verdict.rawValue
      let ink: Ink =
        switch check.verdict {
        case .ok: .green
        case .warning: .yellow
        case .failure: .red
        }
      text += style.paint(verdict, ink) + String(repeating: " ", count: 9 - verdict.utf8.count)
      text += check.name + String(repeating: " ", count: width - check.name.utf8.count + 2)
      text += check.seen.escapingControls() + "\n"
      if !check.advice.isEmpty {
        text += String(repeating: " ", count: width + 11) + "-> " + check.advice.escapingControls() + "\n"
      }
    }
    let failures = checks.count { $0.verdict == .failure }
    if failures == 0 { return text + conclusion.sentence + "\n" }
    return text + "\(conclusion.sentence): \(counted(failures, "failure")).\n"
  }
}
