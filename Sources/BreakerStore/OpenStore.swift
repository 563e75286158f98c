/// A store as one caller opened it: the storage, and what a store may have besides.
///
/// A class, as it is handed through a run and each copy of its parts would cost.
package final class OpenStore {
  package let storage: any BreakerStorage
  /// Where the breakers are, for people and for labels: a URL without its secrets, or `file:DIR`.
  package let label: String
  /// nil if nothing is held between two steps.
  private let connection: (any StoreConnection)?
  private let inspect: (() -> [StoreCheck])?
  private let standIn: (() -> String?)?

  /// - Parameters:
  ///   - inspect: as `checks`.
  ///   - standIn: as `standInDirectory`.
  package init(
    _ storage: any BreakerStorage, label: String, connection: (any StoreConnection)? = nil,
    inspect: (() -> [StoreCheck])? = nil, standIn: (() -> String?)? = nil
  ) {
    self.storage = storage
    self.label = label
    self.connection = connection
    self.inspect = inspect
    self.standIn = standIn
  }

  /// Lets go of what is held between two steps; the next step takes it again.
  package func rest() { connection?.close() }

  /// Whether there is anything that `rest` would let go of.
  package var isConnected: Bool { connection?.isConnected ?? false }

  /// Looks at everything on which a run would depend, for `cb doctor`, in the order in which people would. Leaves the
  /// store as it was, though it may write beside it to see whether that is possible. None where the store has no checks.
  package func checks() -> [StoreCheck] { inspect?() ?? [] }

  /// The directory of the store that stands in where this one failed; nil if none can be told.
  package var standInDirectory: String? { standIn?() }
}

/// What a store holds between two steps.
package protocol StoreConnection: AnyObject {
  var isConnected: Bool { get }

  func close()
}

/// How a store that failed some seconds ago is met.
package enum Patience: Sendable {
  /// A person waits for the answer: the store is asked, until it fails this caller.
  case person
  /// One of perhaps a thousand that start in the same second: the store is left alone for a moment.
  case script
}
