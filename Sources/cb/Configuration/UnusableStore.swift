import BreakerStore
import CircuitBreaker

/// A store that is known to be of no use before it is asked: no home for its files, a configuration file or a password
/// file that cannot be read, a URL that cannot be understood. Every step fails, and `on-store-error` decides what a run
/// does (docs/CONTRACT.md, "Settings": only what is typed on the command line can stop a command).
struct UnusableStore: BreakerStorage {
  let error: StoreError

  func read(_ name: BreakerName, _ look: Look) throws(StoreError) -> Reading { throw error }
  func apply(_ event: Event, to name: BreakerName) throws(StoreError) -> Applied { throw error }
  func readAll(_ body: (BreakerName, Result<Reading, StoreError>) -> Void) throws(StoreError) { throw error }
  func names() throws(StoreError) -> [BreakerName] { throw error }
  func remove(_ name: BreakerName) throws(StoreError) -> Bool { throw error }
  func history(_ name: BreakerName, limit: Int) throws(StoreError) -> [HistoryEntry]? { throw error }
  func checks() -> [StoreCheck] { [StoreCheck("store", error)] }
}
