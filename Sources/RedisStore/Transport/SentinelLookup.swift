extension RedisClient {
  /// The address of the master, from the first sentinel that knows it.
  ///
  /// Each sentinel gets its share of the time, so that a silent first one does not use up the others' and the master's.
  func askSentinels(
    _ sentinels: [RedisEndpoint], for master: String, _ deadline: Deadline
  ) throws(RedisError) -> RedisEndpoint {
    var worst: RedisError?
    for offset in sentinels.indices {
      let sentinel = sentinels[(firstSentinel + offset) % sentinels.count]
      do throws(RedisError) {
        return try ask(sentinel, for: master, deadline.share(of: sentinels.count - offset + 1))
      } catch {
        // "Knows no such master" says more than "connection refused".
        if worst == nil || error.code == .clusterDown || error.code == .authentication { worst = error }
      }
    }
    throw worst
      ?? RedisError(code: .unreachable, attempted: .askSentinel, endpoint: endpointText, detail: "no sentinel is named")
  }

  private func ask(
    _ sentinel: RedisEndpoint, for master: String, _ deadline: Deadline
  ) throws(RedisError) -> RedisEndpoint {
    let question = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", master].map { Array($0.utf8) }
    // Most sentinels have no password even where the master has one, and one that is sent for nothing is told to
    // somebody who need not know it. So only a sentinel that asks for it gets it.
    var reply = try once(sentinel, question, .init(), deadline)
    if case .error(let text) = reply, ServerErrorText(text).word == "NOAUTH", location.password != nil {
      var greeting = RedisConnection.Greeting()
      greeting.user = location.user
      greeting.password = location.password
      reply = try once(sentinel, question, greeting, deadline)
    }
    func failure(_ code: RedisError.Code, _ detail: String) -> RedisError {
      RedisError(code: code, attempted: .askSentinel, endpoint: sentinel.description, detail: detail)
    }
    switch reply {
    case .null: throw failure(.clusterDown, "the sentinel knows no master called '\(Printable.text(master))'")
    case .error(let text):
      let said = ServerErrorText(text)
      throw failure(said.code, said.text)
    case .array(let words) where words.count == 2:
      guard let host = words[0].string, !host.isEmpty, host.utf8.count <= 253,
        let number = words[1].integer, let port = UInt16(exactly: number), port > 0
      else { throw failure(.protocolGarbage, "the sentinel's address makes no sense") }
      return .tcp(host: host, port: port)
    default: throw failure(.protocolGarbage, "\(reply.kind) where an address was expected")
    }
  }

  private func once(
    _ sentinel: RedisEndpoint, _ question: [[UInt8]], _ greeting: RedisConnection.Greeting, _ deadline: Deadline
  ) throws(RedisError) -> RedisReply {
    do throws(RedisError) {
      let connection = try RedisConnection(sentinel, tls: nil, greeting: greeting, deadline: deadline)
      return try connection.exchange([question], deadline: deadline)[0]
    } catch {
      var failure = error
      // The question changes nothing, and the sentinel is not where the command was going.
      failure.mayHaveBeenApplied = false
      if case .command = failure.attempted { failure.attempted = .askSentinel }
      throw failure
    }
  }
}
