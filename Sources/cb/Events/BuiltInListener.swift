import CircuitBreaker
import Glibc
import Settings

/// Listeners that need no shell: `syslog:`, `journald:`, `file:PATH`.
enum BuiltInListener {
  case syslog
  case journald
  case file(String)

  init?(_ command: String) {
    switch command {
    case "syslog:": self = .syslog
    case "journald:": self = .journald
    case _ where command.hasPrefix("file:") && command.utf8.count > 5: self = .file(String(command.dropFirst(5)))
    default: return nil
    }
  }

  /// Writes the event where this listener writes. Throws if it cannot.
  func deliver(_ occurrence: Occurrence) throws(ListenerFailure) {
    switch self {
    case .syslog:
      try Self.send(Self.syslogDatagram(occurrence), to: "/dev/log")
    case .journald:
      try Self.send(Self.journalDatagram(occurrence), to: "/run/systemd/journal/socket")
    case .file(let path):
      try Self.append(occurrence.line, to: path)
    }
  }

  /// A trip is a warning, a failure or rejection a notice, the rest information (syslog(3)).
  private static func priority(_ occurrence: Occurrence) -> Int {
    switch occurrence.event {
    case .stateChange: occurrence.newState == .open ? 4 : 5
    case .failure, .rejected: 5
    default: 6
    }
  }

  /// RFC 3164 as the local socket takes it: facility daemon (3); the logger adds time and host.
  private static func syslogDatagram(_ occurrence: Occurrence) -> [UInt8] {
    Array("<\(3 << 3 | priority(occurrence))>cb[\(getpid())]: \(occurrence.sentence)".utf8)
  }

  /// The journal's native protocol: a field a line, or a name, a little-endian length of 64 bits and the bytes where a
  /// value could hold a newline.
  private static func journalDatagram(_ occurrence: Occurrence) -> [UInt8] {
    var datagram: [UInt8] = []
    func field(_ name: String, _ value: String) {
      datagram += Array(name.utf8)
      datagram.append(10)
      withUnsafeBytes(of: UInt64(value.utf8.count).littleEndian) { datagram += Array($0) }
      datagram += Array(value.utf8)
      datagram.append(10)
    }
    field("MESSAGE", occurrence.sentence)
    field("PRIORITY", String(priority(occurrence)))
    field("SYSLOG_IDENTIFIER", "cb")
    for (name, value) in occurrence.fields where !value.isEmpty { field(name, value) }
    return datagram
  }

  private static func send(_ datagram: [UInt8], to path: String) throws(ListenerFailure) {
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw failure("cannot make a socket") }
    defer { close(descriptor) }
    // The queue of such a socket is short (net.unix.max_dgram_qlen, 10 by default): in a rush of events there is a wait,
    // for as long as any listener may take.
    var patience = timeval(tv_sec: Int(Announcer.limit / 1000), tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { place in
      place.copyBytes(from: Array(path.utf8).prefix(place.count - 1))
    }
    let sent = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        var sent: Int
        repeat {
          sent = sendto(
            descriptor, datagram, datagram.count, Int32(MSG_NOSIGNAL), address,
            socklen_t(MemoryLayout<sockaddr_un>.size))
        } while sent < 0 && errno == EINTR  // a stop and SIGCONT end such a wait (signal(7))
        return sent
      }
    }
    if sent < 0, errno == EAGAIN { throw .tookTooLong }
    guard sent == datagram.count else { throw failure("cannot send to \(path)") }
  }

  /// One write, so that lines of several processes do not mix (O_APPEND, open(2)).
  private static func append(_ line: [UInt8], to path: String) throws(ListenerFailure) {
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else { throw failure("cannot open \(path)") }
    defer { close(descriptor) }
    guard Glibc.write(descriptor, line, line.count) == line.count else { throw failure("cannot write \(path)") }
  }

  private static func failure(_ what: String) -> ListenerFailure {
    ListenerFailure(reason: "failed: \(what): \(String(cString: strerror(errno)))")
  }
}
