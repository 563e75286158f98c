import Glibc
import Testing

@testable import RedisStore

/// Three masters, a third of the slots each.
final class RedisCluster: Sendable {
  let nodes: [RedisServer]

  static let shared: Result<RedisCluster, any Error> = Result { try RedisCluster() }

  init() throws {
    var nodes: [RedisServer] = []
    for _ in 0..<3 {
      nodes.append(
        try RedisServer([
          "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "5000",
          "--cluster-port", "PORT2",
        ]))
    }
    self.nodes = nodes
    let ranges = [("0", "5460"), ("5461", "10922"), ("10923", "16383")]
    for (node, range) in zip(nodes, ranges) {
      try node.client().say("CLUSTER", "ADDSLOTSRANGE", range.0, range.1)
    }
    for node in nodes.dropFirst() {
      let bus = try node.client().say("CONFIG", "GET", "cluster-port").array?[1].string ?? ""
      try nodes[0].client().say("CLUSTER", "MEET", "127.0.0.1", String(node.port), bus)
    }
    try eventually("all nodes agree on all slots") {
      nodes.allSatisfy { node in
        let info = try? node.client().say("CLUSTER", "INFO").string
        let slots = try? node.client().say("CLUSTER", "SLOTS").array
        return info?.contains("cluster_state:ok") == true && slots?.count == 3
      }
    }
  }

  /// The node that owns a slot at first.
  func owner(_ slot: UInt16) -> RedisServer { nodes[slot < 5461 ? 0 : slot < 10923 ? 1 : 2] }
}

@Suite("A cluster of three", .serialized)
struct ClusterTests {
  private let cluster: RedisCluster
  private let set = Script("redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])")

  init() throws { cluster = try RedisCluster.shared.get() }

  @Test("follows MOVED to the owner of each key, whichever node the URL names")
  func moved() throws {
    for node in cluster.nodes {
      let client = try node.client()
      for number in 0..<30 {
        let key = Array("cb:{moved-\(number)}".utf8)
        for _ in 0..<2 {
          let reply = try client.run(set, keys: [key], arguments: [key], deadline: .after(.seconds(10)))
          #expect(reply == .bulk(key))
        }
      }
    }
    for number in 0..<30 {
      let key = "cb:{moved-\(number)}"
      #expect(try cluster.owner(HashSlot.of(Array(key.utf8))).client().say("GET", key).string == key)
    }
  }

  @Test("splits a pipeline over the nodes and gives the replies in order")
  func pipeline() throws {
    let client = try cluster.nodes[0].client()
    let keys = (0..<300).map { "cb:{pipe-\($0)}" }
    for _ in 0..<2 {
      let sets = keys.map { RedisClient.Command(["SET", $0, $0], key: $0) }
      let replies = try client.pipeline(sets, deadline: .after(.seconds(10)))
      #expect(replies.allSatisfy { $0.string == "OK" })
    }
    let gets = keys.map { RedisClient.Command(["GET", $0]) }
    #expect(try client.pipeline(gets, deadline: .after(.seconds(10))).map(\.string) == keys)
  }

  @Test("lists the keys of all its masters")
  func listing() throws {
    let client = try cluster.nodes[1].client()
    let keys = Set((0..<200).map { "list:{\($0)}" })
    _ = try client.pipeline(keys.map { .init(["SET", $0, "1"], key: $0) }, deadline: .after(.seconds(10)))
    let found = try cluster.nodes[2].client().keys(withPrefix: Array("list:".utf8), deadline: .after(.seconds(10)))
    #expect(Set(found.map { String(decoding: $0, as: UTF8.self) }) == keys && found.count == keys.count)
    #expect(try client.facts(deadline: .after(.seconds(10))).isCluster == true)
  }

  @Test("follows ASK while a slot moves, for that one command")
  func ask() throws {
    let key = "cb:{ask}"
    let slot = HashSlot.of(Array(key.utf8))
    let source = cluster.owner(slot)
    let target = cluster.nodes.first { $0 !== source } ?? source
    let sourceID = try source.client().say("CLUSTER", "MYID").string ?? ""
    let targetID = try target.client().say("CLUSTER", "MYID").string ?? ""
    try target.client().say("CLUSTER", "SETSLOT", String(slot), "IMPORTING", sourceID)
    try source.client().say("CLUSTER", "SETSLOT", String(slot), "MIGRATING", targetID)
    let third = cluster.nodes.first { $0 !== source && $0 !== target } ?? source
    // From the third node it takes a MOVED and an ASK.
    for node in [source, third] {
      let client = try node.client()
      for value in ["one", "two"] {
        let reply = try client.run(
          set, keys: [Array(key.utf8)], arguments: [Array(value.utf8)], deadline: .after(.seconds(10)))
        #expect(reply.string == value)
      }
    }
    #expect(try source.client().say("CLUSTER", "COUNTKEYSINSLOT", String(slot)) == .integer(0))
    #expect(try target.client().say("CLUSTER", "COUNTKEYSINSLOT", String(slot)) == .integer(1))
    try target.client().say("CLUSTER", "SETSLOT", String(slot), "NODE", targetID)
    try source.client().say("CLUSTER", "SETSLOT", String(slot), "NODE", targetID)
    #expect(try source.client().say("GET", key).string == "two")
  }

  /// The steps of a migration, as redis-cli --cluster reshard takes them.
  private struct Migration {
    let slot: String
    let source: RedisServer
    let target: RedisServer
    let sourceID: String
    let targetID: String

    init(_ cluster: RedisCluster, of key: String) throws {
      let number = HashSlot.of(Array(key.utf8))
      slot = String(number)
      source = cluster.owner(number)
      let own = source
      target = try #require(cluster.nodes.first { $0 !== own })
      sourceID = try source.client().say("CLUSTER", "MYID").string ?? ""
      targetID = try target.client().say("CLUSTER", "MYID").string ?? ""
    }

    func begin() throws {
      try target.client().say("CLUSTER", "SETSLOT", slot, "IMPORTING", sourceID)
      try source.client().say("CLUSTER", "SETSLOT", slot, "MIGRATING", targetID)
    }

    func move(_ key: String) throws {
      let reply = try source.client().say("MIGRATE", "127.0.0.1", String(target.port), key, "0", "5000")
      #expect(reply.string == "OK")
    }

    func end(at owner: String) throws {
      for node in [target, source] { try node.client().say("CLUSTER", "SETSLOT", slot, "NODE", owner) }
    }
  }

  @Test("reaches a key at every step of a real migration of its slot, on old connections and new ones")
  func migration() throws {
    for (number, isThere) in [true, false].enumerated() {
      let key = "cb:{migrating-\(number)}"
      let migration = try Migration(cluster, of: key)
      let old = try cluster.nodes.map { try $0.client() }
      var count: Int64 = 0
      func everybody(_ step: String) throws {
        for client in try old + cluster.nodes.map({ try $0.client() }) {
          count += 1
          let reply = try client.run(
            Script("return redis.call('INCR', KEYS[1])"), keys: [Array(key.utf8)], arguments: [],
            deadline: .after(.seconds(10)))
          #expect(reply == .integer(count), "\(step)")
        }
      }
      if isThere { try everybody("before") }
      try migration.begin()
      try everybody("the slot is migrating, the key \(isThere ? "not moved yet" : "is new")")
      if isThere { try migration.move(key) }
      try everybody("the key has moved")
      try migration.end(at: migration.targetID)
      try everybody("the slot has moved")
      try migration.target.client().say("DEL", key)
      try migration.end(at: migration.sourceID)
      count = 0
      try everybody("the slot has moved back")
    }
  }

  @Test("waits for the second of two keys that move one after the other, and not beyond its deadline")
  func tryAgain() throws {
    let keys = ["{try}1", "{try}2"]
    let migration = try Migration(cluster, of: keys[0])
    for key in keys { try cluster.nodes[0].client().say("SET", key, key) }
    try migration.begin()
    try migration.move(keys[0])
    let both = RedisClient.Command(["MGET"] + keys, key: keys[0])
    let client = try cluster.nodes[0].client()
    let time = try duration {
      let problem = try redisError { _ = try client.command(both, deadline: .after(.milliseconds(300))) }
      #expect(problem.code == .clusterDown && problem.description.contains("TRYAGAIN"), "\(problem)")
      #expect(problem.meansAway && !problem.mayHaveBeenApplied)
    }
    #expect(time > .milliseconds(250) && time < .seconds(5))
    // Somebody moves the second one meanwhile.
    let url = migration.source.url
    let port = String(migration.target.port)
    FakeServer.thread {
      usleep(100_000)
      _ = try? RedisServer.client(url).command(
        .init(["MIGRATE", "127.0.0.1", port, keys[1], "0", "5000"]), deadline: .after(.seconds(10)))
    }
    #expect(try client.command(both, deadline: .after(.seconds(10))).array?.map(\.string) == keys)
    for key in keys { _ = try client.command(.init(["DEL", key], key: key), deadline: .after(.seconds(10))) }
    try migration.end(at: migration.sourceID)
  }

  @Test("refuses another database than 0, and keys of two slots")
  func refusals() throws {
    let select = try redisError { try cluster.nodes[0].client("/1").say("GET", "x") }
    #expect(select.attempted == .select && select.detail.contains("cluster"))
    let cross = try redisError {
      _ = try cluster.nodes[0].client().run(
        set, keys: [Array("a".utf8), Array("b".utf8)], arguments: [[1]], deadline: .after(.seconds(10)))
    }
    #expect(cross.code == .server && cross.detail.contains("CROSSSLOT"))
  }

  @Test("says clusterDown when nobody owns the slot")
  func down() throws {
    let lonely = try RedisServer([
      "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-port", "PORT2",
    ])
    let problem = try redisError { try lonely.client().say("GET", "x") }
    #expect(problem.code == .clusterDown && problem.meansAway)
    #expect(
      try redisError { _ = try lonely.client().keys(withPrefix: [1], deadline: .after(.seconds(10))) }.code
        == .clusterDown)
  }
}
