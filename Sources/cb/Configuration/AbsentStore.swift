import BreakerStore
import CircuitBreaker
import Glibc

/// The store of a user without a home, as a container's arbitrary uid, who named no directory: every step fails, and
/// `on-store-error` decides what a run does.
struct AbsentStore: BreakerStorage {
  private var error: StoreError { StoreError(.nowhere(user: geteuid()), "find", "a state directory") }

  func read(_ name: BreakerName) throws(StoreError) -> Reading { throw error }
  func apply(_ event: Event, to name: BreakerName) throws(StoreError) -> Applied { throw error }
  func readAll(_ body: (BreakerName, Result<Reading, StoreError>) -> Void) throws(StoreError) { throw error }
  func names() throws(StoreError) -> [BreakerName] { throw error }
  func remove(_ name: BreakerName) throws(StoreError) -> Bool { throw error }
  func history(_ name: BreakerName, limit: Int) throws(StoreError) -> [HistoryEntry]? { throw error }
  func checks() -> [StoreCheck] { [StoreCheck("directory", error)] }
}
