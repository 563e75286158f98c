import Glibc
import System

/// One connection to one server: bytes out, replies in, within deadlines. After any failure it is not usable again.
///
/// AUTH, SELECT and ROLE go out together with the first command, so that a run on a fresh connection costs no round
/// trip more. The price: where AUTH or SELECT is refused, the server has gone on to that command, as whoever it takes
/// us for; what it answered is thrown away, and what it did is what any client of that user may do.
final class RedisConnection {
  enum Role: Equatable {
    case unknown
    case master
    /// Takes no writes; with the master that it follows, as `host:port`.
    case replica(String)
    case sentinel
  }

  let endpoint: RedisEndpoint
  private let socket: Socket
  private let tls: TLSSession?
  private let reader: ReplyReader
  private var greeting: Greeting?
  private let buffer: UnsafeMutableRawBufferPointer
  private let plain: UnsafeMutableRawBufferPointer?

  private(set) var isUsable = true
  private(set) var role = Role.unknown
  /// Whether the role is unknown because the user may not ask for it.
  private(set) var isRoleDenied = false
  /// Whether the server has ever answered: a TLS alert before that means that it has read no command.
  private var hasReplied = false

  /// - Parameter deadline: for look-up, connecting and TLS.
  init(
    _ endpoint: RedisEndpoint, tls settings: RedisLocation.TLS?, greeting: Greeting, deadline: Deadline
  ) throws(RedisError) {
    self.endpoint = endpoint
    self.greeting = greeting
    func error(_ code: RedisError.Code, _ attempted: RedisError.Attempt, _ detail: String) -> RedisError {
      RedisError(code: code, attempted: attempted, endpoint: endpoint.description, detail: detail)
    }
    do throws(ReplyReader.Failure) {
      reader = try ReplyReader()
    } catch .notBuilt {
      throw error(.notBuilt, .connect, "this build has no Redis")
    } catch {
      throw RedisError(
        code: .protocolGarbage, attempted: .connect, endpoint: endpoint.description, detail: "out of memory")
    }
    if let settings {
      // Settings that cannot be used are found before anything is sent.
      let host = if case .tcp(let host, _) = endpoint { host } else { "" }
      do throws(TLSSession.Failure) {
        tls = try TLSSession(settings, host: host)
      } catch let failure {
        throw error(.tls(failure.reason), .tlsHandshake, failure.detail)
      }
    } else {
      tls = nil
    }
    do throws(Dialer.Failure) {
      socket = try Dialer.dial(endpoint, deadline: deadline)
    } catch let failure {
      throw error(failure.code, failure.attempted, failure.detail)
    }
    // Last, because until every property is set a throw runs no deinit.
    buffer = .allocate(byteCount: 32768, alignment: 16)
    plain = settings == nil ? nil : .allocate(byteCount: 32768, alignment: 16)
    try shakeHands(deadline)
  }

  deinit {
    buffer.deallocate()
    plain?.deallocate()
  }

  /// True if the server has closed the connection since the last reply, or said what nobody asked for.
  var isStale: Bool {
    switch socket.peek() {
    case .wouldBlock: false
    // Between replies TLS may have something to say to itself (session tickets, keys).
    case .count(let count): count == 0 || tls == nil
    case .failed: true
    }
  }

  var tlsSummary: String? { tls?.summary }

  /// Sends the commands and waits for a reply to each. Error replies are replies.
  func exchange(_ commands: [[[UInt8]]], deadline: Deadline) throws(RedisError) -> [RedisReply] {
    guard !commands.isEmpty else { return [] }
    let greeting = self.greeting ?? Greeting()
    let steps = greeting.steps
    var output: [UInt8] = []
    for step in steps { CommandFormat.append(step.1, to: &output) }
    for command in commands { CommandFormat.append(command, to: &output) }
    self.greeting = nil
    var replies = try transfer(
      output, steps.map(\.0) + commands.map { .command(Self.name($0)) }, deadline)
    for (index, step) in steps.enumerated() { try check(step.0, replies[index], greeting) }
    replies.removeFirst(steps.count)
    return replies
  }

  /// The command's name for messages: with the second word, where the first says little.
  static func name(_ command: [[UInt8]]) -> String {
    guard let first = command.first else { return "" }
    let name = Printable.text(first)
    guard ["CLUSTER", "CONFIG", "SENTINEL", "SCRIPT"].contains(name), command.count > 1 else { return name }
    return name + " " + Printable.text(command[1])
  }

  private func check(_ step: RedisError.Attempt, _ reply: RedisReply, _ greeting: Greeting) throws(RedisError) {
    if case .checkRole = step {
      noteRole(reply)
      return
    }
    switch reply {
    case .status: return
    case .error(let text): throw refused(step, ServerErrorText(text), greeting)
    default: throw garbage(step, "\(reply.kind) where OK was expected")
    }
  }

  private func refused(_ step: RedisError.Attempt, _ text: ServerErrorText, _ greeting: Greeting) -> RedisError {
    isUsable = false
    // Whatever words a server or proxy has for it: AUTH that is refused is a matter of authentication.
    let isServerError = text.code == .server || text.code == .protocolGarbage
    let code = step == .authenticate && isServerError ? .authentication : text.code
    let why = step == .authenticate ? greeting.doubtOfPassword.map { "; \($0)" } ?? "" : ""
    return RedisError(code: code, attempted: step, endpoint: endpoint.description, detail: text.text + why)
  }

  /// What is not understood leaves the role unknown, and READONLY still guards writes: an error (a user without the
  /// right to ask, a proxy that has no such command), a proxy's array for each shard, KeyDB's `active-replica` (which
  /// takes writes), Dragonfly's `replica`.
  private func noteRole(_ reply: RedisReply) {
    if case .error(let text) = reply { isRoleDenied = ServerErrorText(text).word == "NOPERM" }
    guard let elements = reply.array, let name = elements.first?.string else { return }
    switch name {
    case "master": role = .master
    case "slave":
      let host = elements.count > 1 ? elements[1].string ?? "" : ""
      let port = elements.count > 2 ? elements[2].integer ?? 0 : 0
      role = .replica(Printable.text("\(host):\(port)"))
    case "sentinel": role = .sentinel
    default: break
    }
  }

  private func garbage(_ attempted: RedisError.Attempt, _ detail: String) -> RedisError {
    isUsable = false
    return RedisError(
      code: .protocolGarbage, attempted: attempted, endpoint: endpoint.description, detail: detail,
      mayHaveBeenApplied: true)
  }
}

extension RedisConnection {
  // MARK: The wire

  private func failure(
    _ code: RedisError.Code, _ attempted: RedisError.Attempt, _ detail: String, applied: Bool = false
  ) -> RedisError {
    isUsable = false
    return RedisError(
      code: code, attempted: attempted, endpoint: endpoint.description, detail: detail, mayHaveBeenApplied: applied)
  }

  private func shakeHands(_ deadline: Deadline) throws(RedisError) {
    guard let tls else { return }
    var wire: [UInt8] = []
    var sent = 0
    var heard = false
    while true {
      var done = false
      var problem: TLSSession.Failure?
      do throws(TLSSession.Failure) { done = try tls.handshake() } catch { problem = error }
      // An alert that tells the server why we leave is sent as far as it goes.
      tls.takeOutput(&wire)
      let sendError = send(wire, &sent)
      if let problem { throw failure(.tls(problem.reason), .tlsHandshake, problem.detail) }
      if let sendError { throw failure(.unreachable, .tlsHandshake, systemMessage(sendError)) }
      // What is left of the last message (the rest of a full buffer) must go before the first command.
      if done && sent == wire.count { return }
      guard wait(unsent: sent < wire.count, deadline) else {
        let hint = heard ? "no answer in time" : "no answer in time; does the port speak TLS?"
        throw failure(.timedOut, .tlsHandshake, hint)
      }
      switch socket.receive(into: buffer) {
      case .count(0):
        throw failure(.unreachable, .tlsHandshake, "the server closed the connection")
      case .count(let count):
        heard = true
        tls.receive(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      case .wouldBlock: break
      case .failed(let error): throw failure(.unreachable, .tlsHandshake, systemMessage(error))
      }
      if deadline.hasPassed { throw failure(.timedOut, .tlsHandshake, "no answer in time") }
    }
  }

  private func send(_ wire: [UInt8], _ sent: inout Int) -> Int32? {
    while sent < wire.count {
      let outcome = wire.withUnsafeBytes { socket.send(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
      switch outcome {
      case .count(let count): sent += count
      case .wouldBlock: return nil
      case .failed(let error): return error
      }
    }
    return nil
  }

  /// Sends a command as far as that goes at once. The connection is of no use after it: nobody hears the reply.
  func post(_ command: [[UInt8]]) {
    guard isUsable, greeting == nil else { return }
    isUsable = false
    var wire: [UInt8] = []
    CommandFormat.append(command, to: &wire)
    if let tls {
      guard (try? tls.seal(wire)) != nil else { return }
      wire = []
      tls.takeOutput(&wire)
    }
    var sent = 0
    _ = send(wire, &sent)
  }

  private func wait(unsent: Bool, _ deadline: Deadline) -> Bool {
    let events = unsent ? POLLIN | POLLOUT : POLLIN
    var entries = [pollfd(fd: socket.descriptor, events: Int16(events), revents: 0)]
    return deadline.poll(&entries) > 0
  }

  /// Sends `output` and reads a reply to each of the `steps` in it, both at once: a server whose replies nobody reads
  /// may stop reading.
  private func transfer(
    _ output: [UInt8], _ steps: [RedisError.Attempt], _ deadline: Deadline
  ) throws(RedisError) -> [RedisReply] {
    let count = steps.count
    // What the caller wanted, whatever goes before it.
    let attempted = steps.first { if case .command = $0 { true } else { false } } ?? .connect
    var wire = output
    if let tls {
      do throws(TLSSession.Failure) { try tls.seal(output) } catch {
        throw failure(.tls(error.reason), attempted, error.detail)
      }
      wire = []
      tls.takeOutput(&wire)
    }
    var sent = 0
    var sendError: Int32?
    var replies: [RedisReply] = []
    replies.reserveCapacity(count)
    while true {
      // After a failed send there may be something to read yet, the reason why the server has closed; it is there by now.
      if sendError == nil { sendError = send(wire, &sent) }
      guard sendError != nil || wait(unsent: sent < wire.count, deadline) else {
        throw failure(.timedOut, attempted, timeOutDetail(replies.count, of: count), applied: sent > 0)
      }
      switch socket.receive(into: buffer) {
      case .count(0): throw ended(replies, steps, nil, sent > 0)
      case .failed(let error): throw ended(replies, steps, error, sent > 0)
      case .wouldBlock:
        if let sendError { throw ended(replies, steps, sendError, sent > 0) }
      case .count(let received):
        try take(received, &replies, steps, attempted, &wire)
      }
      if replies.count == count { return replies }
      if replies.count > count { throw garbage(attempted, "more replies than commands") }
      if deadline.hasPassed {
        throw failure(.timedOut, attempted, timeOutDetail(replies.count, of: count), applied: sent > 0)
      }
    }
  }

  private func timeOutDetail(_ have: Int, of wanted: Int) -> String {
    have == 0 ? "no answer in time" : "no answer in time (\(have) of \(wanted) replies came)"
  }

  /// Takes `received` bytes of `buffer` through TLS and the parser.
  private func take(
    _ received: Int, _ replies: inout [RedisReply], _ steps: [RedisError.Attempt], _ attempted: RedisError.Attempt,
    _ wire: inout [UInt8]
  ) throws(RedisError) {
    let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<received])
    guard let tls, let plain else { return try parse(bytes, &replies, attempted) }
    tls.receive(bytes)
    while true {
      let opened: TLSSession.Opened
      do throws(TLSSession.Failure) {
        opened = try tls.open(into: plain)
      } catch {
        // In TLS 1.3 the server looks at our certificate after our handshake is done: it has read no command then.
        throw failure(
          .tls(error.reason), hasReplied ? attempted : .tlsHandshake, error.detail, applied: hasReplied)
      }
      tls.takeOutput(&wire)
      switch opened {
      case .needsMore: return
      case .closed: throw ended(replies, steps, nil, true)
      case .bytes(let count): try parse(UnsafeRawBufferPointer(rebasing: plain[..<count]), &replies, attempted)
      }
    }
  }

  private func parse(
    _ bytes: UnsafeRawBufferPointer, _ replies: inout [RedisReply], _ attempted: RedisError.Attempt
  ) throws(RedisError) {
    // A server that speaks TLS answers plain text with an alert record: 21, then version 3.x.
    if !hasReplied && bytes.count > 1 && bytes[0] == 21 && bytes[1] == 3 {
      throw failure(.protocolGarbage, attempted, "the server speaks TLS on this port; use rediss://")
    }
    do throws(ReplyReader.Failure) {
      try reader.feed(bytes)
      while let reply = try reader.next() {
        hasReplied = true
        replies.append(reply)
      }
    } catch {
      switch error {
      case .garbage(let words): throw garbage(attempted, "the reply is not the Redis protocol: \(words)")
      case .tooLarge: throw garbage(attempted, "the reply is larger than cb accepts")
      case .notBuilt: throw failure(.notBuilt, attempted, "this build has no Redis")
      }
    }
  }

  /// The server has gone. If it said why (too many clients, protected mode), that is the reason.
  private func ended(
    _ replies: [RedisReply], _ steps: [RedisError.Attempt], _ error: Int32?, _ applied: Bool
  ) -> RedisError {
    let unanswered = steps.dropFirst(replies.count).first ?? .connect
    // The last thing that it said is why it left. A missing right to ask for the role does not matter.
    if case .error(let text)? = replies.last {
      let said = ServerErrorText(text)
      let step = steps.prefix(replies.count).last ?? .connect
      if step != .checkRole || said.word != "NOPERM" {
        let isHandshake = step == .authenticate || step == .select
        return failure(said.code, isHandshake ? step : steps.last ?? step, said.text, applied: applied)
      }
    }
    var detail = error.map(systemMessage) ?? "the server closed the connection"
    if !hasReplied && tls == nil {
      // What redis-server does on its TLS port to a client that speaks plain text, and some proxies at ROLE.
      detail += " before any reply; does the port want TLS (rediss://)"
      detail += unanswered == .checkRole ? ", or is it a proxy that does not know ROLE?" : "?"
    } else if unanswered == .checkRole {
      detail += " at ROLE; a proxy that does not know it does so: name the server itself"
    }
    return failure(.unreachable, unanswered, detail, applied: applied)
  }
}
