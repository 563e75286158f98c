extension RedisClient {
  /// All keys that begin with `prefix`, in no order, each once; of a cluster, those of all its masters.
  ///
  /// By SCAN, so the server is never blocked. A key that is made or removed meanwhile may or may not be among them.
  package func keys(withPrefix prefix: [UInt8], deadline: Deadline) throws(RedisError) -> [[UInt8]] {
    var found: Set<[UInt8]> = []
    let pattern = Self.glob(prefix)
    for node in try masters(deadline) {
      var cursor = Array("0".utf8)
      repeat {
        let words = [Array("SCAN".utf8), cursor, Array("MATCH".utf8), pattern, Array("COUNT".utf8), Array("1000".utf8)]
        let reply = try ask(node, words, deadline)
        guard let parts = reply.array, parts.count == 2, case .bulk(let next) = parts[0], next.count <= 20,
          let keys = parts[1].array
        else { throw senseless(node, words, reply) }
        for key in keys {
          guard case .bulk(let name) = key, name.starts(with: prefix) else { throw senseless(node, words, reply) }
          found.insert(name)
        }
        cursor = next
      } while cursor != Array("0".utf8)
    }
    return Array(found)
  }

  /// The masters of a cluster, or the one server.
  private func masters(_ deadline: Deadline) throws(RedisError) -> [RedisEndpoint] {
    let home = try findHome(deadline)
    let words = ["CLUSTER", "SLOTS"].map { Array($0.utf8) }
    let connection = try connection(to: home, deadline)
    let reply = try exchange([words], connection, deadline)[0]
    if case .error(let text) = reply {
      let said = ServerErrorText(text)
      // "This instance has cluster support disabled", or a proxy that has no such command.
      if said.code == .server { return [home] }
      if said.word == "NOPERM", try isAlone(connection, deadline) { return [home] }
      throw serverError(text, words)
    }
    guard let ranges = reply.array else { throw senseless(home, words, reply) }
    var nodes: [RedisEndpoint] = []
    for range in ranges {
      // First slot, last slot, the master as [host, port, ...], then its replicas.
      guard let parts = range.array, parts.count > 2, let node = parts[2].array, node.count > 1,
        let number = node[1].integer, let port = UInt16(exactly: number), port > 0
      else { throw senseless(home, words, reply) }
      // Null or empty: the host that we have asked.
      let host = node[0].string ?? ""
      guard let redirection = Redirection(Array("MOVED 0 \(host):\(port)".utf8)) else {
        throw senseless(home, words, reply)
      }
      let endpoint = home.at(redirection)
      if !nodes.contains(endpoint) { nodes.append(endpoint) }
    }
    guard !nodes.isEmpty else {
      throw RedisError(
        code: .clusterDown, attempted: .command("CLUSTER SLOTS"), endpoint: home.description,
        detail: "no node of the cluster has a slot")
    }
    return nodes
  }

  /// Whether a server whose CLUSTER a user may not ask is not part of a cluster. HELLO needs no right, and says so from
  /// Redis 6 on; older ones have no rights to lack.
  private func isAlone(_ connection: RedisConnection, _ deadline: Deadline) throws(RedisError) -> Bool {
    let reply = try exchange([[Array("HELLO".utf8)]], connection, deadline)[0]
    guard let parts = reply.array, let key = parts.firstIndex(where: { $0.string == "mode" }) else { return false }
    return key + 1 < parts.count && parts[key + 1].string == "standalone"
  }

  /// Asks one node itself: no redirection makes sense here.
  private func ask(
    _ node: RedisEndpoint, _ words: [[UInt8]], _ deadline: Deadline
  ) throws(RedisError) -> RedisReply {
    let connection = try connection(to: node, deadline)
    let reply = try exchange([words], connection, deadline)[0]
    if case .error(let text) = reply { throw serverError(text, words) }
    if case .replica(let master) = connection.role {
      throw RedisError(
        code: .readOnly, attempted: .checkRole, endpoint: node.description,
        detail: "the server is a replica of \(master)")
    }
    return reply
  }

  private func senseless(_ node: RedisEndpoint, _ words: [[UInt8]], _ reply: RedisReply) -> RedisError {
    RedisError(
      code: .protocolGarbage, attempted: .command(RedisConnection.name(words)), endpoint: node.description,
      detail: "\(reply.kind) that makes no sense")
  }

  /// A pattern that matches what begins with `prefix`, whatever its bytes.
  static func glob(_ prefix: [UInt8]) -> [UInt8] {
    var pattern: [UInt8] = []
    for byte in prefix {
      if "*?[]\\".utf8.contains(byte) { pattern.append(UInt8(ascii: "\\")) }
      pattern.append(byte)
    }
    return pattern + [UInt8(ascii: "*")]
  }
}
