import Glibc

/// The host's memory that a Redis store has failed, so that a thousand cron jobs do not each wait out the time-out,
/// and one of them, not each, says so.
///
/// One small file for each store, in a directory of the file store. Nothing depends on it: whatever fails here (no
/// directory, no room, no right) only means that the next run tries Redis itself.
package struct Outage {
  /// How long Redis is left alone after a failure.
  package static let rest: Duration = .seconds(5)
  /// A failure that comes this soon after the end of the last rest belongs to the same outage.
  package static let sameOutage: Duration = .seconds(600)

  private let path: String
  private let directory: String
  private let name: String
  /// What the file said when it was last read: nil when there was nothing to believe.
  private var known: Record?
  private var hasFile = false

  /// When the outage began and until when Redis is left alone: milliseconds of CLOCK_BOOTTIME, which counts the time
  /// suspended, is the same for every process of the host, and is not stepped; so they hold for one boot only.
  private struct Record {
    var began: Int64
    var until: Int64
  }

  package init(directory: String, location: RedisLocation) {
    // The redacted form: the file's name must not be made from a password.
    name = "redis-outage-" + String(decoding: SHA1.hex(Array(location.redacted.utf8)), as: UTF8.self)
    self.directory = directory
    path = directory + "/" + name
  }

  /// True while Redis is to be left alone.
  package mutating func isResting() -> Bool {
    read()
    guard let known else { return false }
    let now = Self.now()
    // A stamp further in the future than a rest is long is nobody's honest work.
    return now < known.until && known.until - now <= Self.rest.wholeNanoseconds / 1_000_000
  }

  /// Remembers a failure that means that Redis is away; others (`RedisError.meansAway`) are not remembered.
  /// - Returns: true for the first one of an outage, which is the one to tell the user about. Also where nothing can be
  ///   remembered: better told twice than never.
  package mutating func note(_ error: RedisError) -> Bool {
    guard error.meansAway else { return true }
    read()
    let now = Self.now()
    let continues = known.map { now - $0.until < Self.sameOutage.wholeNanoseconds / 1_000_000 } ?? false
    let record = Record(
      began: continues ? known?.began ?? now : now, until: now + Self.rest.wholeNanoseconds / 1_000_000)
    if write(record) {
      known = record
      hasFile = true
    }
    return !continues
  }

  /// Forgets the outage, after Redis has answered. Costs nothing where `isResting` has found no file.
  /// - Returns: how long it had lasted, where there was one.
  @discardableResult
  package mutating func clear() -> Duration? {
    guard hasFile else { return nil }
    hasFile = false
    let began = known?.began
    known = nil
    unlink(path)
    return began.map { .milliseconds(max(0, Self.now() - $0)) }
  }

  // MARK: The file: "<boot id> <began> <until>\n"

  private mutating func read() {
    known = nil
    // No link is followed, and a FIFO somebody planted does not hold us up.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
    hasFile = descriptor >= 0
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_size <= 128,
      isTrusted(facts.st_uid)
    else { return }
    let words = Self.text(descriptor).split(whereSeparator: \.isWhitespace)
    guard words.count == 3, let began = Int64(words[1]), let until = Int64(words[2]), (0...1 << 50).contains(until),
      (0...until).contains(began), words[0] == Self.bootID()
    else { return }
    known = Record(began: began, until: until)
  }

  /// Our own, root's, or the directory owner's: who owns the directory can do worse than keep us from Redis.
  private func isTrusted(_ owner: uid_t) -> Bool {
    if owner == geteuid() || owner == 0 { return true }
    var facts = stat()
    return stat(directory, &facts) == 0 && facts.st_uid == owner
  }

  private func write(_ record: Record) -> Bool {
    let text = "\(Self.bootID()) \(record.began) \(record.until)\n"
    // Beside it and renamed, so that nobody reads half of it; O_EXCL follows no link.
    let temporary = directory + "/." + name + ".\(getpid())"
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
    var descriptor = open(temporary, flags, 0o644)
    if descriptor < 0 && errno == EEXIST {
      // Left by a process of the same number that was killed here.
      unlink(temporary)
      descriptor = open(temporary, flags, 0o644)
    }
    if descriptor < 0 && errno == ENOENT {
      // A host that has only ever used Redis: without its directory each of its runs would wait and complain.
      makeDirectory()
      descriptor = open(temporary, flags, 0o644)
    }
    guard descriptor >= 0 else { return false }
    let bytes = Array(text.utf8)
    let written = Glibc.write(descriptor, bytes, bytes.count)
    close(descriptor)
    guard written == bytes.count, rename(temporary, path) == 0 else {
      unlink(temporary)
      return false
    }
    return true
  }

  /// With its missing parents, 0700 as the file store makes it.
  private func makeDirectory() {
    let parts = directory.split(separator: "/")
    var path = directory.hasPrefix("/") ? "" : "."
    for part in parts {
      path += "/" + part
      mkdir(path, 0o700)
    }
  }

  private static func text(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 128)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
  }

  private static func bootID() -> String {
    let descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "-" }
    defer { close(descriptor) }
    return String(text(descriptor).prefix { !$0.isWhitespace })
  }

  private static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
