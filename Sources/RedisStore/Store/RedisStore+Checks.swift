package import BreakerStore
import CircuitBreaker
import Settings

extension RedisStore {
  /// See `OpenStore.checks`. No breaker is touched: what is written to see whether the rights suffice is under a
  /// key that no breaker can have, and removed again.
  package func checks() -> [StoreCheck] {
    let facts: RedisFacts
    do throws(RedisError) {
      facts = try client.facts(deadline: client.deadline())
    } catch {
      return [Self.failure("server", error, location.redacted)]
    }
    var checks = [server(facts), Self.version(facts)]
    checks += Self.memory(facts)
    checks += [latency(facts), Self.clock(facts), encryption(facts)]
    // A replica takes no writes; what it would say of rights is beside the point.
    guard !checks.contains(where: { $0.verdict == .failure }) else { return checks }
    checks += [rights(facts), breakers()]
    return checks
  }

  // MARK: The server

  private func server(_ facts: RedisFacts) -> StoreCheck {
    let place = "\(location.redacted): \(facts.endpoint) answers"
    switch facts.role {
    case "master": return StoreCheck("server", .ok, place + (facts.isCluster == true ? ", a cluster" : ", a master"))
    case nil where !facts.denied.contains("ROLE"):
      // A proxy, or a server of another kind: READONLY guards the writes, which are tried below.
      return StoreCheck("server", .ok, place + ", and does not say whether it is a master")
    case nil:
      return StoreCheck(
        "server", .warning, place + ", but whether it is a master the user may not ask",
        advice: "grant +role, or a replica that lags is taken for the master until a write fails")
    case .some(let role):
      return StoreCheck(
        "server", .failure, "\(place), but it is a \(role)",
        advice: "name the master, or use redis-sentinel://")
    }
  }

  private static func version(_ facts: RedisFacts) -> StoreCheck {
    guard let version = facts.version else {
      return StoreCheck("version", .ok, "not known: the user may not use INFO")
    }
    // From 5 on scripts may ask for the time before they write; from 6 on there are users with rights of their own.
    let major = version.split(separator: ".").first.flatMap { Int($0) } ?? 0
    if major < 5 {
      return StoreCheck("version", .failure, "Redis \(version)", advice: "install Redis 5 or newer, better 6 or newer")
    }
    return StoreCheck("version", .ok, "Redis \(version)")
  }

  private static func memory(_ facts: RedisFacts) -> [StoreCheck] {
    var checks: [StoreCheck] = []
    switch facts.evictionPolicy {
    case "noeviction": checks.append(StoreCheck("eviction", .ok, "noeviction"))
    case nil: checks.append(StoreCheck("eviction", .ok, "not known: the user may use neither CONFIG GET nor INFO"))
    case .some(let policy):
      // volatile-* takes closed breakers only: no other has a time to live.
      let loses = policy.hasPrefix("volatile-") ? "the counters of a closed breaker" : "any breaker, an open one too"
      checks.append(
        StoreCheck(
          "eviction", .warning, "\(policy): a server that is full throws away \(loses)",
          advice: "set maxmemory-policy noeviction, or use a separate server for cb"))
    }
    guard let most = facts.maximumMemory else { return checks }
    guard most > 0 else { return checks + [StoreCheck("memory", .ok, "no limit (maxmemory 0)")] }
    let used = facts.usedMemory ?? 0
    let share = Int(Double(used) / Double(most) * 100)
    let seen = "\(share)% of \(megabytes(most)) used"
    if share < 90 { return checks + [StoreCheck("memory", .ok, seen)] }
    return checks + [StoreCheck("memory", .warning, seen, advice: "raise maxmemory: a full server takes no results")]
  }

  private static func megabytes(_ bytes: Int64) -> String {
    bytes < 1 << 20 ? "\(bytes) B" : "\(bytes >> 20) MB"
  }

  private func latency(_ facts: RedisFacts) -> StoreCheck {
    let seen = "\(Self.text(facts.latency)) for a PING; the timeout is \(Self.text(location.timeout))"
    // Two round trips a run, and one more at worst, within one timeout each: a quarter leaves room for a bad moment.
    guard facts.latency * 4 > location.timeout else { return StoreCheck("latency", .ok, seen) }
    return StoreCheck("latency", .warning, seen, advice: "raise timeout= in the URL, or use a server that is nearer")
  }

  private static func clock(_ facts: RedisFacts) -> StoreCheck {
    guard let difference = facts.clockDifference else {
      return StoreCheck("clock", .failure, "the user may not use TIME", advice: "grant +time")
    }
    let away = max(difference, .zero - difference)
    guard away > .seconds(2) else {
      return StoreCheck("clock", .ok, "\(text(away)) away from this host's")
    }
    let order = difference > .zero ? "ahead of" : "behind"
    return StoreCheck(
      "clock", .warning, "the server's is \(text(away)) \(order) this host's",
      advice: "breakers go by the server's clock only and hold; set both (timedatectl), or times shown mislead")
  }

  private func encryption(_ facts: RedisFacts) -> StoreCheck {
    if let tls = facts.tls {
      guard location.tls?.insecure == true else { return StoreCheck("TLS", .ok, tls) }
      return StoreCheck(
        "TLS", .warning, "\(tls), but nobody checks who the server is (insecure=1)",
        advice: "name the authority's certificate with cacert=")
    }
    let isLocal =
      facts.endpoint.hasPrefix("unix:") || facts.endpoint.hasPrefix("127.")
      || facts.endpoint.hasPrefix("localhost:") || facts.endpoint.hasPrefix("[::1]")
    if isLocal || location.password == nil { return StoreCheck("TLS", .ok, isLocal ? "none, on this host" : "none") }
    return StoreCheck(
      "TLS", .warning, "none: the password goes over the network as it is", advice: "use rediss://")
  }

  // MARK: Rights

  /// Every command of the scripts by itself, then the scripts, on keys that no breaker can have, as a name has no '/'.
  private func rights(_ facts: RedisFacts) -> StoreCheck {
    let hash = location.prefix + Array("{/doctor-\(String(random(), radix: 16))}".utf8)
    do throws(RedisError) {
      let lack = try client.lack(hash: hash, deadline: client.deadline())
      if let failure = Self.failure(lack) { return failure }
    } catch {
      return Self.failure("rights", error, location.redacted)
    }
    // A minute to live, should this be killed half-way. What is written is the size of a small event.
    let event = Array(#"{"e":"doctor","id":"1"}"#.utf8)
    let (zero, one) = (Self.word(0), Self.word(1))
    let steps: [(Script, [[UInt8]])] = [
      (LogScripts.append, [zero, [], [], Self.word(60_000), [], zero, zero, zero, zero, event]),
      (
        LogScripts.append,
        [one, [], one, Self.word(60_000), Array("{}".utf8), one, zero, zero, one, Array("[]".utf8)]
      ),
      (LogScripts.append, [one, one, one, zero, [], zero, zero, zero, zero]),
      (LogScripts.read, [Self.word(-1), [], []]),
      (LogScripts.remove, [Self.word(-1), [], [], zero]),
    ]
    do throws(RedisError) {
      for (script, arguments) in steps {
        let reply = try client.run(script, keys: [hash], arguments: arguments, deadline: client.deadline())
        guard ["ok", "removed"].contains(reply.array?.first?.string) else {
          return StoreCheck("rights", .failure, "a script gave no sensible answer", advice: "is this a Redis server?")
        }
      }
    } catch {
      return Self.failure("rights", error, location.redacted)
    }
    let denied = facts.denied.filter { $0 != "TIME" }
    let prefix = Printable.text(String(decoding: location.prefix, as: UTF8.self))
    let seen = "keys \(prefix)* can be read, written and removed"
    return StoreCheck("rights", .ok, denied.isEmpty ? seen : seen + "; not granted: \(denied.joined(separator: ", "))")
  }

  private static func failure(_ lack: RedisClient.Lack) -> StoreCheck? {
    if lack.unknown.contains("eval") || lack.unknown.contains("evalsha") {
      return StoreCheck(
        "rights", .failure, "the server runs no scripts (EVAL), without which nothing can be decided there",
        advice: "use Redis 5 or newer, Valkey, or a server that runs Lua scripts as they do")
    }
    if !lack.unknown.isEmpty {
      return StoreCheck(
        "rights", .failure, "the server does not know \(lack.unknown.joined(separator: ", "))",
        advice: "use Redis 5 or newer, or Valkey")
    }
    guard !lack.rights.isEmpty else { return nil }
    let rights = lack.rights.map { "+\($0)" }.joined(separator: " ")
    return StoreCheck(
      "rights", .failure, "not granted: \(rights); a run needs that, if not each",
      advice: "ACL SETUSER USER \(rights); cb-config(5) lists all")
  }

  private func breakers() -> StoreCheck {
    var count = 0
    var failures: [(name: BreakerName, error: StoreError)] = []
    do throws(StoreError) {
      try readAll { name, result in
        count += 1
        if case .failure(let error) = result { failures.append((name, error)) }
      }
    } catch {
      return StoreCheck("breakers", .failure, error.description, advice: "grant +scan and +cluster|slots")
    }
    guard let first = failures.first else { return StoreCheck("breakers", .ok, "\(count), all readable") }
    let advice =
      if case .newer = first.error.kind {
        first.error.hint
      } else {
        "what is not cb's is never overwritten: remove it, or use another prefix="
      }
    return StoreCheck(
      "breakers", .failure, "\(failures.count) of \(count) cannot be used; \(first.name): \(first.error.sentence)",
      advice: advice)
  }

  // MARK: Words

  private static func failure(_ name: String, _ error: RedisError, _ url: String) -> StoreCheck {
    let advice =
      switch error.code {
      case .unreachable, .timedOut: "start the server, fix the URL, or raise connect-timeout= and timeout="
      case .authentication: "check user, CB_REDIS_PASSWORD or its file, and the rights that cb-config(5) lists"
      case .loading, .busy: "wait, and look at what the server is doing"
      case .clusterDown: "look at the cluster or the sentinels"
      case .writesRefused: "fix what the server reports: its disk, or its replicas"
      default: "see cb-config(5)"
      }
    return StoreCheck(name, .failure, "\(url): \(error.description)", advice: advice)
  }

  /// As `0.21 ms`, `350 ms`, `1h30m`.
  private static func text(_ duration: Duration) -> String {
    let microseconds = duration.wholeNanoseconds / 1000
    if microseconds < 10_000 { return "\(Double(microseconds) / 1000) ms" }
    if microseconds < 10_000_000 { return "\(microseconds / 1000) ms" }
    return Span.seconds(microseconds / 1_000_000).description
  }
}
