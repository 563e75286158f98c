import Glibc

/// Where the programs are that the tests drive.
enum Programs {
  /// `CB_BINARY`, else the release build, else the debug build beside the tests.
  static let cb: String = {
    if let named = getenv("CB_BINARY") { return String(cString: named) }
    let root = #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined()
    let release = root + "/.build/release/cb"
    return access(release, X_OK) == 0 ? release : root + "/.build/debug/cb"
  }()
}

/// How much is tried: the short form in `swift test`, the long one in `make torture`, which sets these variables.
enum Effort {
  /// `CB_TORTURE` is set: visit everything, not a sample.
  static let isTorture = getenv("CB_TORTURE") != nil

  /// Everything is visited still: `CB_TORTURE_UNTIL`, in seconds since 1970, is when a long form that has not come to its
  /// end goes on with samples.
  static var visitsAll: Bool {
    guard isTorture else { return false }
    if time(nil) < number("CB_TORTURE_UNTIL", otherwise: .max) { return true }
    print("sampled: the time is over")
    return false
  }

  /// Histories, kills and inputs are multiplied by this.
  static let factor = number("CB_TORTURE", otherwise: 1)

  /// Where the random numbers begin; each round of `make torture` has its own, and prints it.
  static let seed = UInt64(number("CB_TORTURE_SEED", otherwise: 20_261_123))

  /// `file`, `redis`, or nil for both.
  static let store = getenv("CB_TORTURE_STORE").map { String(cString: $0) }

  private static func number(_ name: String, otherwise: Int) -> Int {
    getenv(name).flatMap { Int(String(cString: $0)) } ?? otherwise
  }
}

/// SplitMix64: the same numbers from the same seed on every machine.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(1, limit))) }

  mutating func pick<T>(_ values: [T]) -> T { values[below(values.count)] }
}
