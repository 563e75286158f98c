import Glibc
import System

/// From an endpoint to a connected socket, within a deadline.
enum Dialer {
  struct Failure: Error {
    var code: RedisError.Code
    var attempted: RedisError.Attempt
    var detail: String
  }

  static func dial(_ endpoint: RedisEndpoint, deadline: Deadline) throws(Failure) -> Socket {
    switch endpoint {
    case .unix(let path): return try unix(path, deadline)
    case .tcp(let host, let port):
      let addresses: [SocketAddress]
      do throws(NameLookup.Failure) {
        addresses = try NameLookup.addresses(of: host, port: port, deadline: deadline)
      } catch {
        switch error {
        case .timedOut: throw Failure(code: .timedOut, attempted: .lookUp, detail: "no answer in time")
        case .failed(let reason): throw Failure(code: .unreachable, attempted: .lookUp, detail: reason)
        }
      }
      return try race(addresses, deadline)
    }
  }

  /// A full queue makes a unix socket answer EAGAIN, and no poll tells when there is room again: a herd of a thousand
  /// cron jobs meets that, so try again a little later until the deadline.
  private static func unix(_ path: String, _ deadline: Deadline) throws(Failure) -> Socket {
    var pause = Duration.milliseconds(1)
    while true {
      guard let socket = Socket(family: AF_UNIX) else { throw .connecting(errno) }
      let error = socket.connect(to: .unix(path))
      if error == 0 { return socket }
      guard error == EAGAIN else { throw .connecting(error) }
      guard !deadline.hasPassed else {
        throw Failure(code: .timedOut, attempted: .connect, detail: "the server's queue stayed full")
      }
      deadline.pause(pause)
      pause = min(pause * 2, .milliseconds(16))
    }
  }

  /// Tries the addresses in order, the next one as soon as one fails, or while it has not answered for its share of
  /// the time; the first that connects wins. So neither a refused nor a silent address is fatal (RFC 8305's idea).
  static func race(_ addresses: [SocketAddress], _ deadline: Deadline) throws(Failure) -> Socket {
    var waiting = addresses[...]
    var pending = PendingSockets()
    var lastError: Int32 = 0
    while true {
      var next: Deadline?
      if let address = waiting.popFirst() {
        if !waiting.isEmpty { next = min(deadline.share(of: waiting.count + 1), .after(.milliseconds(250))) }
        guard let socket = Socket(family: address.family) else {
          lastError = errno
          continue
        }
        let error = socket.connect(to: address)
        if error == 0 { return socket }
        guard error == EINPROGRESS else {
          lastError = error
          continue
        }
        pending.append(socket)
      }
      // Waits for one of the sockets, but not beyond the moment at which the next address has its turn.
      switch pending.wait(next ?? deadline) {
      case .connected(let index): return pending.adopt(index)
      case .failed(let error): lastError = error
      case .nothing:
        if pending.isEmpty && waiting.isEmpty {
          throw lastError == 0
            ? Failure(code: .unreachable, attempted: .lookUp, detail: "the name has no address")
            : .connecting(lastError)
        }
        if deadline.hasPassed {
          throw Failure(code: .timedOut, attempted: .connect, detail: "no answer in time")
        }
      }
      if pending.isEmpty && waiting.isEmpty { throw .connecting(lastError) }
    }
  }
}

extension Dialer.Failure {
  static func connecting(_ error: Int32) -> Dialer.Failure {
    Dialer.Failure(code: .unreachable, attempted: .connect, detail: systemMessage(error))
  }
}

/// Sockets that are connecting. They are held by descriptor, because arrays cannot hold what is not copyable.
private struct PendingSockets: ~Copyable {
  private var entries: [pollfd] = []

  enum Event {
    case connected(Int)
    /// One has failed, for this reason, and is gone.
    case failed(Int32)
    case nothing
  }

  var isEmpty: Bool { entries.isEmpty }

  mutating func append(_ socket: consuming Socket) {
    entries.append(pollfd(fd: socket.release(), events: Int16(POLLOUT), revents: 0))
  }

  mutating func adopt(_ index: Int) -> Socket { Socket(adopting: entries.remove(at: index).fd) }

  mutating func wait(_ deadline: Deadline) -> Event {
    guard !entries.isEmpty, deadline.poll(&entries) > 0 else { return .nothing }
    guard let index = entries.firstIndex(where: { $0.revents != 0 }) else { return .nothing }
    let socket = adopt(index)
    let error = socket.pendingError
    if error != 0 { return .failed(error) }
    entries.insert(pollfd(fd: socket.release(), events: Int16(POLLOUT), revents: 0), at: index)
    return .connected(index)
  }

  deinit { for entry in entries { close(entry.fd) } }
}
