import CProcess
import Glibc

/// Output of a command on its way through cb. One thread does it all: signals are read from a descriptor so that poll
/// can wait for them and for the pipe.
struct OutputPipe: ~Copyable {
  enum Use: Equatable {
    /// Each byte is written on to standard error as it comes, and the last ones, so many at most, are kept.
    case passOn(keeping: Int)
    /// The last bytes are kept, and nothing is shown.
    case keepLast(Int)
    /// The first line is kept, up to so many bytes, and nothing is shown. The rest is read anyway: the command is
    /// not to die of SIGPIPE.
    case keepFirstLine(Int)
  }

  let use: Use
  /// Where the command writes; closed in cb once the command has it.
  private(set) var commandEnd: Int32
  /// The reader of standard error went away while bytes were passed on.
  private(set) var lostReader = false
  private var cbEnd: Int32
  private let signals: Int32
  private var kept: [UInt8] = []
  private var isFirstLineWhole = false
  /// Read and not written yet. A pipe that poll calls writable takes PIPE_BUF bytes without blocking, so no more is read
  /// at once, and signals are handled while the reader of standard error is slow.
  private var waiting: [UInt8] = []
  private static let chunk = 4096

  init(_ use: Use, signals set: SignalSet) throws(StreamError) {
    var ends: [Int32] = [-1, -1]
    if cprocess_pipe(&ends) < 0 { throw StreamError(code: errno) }
    let signals = withUnsafePointer(to: set.raw) { cprocess_signalfd($0) }
    if signals < 0 {
      let code = errno
      for end in ends { close(end) }
      throw StreamError(code: code)
    }
    (cbEnd, commandEnd) = (ends[0], ends[1])
    self.signals = signals
    self.use = use
  }

  deinit {
    for descriptor in [commandEnd, cbEnd, signals] where descriptor >= 0 { close(descriptor) }
  }

  mutating func closeCommandEnd() {
    close(commandEnd)
    commandEnd = -1
  }

  /// What was kept of all that went through.
  var bytes: [UInt8] {
    switch use {
    case .passOn(let limit), .keepLast(let limit): Array(kept.suffix(limit))
    case .keepFirstLine: kept
    }
  }

  private var passesOn: Bool {
    if case .passOn = use { true } else { false }
  }

  /// Takes bytes in until a signal comes (returned) or the time is over (nil).
  mutating func nextSignal(milliseconds: Int64?) -> cprocess_signal? {
    let end = milliseconds.map { millisecondsNow() + $0 }
    while true {
      var signal = cprocess_signal()
      if cprocess_read_signalfd(signals, &signal) == 1 { return signal }
      let left = end.map { Int32(clamping: max(0, $0 - millisecondsNow())) } ?? -1
      if !move(waiting: left), left == 0 { return nil }
    }
  }

  /// The command has ended: takes in what it had written by then, and no more, as what it left behind in the
  /// background may write forever; where bytes are passed on, that is handed to a process of its own, which lives as
  /// long as the writers do. A signal that is to end cb ends this too.
  mutating func finish() -> cprocess_signal? {
    var left = cbEnd < 0 ? 0 : Int(cprocess_readable(cbEnd))
    var interruption: cprocess_signal?
    while cbEnd >= 0, left > 0 || !waiting.isEmpty {
      var signal = cprocess_signal()
      if cprocess_read_signalfd(signals, &signal) == 1, DefaultAction.of(signal.number) == .end {
        interruption = signal
        break
      }
      left -= move(waiting: -1, atMost: left) ? lastRead : 0
    }
    if cbEnd >= 0, interruption == nil, passesOn, hasWriters { _ = cprocess_leave_pump(cbEnd) }
    return interruption
  }

  private var hasWriters: Bool {
    var end = pollfd(fd: cbEnd, events: Int16(POLLIN), revents: 0)
    return poll(&end, 1, 0) == 0 || Int32(end.revents) & POLLHUP == 0
  }

  /// How many bytes the last `move` read.
  private var lastRead = 0

  /// One step: waits, then reads or writes once. Whether anything could be done.
  @discardableResult
  private mutating func move(waiting milliseconds: Int32, atMost: Int = chunk) -> Bool {
    lastRead = 0
    let reading = waiting.isEmpty
    var sources = [
      pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
      pollfd(fd: reading ? cbEnd : STDERR_FILENO, events: Int16(reading ? POLLIN : POLLOUT), revents: 0),
    ]
    if poll(&sources, 2, milliseconds) <= 0 || sources[1].revents == 0 { return sources[0].revents != 0 }
    if reading { read(atMost: min(atMost, Self.chunk)) } else { write() }
    return true
  }

  private mutating func read(atMost count: Int) {
    let bytes = [UInt8](unsafeUninitializedCapacity: Self.chunk) { buffer, filled in
      filled = max(0, Glibc.read(cbEnd, buffer.baseAddress, count))
    }
    if bytes.isEmpty { return closeCbEnd() }
    lastRead = bytes.count
    switch use {
    case .passOn(let limit):
      waiting = bytes
      keepLast(bytes, limit)
    case .keepLast(let limit):
      keepLast(bytes, limit)
    case .keepFirstLine(let limit):
      if isFirstLineWhole { return }
      let end = bytes.firstIndex(of: UInt8(ascii: "\n"))
      isFirstLineWhole = end != nil
      kept += bytes[..<(end ?? bytes.count)].prefix(max(0, limit - kept.count))
    }
  }

  private mutating func keepLast(_ bytes: [UInt8], _ limit: Int) {
    kept += bytes
    if kept.count > 2 * limit + Self.chunk { kept.removeFirst(kept.count - limit) }
  }

  private mutating func write() {
    let count = waiting.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    if count >= 0 {
      waiting.removeFirst(count)
    } else if errno == EPIPE {
      // The command is to find that out as it would have by itself.
      lostReader = true
      waiting = []
      closeCbEnd()
    } else if errno != EAGAIN, errno != EINTR {
      // A full disk, a terminal that is gone: the bytes are lost, as the command's own would have been.
      waiting = []
    }
  }

  private mutating func closeCbEnd() {
    if cbEnd >= 0 { close(cbEnd) }
    cbEnd = -1
  }
}
