package import CircuitBreaker
package import System

extension ProcessIdentity {
  /// As a lease keeps it.
  package var holder: Holder {
    Holder(realm: "\(bootID):\(pidNamespace)", pid: pid, startTime: startTime)
  }
}

extension Holder {
  /// Whether the holder lives, as far as `observer` can know.
  package func liveness(seenBy observer: ProcessIdentity) -> HolderStatus {
    let parts = realm.split(separator: ":")
    guard parts.count == 2, let namespace = UInt64(parts[1]) else { return .unknown }
    let identity = ProcessIdentity(bootID: String(parts[0]), pidNamespace: namespace, pid: pid, startTime: startTime)
    switch identity.life(seenBy: observer) {
    case .running: return .alive
    case .ended: return .dead
    case .unknown: return .unknown
    }
  }
}
