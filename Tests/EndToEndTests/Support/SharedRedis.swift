/// One redis-server for all tests of this process that only need some server. Each has a prefix of its own.
enum SharedRedis {
  private static let server: RedisServer = {
    do {
      return try RedisServer()
    } catch {
      // Not a test that fails and others that pass on a stand-in: without a redis-server nothing here means anything.
      fatalError("the tests need a redis-server: \(error)")
    }
  }()

  /// With the default time-outs made long.
  static var url: String { server.url }

  /// Whether no key begins with a prefix.
  static func isEmpty(prefix: String) -> Bool { server.cli("--scan", "--pattern", "\(prefix)*").isEmpty }

  /// What redis-cli prints.
  @discardableResult
  static func cli(_ words: String...) -> String { server.cli(words) }
}
