import BreakerStore
import CTestSupport
import CircuitBreaker
import FileStore
import Glibc
import System

extension Sandbox {
  /// The store, which is not made yet.
  var store: String { path + "/state" }

  /// The breaker `x` as the store has it; nil if there is none.
  func breaker(clock: StoreClock = .system()) throws -> (breaker: Breaker?, damage: String?) {
    let reading = try fileStore(clock).read(try BreakerName("x"))
    return (reading.breaker, reading.damage)
  }

  func fileStore(_ clock: StoreClock = .system()) -> FileStore {
    FileStore(directory: DocumentDirectory(path: store), clock: clock, random: { 7 })
  }

  /// What is in the store.
  func entries() -> [String] { directoryEntries(store) }
}

extension Finished {
  init(code: Int32, output: String, error: String) {
    self.init(
      status: code < 256 ? .exited(code) : .signaled(code - 256), output: Array(output.utf8), error: Array(error.utf8))
  }

  /// By SIGKILL, or a program that it ran was.
  var wasKilled: Bool { code == 256 + SIGKILL || code == 128 + SIGKILL }
}

/// The files of a store, to be put back as often as is needed. The document and its safe copy stay one file if they
/// were.
struct StoreImage {
  var files: [String: [UInt8]] = [:]
  var isLinked = false

  init() {}

  init(_ place: Sandbox) {
    var inodes: [ino_t] = []
    for name in place.entries() {
      files[name] = fileBytes(place.store + "/" + name) ?? []
      var status = stat()
      if name == "x.json" || name == "x.safe", lstat(place.store + "/" + name, &status) == 0 {
        inodes.append(status.st_ino)
      }
    }
    isLinked = inodes.count == 2 && inodes[0] == inodes[1]
  }

  func restore(_ place: Sandbox) {
    cts_remove_tree(place.store)
    if files.isEmpty { return }
    mkdir(place.store, 0o700)
    for (name, bytes) in files where !(isLinked && name == "x.safe") {
      writeFile(place.store + "/" + name, bytes)
    }
    if isLinked { link(place.store + "/x.json", place.store + "/x.safe") }
  }
}

/// What must not be lost of a breaker: all but its times.
struct Holding: Hashable {
  var state: CircuitState
  var generation: Int
  var failCounter: Int
  var totals: Totals
  var held: CircuitState?
  var settings: StoredSettings
  var leases: Int

  init(_ breaker: Breaker) {
    state = breaker.state
    generation = breaker.generation
    failCounter = breaker.failCounter
    totals = breaker.totals
    held = breaker.hold?.state
    settings = breaker.settings
    leases = breaker.leases.count
  }
}
