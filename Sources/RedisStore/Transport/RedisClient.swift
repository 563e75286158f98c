/// Commands for a Redis store, whatever is behind its URL: a server, sentinels or a cluster.
///
/// Connects with the first command, and keeps connections until `close()` or its end; a caller closes it before
/// CMD runs for long. Not for use by two threads at once.
package final class RedisClient {
  /// A command and the key that decides which node of a cluster gets it.
  package struct Command: Sendable {
    package let words: [[UInt8]]
    package let key: [UInt8]?

    /// `key` nil: any node may answer.
    package init(_ words: [[UInt8]], key: [UInt8]? = nil) {
      self.words = words
      self.key = key
    }

    /// The same for words that are UTF-8.
    package init(_ words: [String], key: String? = nil) {
      self.init(words.map { Array($0.utf8) }, key: key.map { Array($0.utf8) })
    }
  }

  package let location: RedisLocation
  private var connections: [RedisEndpoint: RedisConnection] = [:]
  /// Where commands go that no redirection has sent elsewhere.
  private var home: RedisEndpoint?
  /// What redirections have taught about the slots of a cluster.
  private var owners: [UInt16: RedisEndpoint] = [:]
  /// Which sentinel is asked first.
  var firstSentinel = 0

  /// Does not connect yet. Throws `notBuilt` where the build lacks what the URL asks for.
  package init(_ location: RedisLocation) throws(RedisError) {
    self.location = location
    guard BuiltWith.redis else { throw notBuilt("this cb was built without Redis (the package trait 'Redis')") }
    if location.tls != nil && !BuiltWith.tls {
      throw notBuilt("this cb was built without TLS (the package trait 'TLS'), so it cannot use rediss://")
    }
  }

  private func notBuilt(_ detail: String) -> RedisError {
    RedisError(code: .notBuilt, attempted: .connect, endpoint: endpointText, detail: detail)
  }

  /// Closes every connection; the next command opens a new one.
  package func close() {
    connections = [:]
    home = nil
  }

  /// True if a command would go out on a connection that is there already.
  package var isConnected: Bool { home.flatMap { connections[$0]?.isUsable } ?? false }

  /// The budget of one step from now: `timeout`, and `connect-timeout` before it where a connection must be made.
  package func deadline() -> Deadline {
    .after(isConnected ? location.timeout : location.connectTimeout + location.timeout)
  }

  // MARK: Commands

  /// Runs a script by its digest, and by its source where the server does not have it (yet, or after a failover).
  /// All keys must share a slot. An error reply, also one from inside the script, is thrown.
  package func run(
    _ script: Script, keys: [[UInt8]], arguments: [[UInt8]], deadline: Deadline
  ) throws(RedisError) -> RedisReply {
    let first = Command(script.evalsha(keys, arguments), key: keys.first)
    do throws(RedisError) {
      return try command(first, deadline: deadline)
    } catch {
      guard error.code == .noScript else { throw error }
      return try command(Command(script.eval(keys, arguments), key: keys.first), deadline: deadline)
    }
  }

  /// Sends a script that the server has to where the last one of these keys ran, and does not wait for the reply: for
  /// what is worth no round trip and lost at no cost. The connection ends with it.
  package func post(_ script: Script, keys: [[UInt8]], arguments: [[UInt8]]) {
    let owner = owners.isEmpty ? nil : keys.first.flatMap { owners[HashSlot.of($0)] }
    guard let endpoint = owner ?? home, let connection = connections.removeValue(forKey: endpoint) else { return }
    connection.post(script.evalsha(keys, arguments))
  }

  /// Runs one command; an error reply is thrown.
  package func command(_ command: Command, deadline: Deadline) throws(RedisError) -> RedisReply {
    let reply = try pipeline([command], deadline: deadline)[0]
    if case .error(let text) = reply { throw serverError(text, command.words) }
    return reply
  }

  /// The error for an error reply to `words`.
  func serverError(_ text: [UInt8], _ words: [[UInt8]]) -> RedisError {
    let said = ServerErrorText(text)
    return RedisError(
      code: said.code, attempted: .command(RedisConnection.name(words)), endpoint: endpointText, detail: said.text)
  }

  /// Sends many commands in one go and gives their replies in the same order. Redirections are followed, TRYAGAIN is
  /// tried again until the deadline; other error replies are replies.
  package func pipeline(_ commands: [Command], deadline: Deadline) throws(RedisError) -> [RedisReply] {
    var work = Work(commands)
    var asksAgain = if case .sentinels = location.server { true } else { false }
    var hops = 0
    var pause = Self.firstPause
    while true {
      try route(&work, deadline)
      guard !work.isDone else { return work.finished }
      if work.takeWait() {
        deadline.pause(pause)
        pause = min(pause * 2, Self.longestPause)
        guard !deadline.hasPassed else { throw stillMoving(commands) }
        continue
      }
      if !work.demoted.isEmpty {
        // Sentinels may have named a master that is none any more: ask once again, beginning with another one.
        guard asksAgain else { throw work.demotion ?? notMaster("a replica", words: []) }
        asksAgain = false
        close()
        owners = [:]
        firstSentinel += 1
        work.retryDemoted()
      }
      hops += 1
      if hops > Self.mostHops { break }
    }
    throw RedisError(
      code: .redirection, attempted: .command(RedisConnection.name(commands.first?.words ?? [])),
      endpoint: endpointText, detail: "redirected more than \(Self.mostHops) times")
  }

  private func stillMoving(_ commands: [Command]) -> RedisError {
    RedisError(
      code: .clusterDown, attempted: .command(RedisConnection.name(commands.first?.words ?? [])),
      endpoint: endpointText, detail: "the slot is moving to another node (TRYAGAIN), and was not there in time")
  }

  static let mostHops = 5
  /// A slot is moved key by key; how long that takes for one of them is a matter of milliseconds.
  private static let firstPause = Duration.milliseconds(5)
  private static let longestPause = Duration.milliseconds(80)

  /// One round: sends what is to be done to where it belongs, and sorts the replies.
  private func route(_ work: inout Work, _ deadline: Deadline) throws(RedisError) {
    let commands = work.commands
    let routes = try work.takeRoutes { index throws(RedisError) in try destination(commands[index], deadline) }
    for (target, indices) in routes {
      let connection = try connection(to: target.endpoint, deadline)
      var batch: [[[UInt8]]] = []
      for index in indices {
        if target.asks { batch.append([Array("ASKING".utf8)]) }
        batch.append(commands[index].words)
      }
      let replies = try exchange(batch, connection, deadline)
      for (position, index) in indices.enumerated() {
        let reply = target.asks ? replies[2 * position + 1] : replies[position]
        try sort(reply, index, target, from: connection, &work)
      }
    }
  }

  private func sort(
    _ reply: RedisReply, _ index: Int, _ target: Work.Target, from connection: RedisConnection, _ work: inout Work
  ) throws(RedisError) {
    let words = work.commands[index].words
    if case .error(let text) = reply {
      if let redirection = Redirection(text) {
        let next = connection.endpoint.at(redirection)
        if !redirection.isAsk {
          owners[redirection.slot] = next
          // One breaker has one slot: its next command goes straight to where this one ended.
          if work.commands[index].key == nil { home = next }
        }
        work.send(index, to: Work.Target(endpoint: next, asks: redirection.isAsk))
        return
      }
      let said = ServerErrorText(text)
      if said.word == "TRYAGAIN" {
        work.sendLater(index, to: target)
        return
      }
      if said.code == .redirection {
        throw RedisError(
          code: .redirection, attempted: .command(RedisConnection.name(words)),
          endpoint: connection.endpoint.description, detail: "cannot follow: \(said.text)")
      }
      if said.code == .readOnly, case .sentinels = location.server {
        work.demote(index, serverError(text, words))
        return
      }
    }
    switch connection.role {
    case .master, .unknown: work.finish(index, reply)
    case .replica(let master): work.demote(index, notMaster("a replica of \(master)", words: words))
    case .sentinel:
      throw RedisError(
        code: .server, attempted: .checkRole, endpoint: connection.endpoint.description,
        detail: "this is a sentinel; write redis-sentinel://\(connection.endpoint)/master-name")
    }
  }

  private func notMaster(_ what: String, words: [[UInt8]]) -> RedisError {
    RedisError(code: .readOnly, attempted: .checkRole, endpoint: endpointText, detail: "the server is \(what)")
  }

  private func destination(_ command: Command, _ deadline: Deadline) throws(RedisError) -> RedisEndpoint {
    // No cluster, no hashing: `owners` fills only when a redirection has come.
    if let key = command.key, !owners.isEmpty, let owner = owners[HashSlot.of(key)] { return owner }
    return try findHome(deadline)
  }

  // MARK: Connections

  /// What commands without a place of their own go to: the URL's server, or the master that a sentinel names.
  func findHome(_ deadline: Deadline) throws(RedisError) -> RedisEndpoint {
    if let home { return home }
    let found: RedisEndpoint
    switch location.server {
    case .direct(let endpoint): found = endpoint
    case .sentinels(let list, let master): found = try askSentinels(list, for: master, deadline)
    }
    home = found
    return found
  }

  /// A connection that is there and alive, or a new one.
  func connection(to endpoint: RedisEndpoint, _ deadline: Deadline) throws(RedisError) -> RedisConnection {
    // A server closes idle connections. Found out before sending, that costs a new connection; found out after it,
    // nobody would know whether the command was done.
    if let known = connections[endpoint], known.isUsable, !known.isStale { return known }
    connections[endpoint] = nil
    do throws(RedisError) {
      let connection = try RedisConnection(
        endpoint, tls: location.tls, greeting: .init(location),
        deadline: min(deadline, .after(location.connectTimeout)))
      connections[endpoint] = connection
      return connection
    } catch {
      forget(endpoint)
      throw error
    }
  }

  func exchange(
    _ batch: [[[UInt8]]], _ connection: RedisConnection, _ deadline: Deadline
  ) throws(RedisError) -> [RedisReply] {
    do throws(RedisError) {
      return try connection.exchange(batch, deadline: deadline)
    } catch {
      forget(connection.endpoint)
      throw error
    }
  }

  /// A node that failed us may have lost its slots, or its mastership: the next command asks again.
  private func forget(_ endpoint: RedisEndpoint) {
    connections[endpoint] = nil
    if home == endpoint { home = nil }
    owners = owners.filter { $0.value != endpoint }
  }

  /// The endpoint for messages.
  var endpointText: String {
    if let home { return home.description }
    switch location.server {
    case .direct(let endpoint): return endpoint.description
    case .sentinels(let list, let master):
      return list.map(\.description).joined(separator: ",") + "/" + Printable.text(master)
    }
  }
}

extension RedisEndpoint {
  /// Where `redirection`, said by the server at this endpoint, leads.
  func at(_ redirection: Redirection) -> RedisEndpoint {
    if let host = redirection.host { return .tcp(host: host, port: redirection.port) }
    return switch self {
    case .tcp(let host, _): .tcp(host: host, port: redirection.port)
    // Behind a unix socket the same host is this one.
    case .unix: .tcp(host: "127.0.0.1", port: redirection.port)
    }
  }
}
