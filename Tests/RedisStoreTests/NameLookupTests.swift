import Glibc
import Synchronization
import Testing

@testable import RedisStore

/// A name server on loopback that answers, or does not, as a test tells it.
final class FakeNameServer: Sendable {
  enum Answer: Sendable {
    /// Records of the type that was asked for: four bytes each for A, sixteen for AAAA.
    case records([[UInt8]])
    case noSuchName
    case failure
    case silence
    /// Half a header.
    case garbage
  }

  enum Kind: UInt16, Sendable { case a = 1, aaaa = 28 }

  let port: UInt16
  private let descriptor: Int32
  private let asked = Mutex<[String]>([])

  var questions: [String] { asked.withLock { $0 } }

  init(_ answer: @escaping @Sendable (String, Kind) -> Answer) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    self.descriptor = descriptor
    port = bindLoopback(descriptor)
    FakeServer.thread { [self] in serve(descriptor, answer) }
  }

  /// Ends the thread, which holds this.
  func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  private func serve(_ descriptor: Int32, _ answer: (String, Kind) -> Answer) {
    var packet = [UInt8](repeating: 0, count: 2048)
    while true {
      var from = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let count = withUnsafeMutablePointer(to: &from) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          recvfrom(descriptor, &packet, packet.count, 0, $0, &length)
        }
      }
      guard count > 16 else { return }
      var name = ""
      var place = 12
      while packet[place] != 0 {
        let end = place + 1 + Int(packet[place])
        name += String(decoding: packet[(place + 1)..<end], as: UTF8.self) + "."
        place = end
      }
      guard let kind = Kind(rawValue: UInt16(packet[place + 1]) << 8 | UInt16(packet[place + 2])) else { continue }
      asked.withLock { $0.append("\(name) \(kind)") }
      let question = Array(packet[12..<(place + 5)])
      var reply = Array(packet[..<2])
      switch answer(name, kind) {
      case .silence: continue
      case .garbage: reply.append(0x81)
      case .noSuchName: reply += [0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0] + question
      case .failure: reply += [0x81, 0x82, 0, 1, 0, 0, 0, 0, 0, 0] + question
      case .records(let records):
        reply += [0x81, 0x80, 0, 1, 0, UInt8(records.count), 0, 0, 0, 0] + question
        for record in records {
          reply += [0xC0, 12, 0, UInt8(kind.rawValue), 0, 1, 0, 0, 0, 60, 0, UInt8(record.count)] + record
        }
      }
      _ = withUnsafePointer(to: &from) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { sendto(descriptor, reply, reply.count, 0, $0, length) }
      }
    }
  }
}

@Suite("Looking up a name")
struct NameLookupTests {
  private func addresses(
    _ host: String = "redis.example.", _ time: Duration = .seconds(20),
    _ answer: @escaping @Sendable (String, FakeNameServer.Kind) -> FakeNameServer.Answer
  ) throws -> (Result<[String], NameLookup.Failure>, questions: [String]) {
    let server = try FakeNameServer(answer)
    defer { server.stop() }
    let result = Result { () throws(NameLookup.Failure) in
      try NameLookup.addresses(of: host, port: 6379, deadline: .after(time), server: server.port).map(text)
    }
    return (result, server.questions)
  }

  /// An address as getnameinfo writes it, with its port.
  private func text(_ address: SocketAddress) -> String {
    var storage = address.storage
    var host = [CChar](repeating: 0, count: 64)
    var port = [CChar](repeating: 0, count: 8)
    withUnsafePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = getnameinfo(
          $0, address.length, &host, socklen_t(host.count), &port, socklen_t(port.count),
          NI_NUMERICHOST | NI_NUMERICSERV)
      }
    }
    return String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) + " "
      + String(decoding: port.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static let four: [UInt8] = [127, 0, 0, 9]
  private static let six: [UInt8] = [UInt8](repeating: 0, count: 15) + [1]

  @Test("gives the addresses of both families, with the port")
  func both() throws {
    let (result, _) = try addresses { _, kind in kind == .a ? .records([Self.four]) : .records([Self.six]) }
    #expect(try Set(result.get()) == ["127.0.0.9 6379", "::1 6379"])
  }

  @Test("gives at most sixteen")
  func many() throws {
    let (result, _) = try addresses { _, kind in kind == .a ? .records((1...20).map { [127, 0, 1, $0] }) : .records([])
    }
    #expect(try result.get().count == 16)
  }

  @Test(
    "counts an answer of one family though nobody answers for the other", arguments: [FakeNameServer.Kind.a, .aaaa])
  func oneFamily(_ silent: FakeNameServer.Kind) throws {
    let (result, _) = try addresses("redis.example.", .seconds(4)) { _, kind in
      kind == silent ? .silence : kind == .a ? .records([Self.four]) : .records([Self.six])
    }
    #expect(try result.get() == [silent == .aaaa ? "127.0.0.9 6379" : "::1 6379"])
  }

  @Test("says that a name is not there, that it has no address, and that the server failed")
  func failures() throws {
    #expect(try addresses { _, _ in .noSuchName }.0 == .failure(.failed("no such host")))
    #expect(try addresses { _, _ in .records([]) }.0 == .failure(.failed("the name has no address")))
    guard case .failure(.failed) = try addresses("redis.example.", .seconds(20), { _, _ in .failure }).0 else {
      throw TestFailure("no failure")
    }
  }

  @Test("ends by its deadline before a silent server, and one that answers nonsense", arguments: [true, false])
  func deadline(_ isSilent: Bool) throws {
    let time = try duration {
      let (result, questions) = try addresses("redis.example.", .milliseconds(400)) { _, _ in
        isSilent ? .silence : .garbage
      }
      #expect(result == .failure(.timedOut))
      #expect(questions.count >= 2)
    }
    #expect(time >= .milliseconds(300) && time < .seconds(5))
  }

  @Test("asks again where the first question is lost")
  func lost() throws {
    let count = Atomic<Int>(0)
    let (result, _) = try addresses("redis.example.", .seconds(8)) { _, kind in
      count.add(1, ordering: .relaxed).newValue <= 2 ? .silence : kind == .a ? .records([Self.four]) : .records([])
    }
    #expect(try result.get() == ["127.0.0.9 6379"])
  }

  @Test("finds in /etc/hosts what is there, in any case of letters, and asks nobody")
  func hosts() throws {
    let (result, questions) = try addresses("LOCALHOST") { _, _ in .silence }
    #expect(try result.get().contains("127.0.0.1 6379"))
    #expect(questions.isEmpty)
  }

  @Test("asks nobody for what is no name", arguments: ["127.0.0.1", "::1", "localhost", "10.1.2.3"])
  func numeric(_ host: String) throws {
    let (result, questions) = try addresses(host) { _, _ in .silence }
    #expect(try !result.get().isEmpty && questions.isEmpty)
  }

  @Test("leaves no descriptor behind, and opens none that CMD would inherit")
  func descriptors() throws {
    let inherits = Atomic<Int>(0)
    // Those that the test program itself was started with, or that other tests hold.
    let before = inheritedDatagramSockets()
    let (result, _) = try addresses { _, kind in
      // While the question is under way: every descriptor of this process that would stay open in a CMD.
      // Those of other tests' look-ups are so for a moment only, between two calls; ours would be as long as it asks.
      var ours = inheritedDatagramSockets().subtracting(before)
      for _ in 0..<50 where !ours.isEmpty {
        usleep(10_000)
        ours.formIntersection(inheritedDatagramSockets())
      }
      inherits.store(ours.count, ordering: .relaxed)
      return kind == .a ? .records([Self.four]) : .records([])
    }
    #expect(try result.get().count == 1)
    #expect(inherits.load(ordering: .relaxed) == 0)
  }
}

private func inheritedDatagramSockets() -> Set<Int32> {
  Set((3..<256).filter { fcntl($0, F_GETFD) == 0 && isDatagram($0) })
}

private func isDatagram(_ descriptor: Int32) -> Bool {
  var kind: Int32 = 0
  var length = socklen_t(MemoryLayout<Int32>.size)
  return getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &kind, &length) == 0 && kind == Int32(SOCK_DGRAM.rawValue)
}
