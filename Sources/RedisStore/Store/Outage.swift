import Glibc
import System

/// The host's memory that a Redis store has failed, so that a thousand cron jobs do not each wait out the time-out,
/// that one of them, not each, says so, and that all of them share one stand-in.
///
/// One small file for each store, in a directory of the file store, and beside it the directory of the stand-in.
/// Nothing depends on it: whatever fails here (no directory, no room, no right) only means that the next run tries Redis
/// itself.
package struct Outage {
  /// How long Redis is left alone after a failure.
  package static let rest: Duration = .seconds(5)
  /// A failure that comes this soon after the end of the last rest belongs to the same outage.
  package static let sameOutage: Duration = .seconds(600)

  private let directory: String
  private let path: [CChar]
  private let name: String
  private let standIns: StandInDirectory
  /// What the file said when it was last read: nil when there was nothing to believe.
  private var known: Record?
  private var hasFile = false
  /// What the failure that was noted last was, where Redis is not away.
  private var trouble: Trouble?
  /// Whether the stand-in for those was looked for since.
  private var hasEndedRefusals = false

  private enum Trouble {
    /// Our own settings are wrong.
    case settings
    /// The key of this breaker holds what cannot be used, while others' may do.
    case key
  }

  /// Milliseconds of CLOCK_BOOTTIME, which counts the time suspended, is the same for every process of the host, and is
  /// not stepped; so they hold for one boot only.
  private struct Record {
    /// When the outage began; it tells one outage from the next, and all processes that meet in one agree on it.
    var began: Int64
    /// Until when Redis is left alone.
    var until: Int64
  }

  /// - Parameter directory: the default file store's, as `ByteText` writes it.
  package init(directory: String, location: RedisLocation) {
    // The redacted form: the file's name must not be made from a password.
    let store = String(decoding: SHA1.hex(Array(location.redacted.utf8)), as: UTF8.self)
    name = "redis-outage-" + store
    self.directory = directory
    path = ByteText.path(directory + "/" + name)
    standIns = StandInDirectory(parent: directory, store: String(store.prefix(12)))
  }

  /// True while Redis is to be left alone.
  package mutating func isResting() -> Bool {
    read()
    guard let known else { return false }
    let now = clockMilliseconds(CLOCK_BOOTTIME)
    // A stamp further in the future than a rest is long is nobody's honest work.
    return now < known.until && known.until - now <= Self.milliseconds(Self.rest)
  }

  /// The directory of the file store that stands in during this outage: the same for every process that meets it, and
  /// a new one for each outage. Nil before a failure was seen or noted, and where none can be remembered.
  package var standIn: String? {
    switch trouble {
    case .settings: standIns.refusals
    case .key: standIns.madeForKeys()
    case nil: known.map { standIns.path($0.began) }
    }
  }

  /// Remembers a failure. One that does not mean that Redis is away (`RedisError.meansAway`) keeps nobody from asking,
  /// and is not an outage: its stand-in lasts until Redis has answered somebody.
  /// - Returns: true for the first one of an outage, which is the one to tell the user about. Also where nothing can be
  ///   remembered, and for what is wrong with our own settings: better told twice than never.
  package mutating func note(_ error: RedisError) -> Bool {
    trouble = error.meansAway ? nil : .settings
    if trouble != nil {
      hasEndedRefusals = false
      standIns.makeForRefusals()
      return true
    }
    read()
    let now = clockMilliseconds(CLOCK_BOOTTIME)
    let until = now + Self.milliseconds(Self.rest)
    if let known, now - known.until < Self.milliseconds(Self.sameOutage) {
      remember(Record(began: known.began, until: until), .over)
      return false
    }
    // Of an outage that ended long ago and left its file, all who come now make the same new one.
    if let known {
      remember(Record(began: known.until + Self.milliseconds(Self.sameOutage), until: until), .over)
    } else if !remember(Record(began: now, until: until), .onlyIfNew) {
      // Another process was quicker, or something is there that is not to be believed.
      read()
      if known != nil { return false }
      remember(Record(began: now, until: until), .over)
    }
    if let known { standIns.begin(known.began) }
    return true
  }

  /// Remembers, for this process, that Redis has answered and the breaker's own key cannot be used.
  package mutating func noteUnusableKey() {
    trouble = .key
  }

  /// Forgets the outage, after Redis has answered. Costs a look at a directory, once, where there was none.
  /// - Returns: how long it had lasted, where there was one.
  @discardableResult
  package mutating func clear() -> Duration? {
    if !hasEndedRefusals {
      hasEndedRefusals = true
      standIns.endRefusals()
    }
    trouble = nil
    guard hasFile else { return nil }
    hasFile = false
    let began = known?.began
    known = nil
    unlink(path)
    return began.map { .milliseconds(max(0, clockMilliseconds(CLOCK_BOOTTIME) - $0)) }
  }

  private static func milliseconds(_ duration: Duration) -> Int64 { duration.wholeNanoseconds / 1_000_000 }

  // MARK: The file: "<boot id> <began> <until>\n"

  private mutating func read() {
    known = nil
    // No link is followed, and a FIFO somebody planted does not hold us up.
    let raw = retryingInterrupts { open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY) }
    hasFile = raw >= 0
    guard raw >= 0 else { return }
    let file = Descriptor(owning: raw)
    var facts = stat()
    guard fstat(raw, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, isTrusted(facts.st_uid),
      let bytes = try? readWhole(file, limit: 128)
    else { return }
    let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard words.count == 3, let began = Int64(words[1]), let until = Int64(words[2]), (0...1 << 50).contains(until),
      (0...until).contains(began), words[0] == systemBootID()
    else { return }
    known = Record(began: began, until: until)
  }

  /// Our own, root's, or the directory owner's: who owns the directory can do worse than keep us from Redis.
  private func isTrusted(_ owner: uid_t) -> Bool {
    if owner == geteuid() || owner == 0 { return true }
    var facts = stat()
    return stat(ByteText.path(directory), &facts) == 0 && facts.st_uid == owner
  }

  /// - Returns: whether the file says so now.
  @discardableResult
  private mutating func remember(_ record: Record, _ placing: ReplacedFile.Placing) -> Bool {
    let bytes = Array("\(systemBootID()) \(record.began) \(record.until)\n".utf8)
    let file = ReplacedFile(directory: directory, name: name)
    var error = file.write(bytes, placing)
    if error == ENOENT {
      // A host that has only ever used Redis: without its directory each of its runs would wait and complain.
      makeDirectory()
      error = file.write(bytes, placing)
    }
    guard error == 0 else { return false }
    known = record
    hasFile = true
    return true
  }

  /// With its missing parents, 0700 as the file store makes it.
  private func makeDirectory() {
    var path = directory.hasPrefix("/") ? "" : "."
    for part in directory.split(separator: "/") {
      path += "/" + part
      mkdir(ByteText.path(path), 0o700)
    }
  }
}
