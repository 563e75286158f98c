import Glibc

@testable import BreakerStore
@testable import FileStore

/// A directory under /tmp that goes with this value. `store` in it is not made yet.
final class TemporaryDirectory {
  private let place = TemporaryPlace("cb-store-test")
  var path: String { place.path }
  var store: String { path + "/store" }
  var files: DocumentDirectory { DocumentDirectory(path: store) }

  init() { chmod(place.path, 0o755) }

  /// The entries of the store, sorted.
  func entries() -> [String] { directoryEntries(store) }

  func makeStore(_ mode: mode_t = 0o700) {
    mkdir(store, 0o700)
    chmod(store, mode)
  }

  func write(_ name: String, _ text: String, mode: mode_t = 0o600) {
    writeFile(store + "/" + name, Array(text.utf8), mode: mode)
  }

  func text(_ name: String) -> String? { fileText(store + "/" + name) }

  func status(_ name: String = "") -> stat {
    var status = stat()
    lstat(store + "/" + name, &status)
    return status
  }

  func mode(_ name: String = "") -> mode_t { status(name).st_mode & 0o7777 }
}

extension DocumentDirectory {
  /// Replaces the document by this text.
  func put(_ name: DocumentName, _ text: String, _ durability: Durability = .unflushed) throws(StoreError) {
    try change(name) { _ throws(StoreError) in ((), .replace(Array(text.utf8), durability)) }
  }

  func text(_ name: DocumentName) throws(StoreError) -> String? {
    try read(name).map { String(decoding: $0, as: UTF8.self) }
  }
}

/// The error that this throws, or nil.
func storeError(_ body: () throws(StoreError) -> Void) -> StoreError? {
  do throws(StoreError) {
    try body()
    return nil
  } catch {
    return error
  }
}

extension StoreError {
  var isInsecure: Bool {
    if case .insecure = kind { true } else { false }
  }
}
