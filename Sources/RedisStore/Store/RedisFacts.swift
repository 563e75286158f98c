import Glibc
import System

/// What `doctor` says about a server. What the user's rights do not reach is nil, and named in `denied`.
package struct RedisFacts: Sendable {
  /// The endpoint that answered.
  package var endpoint: String
  package var version: String?
  /// `master`, `replica of host:port`, `sentinel`; nil if ROLE is denied, or its answer says nothing to us.
  package var role: String?
  package var isCluster: Bool?
  /// `noeviction` is what a store needs: any other policy may throw a breaker away.
  package var evictionPolicy: String?
  /// Bytes; 0 is no limit.
  package var maximumMemory: Int64?
  package var usedMemory: Int64?
  /// A PING and its answer on an open connection: the middle one of five.
  package var latency: Duration
  /// Server clock minus local clock at the same moment, good to half a round trip.
  package var clockDifference: Duration?
  /// As `TLSv1.3 TLS_AES_256_GCM_SHA384`; nil without TLS.
  package var tls: String?
  /// Commands that the user may not give.
  package var denied: [String] = []
}

extension RedisClient {
  /// Asks the server (of sentinels: the master they name) about itself. A replica answers too.
  package func facts(deadline: Deadline) throws(RedisError) -> RedisFacts {
    let connection = try connection(to: findHome(deadline), deadline)
    // The first exchange carries AUTH and ROLE, so it is not measured.
    let first = try exchange([Self.words("PING")], connection, deadline)[0]
    if case .error(let text) = first, ServerErrorText(text).word != "NOPERM" {
      throw serverError(text, Self.words("PING"))
    }
    var times: [Int64] = []
    for _ in 0..<5 {
      let start = monotonicNanoseconds()
      _ = try exchange([Self.words("PING")], connection, deadline)
      times.append(monotonicNanoseconds() - start)
    }
    var facts = RedisFacts(endpoint: connection.endpoint.description, latency: .nanoseconds(times.sorted()[2]))
    facts.tls = connection.tlsSummary
    switch connection.role {
    case .master: facts.role = "master"
    case .replica(let master): facts.role = "replica of \(master)"
    case .sentinel: facts.role = "sentinel"
    case .unknown: if connection.isRoleDenied { facts.denied.append("ROLE") }
    }
    try memory(&facts, connection, deadline)
    try clock(&facts, connection, deadline)
    return facts
  }

  private func memory(
    _ facts: inout RedisFacts, _ connection: RedisConnection, _ deadline: Deadline
  ) throws(RedisError) {
    let replies = try exchange(
      [
        Self.words("INFO", "server"), Self.words("INFO", "memory"), Self.words("INFO", "cluster"),
        Self.words("CONFIG", "GET", "maxmemory-policy"),
      ], connection, deadline)
    var info: [Substring: Substring] = [:]
    let text = replies[0..<3].compactMap(\.string).joined(separator: "\n")
    for line in text.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { info[parts[0]] = parts[1] }
    }
    if case .error = replies[0] { facts.denied.append("INFO") }
    facts.version = info["redis_version"].map { Printable.text(String($0)) }
    facts.isCluster = info["cluster_enabled"].map { $0 == "1" }
    facts.usedMemory = info["used_memory"].flatMap { Int64($0) }
    facts.maximumMemory = info["maxmemory"].flatMap { Int64($0) }
    let policy: String?
    switch replies[3] {
    case .array(let pair) where pair.count == 2: policy = pair[1].string
    // Denied, or renamed away by a hoster: INFO knows it as well.
    default: policy = info["maxmemory_policy"].map(String.init)
    }
    facts.evictionPolicy = policy.map { Printable.text($0) }
    if facts.evictionPolicy == nil, case .error = replies[3] { facts.denied.append("CONFIG GET") }
  }

  private func clock(
    _ facts: inout RedisFacts, _ connection: RedisConnection, _ deadline: Deadline
  ) throws(RedisError) {
    let before = Self.wallClock()
    let reply = try exchange([Self.words("TIME")], connection, deadline)[0]
    let after = Self.wallClock()
    guard let parts = reply.array, parts.count == 2, let seconds = parts[0].integer, let micros = parts[1].integer,
      (0...1 << 40).contains(seconds), (0..<1_000_000).contains(micros)
    else {
      facts.denied.append("TIME")
      return
    }
    facts.clockDifference = .microseconds(seconds * 1_000_000 + micros - (before + (after - before) / 2))
  }

  private static func words(_ words: String...) -> [[UInt8]] { words.map { Array($0.utf8) } }

  /// Microseconds since 1970. It is compared with the server's, and decides nothing.
  private static func wallClock() -> Int64 { clockNanoseconds(CLOCK_REALTIME) / 1000 }
}
