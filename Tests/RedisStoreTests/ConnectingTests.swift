import Glibc
import Testing

@testable import RedisStore

@Suite("Looking up and connecting")
struct ConnectingTests {
  @Test("a name that does not exist fails within the deadline")
  func unknownName() throws {
    let time = try duration {
      let problem = try redisError {
        let client = try RedisServer.client("redis://no-such-host.invalid?timeout=300ms&connect-timeout=300ms")
        _ = try client.command(.init(["PING"]), deadline: client.deadline())
      }
      #expect(problem.attempted == .lookUp && !problem.mayHaveBeenApplied, "\(problem)")
      #expect(problem.code == .unreachable || problem.code == .timedOut)
    }
    #expect(time < .seconds(5))
  }

  @Test("a look-up that has no time left ends at once")
  func lookUpWithoutTime() throws {
    #expect(throws: NameLookup.Failure.self) {
      _ = try NameLookup.addresses(of: "LOCALHOST", port: 1, deadline: .after(.seconds(-1)))
    }
  }

  @Test("numeric addresses and localhost are not looked up")
  func fastPath() throws {
    for (host, count) in [("127.0.0.1", 1), ("::1", 1), ("localhost", 2)] {
      #expect(try NameLookup.addresses(of: host, port: 1, deadline: .after(.seconds(-1))).count == count)
    }
  }

  @Test("a refused first address is not fatal, nor a silent one")
  func severalAddresses() throws {
    let server = try RedisServer()
    // The server listens on 127.0.0.1 only: ::1 and 127.0.0.2 refuse.
    let good = try #require(SocketAddress.numeric("127.0.0.1", port: server.port))
    let refusing = try #require(SocketAddress.numeric("127.0.0.2", port: server.port))
    let six = try #require(SocketAddress.numeric("::1", port: server.port))
    // A listener whose queue is full drops what comes: the nearest to a host that is down that loopback has.
    let full = try FullListener()
    let silent = try #require(SocketAddress.numeric("127.0.0.1", port: full.port))
    for list in [
      [refusing, good], [six, refusing, good], [silent, good], [silent, refusing, good], [good, silent],
    ] {
      let socket = try Dialer.race(list, .after(.seconds(10)))
      #expect(socket.descriptor >= 0)
    }
    #expect(raceFails([refusing, refusing], .seconds(10)) == .unreachable)
    let time = duration { #expect(raceFails([silent, silent], .milliseconds(300)) == .timedOut) }
    #expect(time < .seconds(5))
  }

  private func raceFails(_ list: [SocketAddress], _ time: Duration) -> RedisError.Code? {
    do throws(Dialer.Failure) {
      _ = try Dialer.race(list, .after(time))
      return nil
    } catch {
      return error.code
    }
  }

  @Test("writing to a peer that is gone is an error, and no SIGPIPE kills us")
  func brokenPipe() throws {
    signal(SIGPIPE, SIG_DFL)
    // The threads that tests run on block the signal, which would hide that it was sent.
    var pipe = sigset_t()
    var before = sigset_t()
    sigemptyset(&pipe)
    sigaddset(&pipe, SIGPIPE)
    pthread_sigmask(SIG_UNBLOCK, &pipe, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    var ends: [Int32] = [0, 0]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
    let socket = Socket(adopting: ends[0])
    close(ends[1])
    let outcome = [UInt8(1)].withUnsafeBytes { socket.send($0) }
    guard case .failed(EPIPE) = outcome else { throw TestFailure("\(outcome)") }
  }

  @Test("a build says what it lacks")
  func builtWith() throws {
    #expect(BuiltWith.redis && BuiltWith.tls, "these tests run with all traits")
  }
}

/// A listening socket whose queue is full, so that connecting to it gets no answer.
final class FullListener {
  let port: UInt16
  private let listener: Int32
  private var fillers: [Int32] = []

  init() throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    port = bindLoopback(listener)
    listen(listener, 0)
    guard let address = SocketAddress.numeric("127.0.0.1", port: port) else { throw TestFailure("address") }
    for _ in 0..<8 {
      guard let socket = Socket(family: AF_INET) else { throw TestFailure("socket") }
      _ = socket.connect(to: address)
      fillers.append(socket.release())
    }
  }

  deinit { for descriptor in fillers + [listener] { close(descriptor) } }
}
