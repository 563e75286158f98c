import BreakerStore
import CTestSupport
import CircuitBreaker
import FileStore
import Glibc
import System

/// A fresh directory for one check, removed with this value: the store is `state` in it, not made yet.
final class Place {
  private let place = TemporaryPlace("cb-trust")
  var path: String { place.path }
  var environment: [String: String]
  var store: String { path + "/state" }

  init() {
    let path = place.path
    environment = [
      "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": path, "LC_ALL": "C.UTF-8", "CB_STATE_DIR": path + "/state",
    ]
  }

  @discardableResult
  func cb(_ words: [String]) -> Ended { execute([Programs.cb] + words) }

  @discardableResult
  func cb(_ words: String...) -> Ended { cb(words) }

  @discardableResult
  func execute(_ words: [String]) -> Ended {
    Child(words.map { Array($0.utf8) }, environment: environment, directory: path).wait()
  }

  /// The breaker `x` as the store has it; nil if there is none.
  func breaker(clock: StoreClock = .system()) throws -> (breaker: Breaker?, damage: String?) {
    let reading = try fileStore(clock).read(try BreakerName("x"))
    return (reading.breaker, reading.damage)
  }

  func fileStore(_ clock: StoreClock = .system()) -> FileStore {
    FileStore(directory: DocumentDirectory(path: store), clock: clock, random: { 7 })
  }

  // MARK: Files

  func entries(_ directory: String? = nil) -> [String] { directoryEntries(directory ?? store) }

  /// What is in a file, nil if it cannot be read.
  static func contents(_ path: String) -> [UInt8]? { fileBytes(path) }

  static func write(_ path: String, _ bytes: [UInt8], mode: mode_t = 0o600) { writeFile(path, bytes, mode: mode) }
}

/// The files of a store, to be put back as often as is needed. The document and its safe copy stay one file if they
/// were.
struct StoreImage {
  var files: [String: [UInt8]] = [:]
  var isLinked = false

  init() {}

  init(_ place: Place) {
    var inodes: [ino_t] = []
    for name in place.entries() {
      files[name] = Place.contents(place.store + "/" + name) ?? []
      var status = stat()
      if name == "x.json" || name == "x.safe", lstat(place.store + "/" + name, &status) == 0 {
        inodes.append(status.st_ino)
      }
    }
    isLinked = inodes.count == 2 && inodes[0] == inodes[1]
  }

  func restore(_ place: Place) {
    cts_remove_tree(place.store)
    if files.isEmpty { return }
    mkdir(place.store, 0o700)
    for (name, bytes) in files where !(isLinked && name == "x.safe") {
      Place.write(place.store + "/" + name, bytes)
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
