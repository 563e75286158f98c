import BreakerStore
import Glibc
import System

/// The lock on a document: flock(2) on a file of its own that is never removed while the store lives. A lock on the
/// document itself lost two of three counts, since the document is renamed; one on a file that is unlinked after use
/// five of six (measured). POSIX locks (`fcntl`) vanish when any descriptor of the file closes. The lock ends with
/// this value, and with the process however it ends; it is never inherited (close-on-exec).
struct FileLock: ~Copyable {
  private let descriptor: Descriptor

  private init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

  /// Takes the lock, waiting until the deadline (monotonic milliseconds). Nil if the lock file, or the directory it is
  /// in, was removed or replaced meanwhile, so that another process may hold another one: to be tried again from the
  /// start.
  static func acquire(
    _ base: [UInt8], in place: StorePlace, deadline: LockDeadline
  ) throws(StoreError) -> FileLock? {
    let name = place.name(base, .lock)
    guard let descriptor = try place.open(name, O_RDWR | O_CREAT, operation: "lock") else { return nil }
    if flock(descriptor.raw, LOCK_EX | LOCK_NB) != 0 {
      if errno != EWOULDBLOCK && errno != EINTR { throw place.error(errno, "lock", name) }
      // A FIFO or a device can be locked as well; it is not waited for.
      try place.check(try place.status(of: descriptor, name, operation: "lock"), name, operation: "lock")
      try wait(for: descriptor, name, base, in: place, deadline: deadline)
    }
    let held = try place.status(of: descriptor, name, operation: "lock")
    try place.check(held, name, operation: "lock")
    // By the whole path: so it is seen, too, if the directory was replaced.
    var named = stat()
    let path = FileName(place.path, base, StoreFile.lock.suffix)
    if fstatat(AT_FDCWD, path.cString, &named, AT_SYMLINK_NOFOLLOW) != 0 {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw place.error(errno, "lock", name)
    }
    guard named.st_ino == held.st_ino, named.st_dev == held.st_dev else { return nil }
    guard held.st_nlink == 1 else { throw place.foreign("a hard link", "lock", name) }
    // The umask may have kept the group out of a lock file that was just made.
    if place.trust.isShared, held.st_uid == geteuid(), held.st_mode & 0o660 != 0o660 {
      guard fchmod(descriptor.raw, 0o660) == 0 else { throw place.error(errno, "change the mode of", name) }
    }
    return FileLock(descriptor)
  }

  /// Waits until the deadline, and as long again while the document changes: a process in a queue that moves is not
  /// kept out by anybody. Of 1,000 runs that started at once on two busy cores, 618 gave up after 2 s in all, and ran
  /// unguarded where a single trial was due (measured).
  private static func wait(
    for descriptor: borrowing Descriptor, _ name: FileName, _ base: [UInt8], in place: StorePlace,
    deadline: LockDeadline
  ) throws(StoreError) {
    var deadline = deadline
    var seen = try DocumentStamp(base, in: place)
    for _ in 0..<longestQueue {
      switch deadline.lock(descriptor.raw) {
      case 0: return
      case ETIMEDOUT:
        let stamp = try DocumentStamp(base, in: place)
        if stamp == seen { throw place.error(.locked(milliseconds: deadline.milliseconds), "lock", name) }
        seen = stamp
        deadline = LockDeadline(milliseconds: deadline.milliseconds)
      case let code: throw place.error(code, "lock", name)
      }
    }
    throw place.error(.locked(milliseconds: deadline.milliseconds * Int64(longestQueue)), "lock", name)
  }

  /// How many deadlines a queue that moves may take: a minute where one is 2 s.
  private static let longestQueue = 30
}

/// Tells one state of a document from the next: it is replaced, so that its inode or its time of change is another.
private struct DocumentStamp: Equatable {
  private var inode: UInt = 0
  private var seconds = 0
  private var nanoseconds = 0

  init(_ base: [UInt8], in place: StorePlace) throws(StoreError) {
    guard let status = try place.status(of: place.name(base, .document), operation: "lock") else { return }
    inode = UInt(status.st_ino)
    seconds = status.st_ctim.tv_sec
    nanoseconds = status.st_ctim.tv_nsec
  }
}

/// Until when to wait for a lock, over all tries.
struct LockDeadline {
  let milliseconds: Int64
  private let end: Int64

  init(milliseconds: Int64) {
    self.milliseconds = milliseconds
    end = monotonicMilliseconds() + milliseconds
  }

  var isOver: Bool { monotonicMilliseconds() >= end }

  /// Blocks in flock until the lock is there (0), the deadline (ETIMEDOUT) or an error (its errno).
  ///
  /// The kernel's queue is fair; a loop of LOCK_NB and sleep would starve behind it. So a timer of this process
  /// interrupts the wait with a signal whose handler does nothing. It repeats, so that one that fires just before
  /// flock is entered does no harm. Not setitimer or alarm: CMD's parent may have set an alarm that must survive. The
  /// signal is the last real-time one, which nobody uses, unblocked for the wait alone; mask and disposition are
  /// restored. They belong to the process: two threads must not wait at once (`cb` has one).
  func lock(_ descriptor: Int32) -> Int32 {
    let remaining = end - monotonicMilliseconds()
    if remaining <= 0 { return ETIMEDOUT }

    let signal = __libc_current_sigrtmax()
    var action = sigaction()
    var oldAction = sigaction()
    action.__sigaction_handler.sa_handler = { _ in }
    guard sigaction(signal, &action, &oldAction) == 0 else { return errno }
    defer { _ = sigaction(signal, &oldAction, nil) }
    var mask = sigset_t()
    var oldMask = sigset_t()
    sigemptyset(&mask)
    sigaddset(&mask, signal)
    pthread_sigmask(SIG_UNBLOCK, &mask, &oldMask)
    defer { pthread_sigmask(SIG_SETMASK, &oldMask, nil) }

    var event = sigevent()
    event.sigev_notify = Int32(SIGEV_THREAD_ID)
    event.sigev_signo = signal
    event._sigev_un._tid = currentThread()
    var timer: timer_t?
    guard timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 else { return errno }
    // Runs before the mask and the disposition are restored: a signal still pending is delivered to our handler when
    // this call returns.
    defer { timer_delete(timer) }
    var times = itimerspec()
    times.it_value = timespec(tv_sec: Int(remaining / 1000), tv_nsec: Int(remaining % 1000) * 1_000_000)
    times.it_interval = timespec(tv_sec: 0, tv_nsec: 20_000_000)
    guard timer_settime(timer, 0, &times, nil) == 0 else { return errno }

    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else { return errno }
      if isOver { return ETIMEDOUT }
    }
    return 0
  }
}

/// The kernel's id of this thread. `gettid` is hidden from Swift, and `syscall` is variadic; this is asked only before
/// a wait.
private func currentThread() -> pid_t {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
    guard let start = buffer.baseAddress else { return getpid() }
    let length = readlink("/proc/thread-self", start, buffer.count)
    guard length > 0 else { return getpid() }
    var id: pid_t = 0
    for character in buffer[..<length] {
      let digit = UInt8(bitPattern: character) &- UInt8(ascii: "0")
      id = digit < 10 ? id &* 10 &+ pid_t(digit) : 0
    }
    return id
  }
}
