import Glibc

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
