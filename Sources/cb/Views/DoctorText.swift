import BreakerStore
import CircuitBreaker
import System

/// What `cb doctor` says: a line a check, its advice below it, and what it comes to.
enum DoctorText {
  static func text(_ checks: [StoreCheck], _ style: OutputStyle) -> String {
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
    if failures == 0 { return text + "A run is guarded.\n" }
    return text + "A run would not be guarded: \(failures == 1 ? "1 failure" : "\(failures) failures").\n"
  }
}
