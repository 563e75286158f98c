@testable import RedisStore

extension RedisServer {
  /// A client with generous time-outs.
  func client(_ query: String = "") throws -> RedisClient { try Self.client(bare + query) }

  static func client(_ url: String, password: String? = nil) throws -> RedisClient {
    var location = try RedisLocation.parse(
      url, environment: .init(password: password.map { Array($0.utf8) }))
    if !url.contains("timeout=") {
      location.connectTimeout = .seconds(60)
      location.timeout = .seconds(60)
    }
    return try RedisClient(location)
  }
}

extension RedisClient {
  /// One command in words, within a minute.
  @discardableResult
  func say(_ words: String...) throws(RedisError) -> RedisReply {
    try command(.init(words), deadline: .after(.seconds(60)))
  }
}

/// The error that `body` throws.
func redisError(_ body: () throws -> Void) throws -> RedisError {
  do {
    try body()
  } catch let error as RedisError {
    return error
  }
  throw TestFailure("no error was thrown")
}

/// Waits until something is so; that it did not come to be is thrown.
func eventually(_ what: String, seconds: Double = 60, _ condition: () -> Bool) throws {
  guard eventually(seconds: seconds, every: 20, condition) else { throw TestFailure("not in \(seconds) s: \(what)") }
}

/// How long `body` takes.
func duration(_ body: () throws -> Void) rethrows -> Duration { try ContinuousClock().measure(body) }
