extension RedisServer {
  /// A server that listens on its unix socket alone.
  static func onSocket() throws -> RedisServer { try RedisServer(["--port", "0"]) }

  var socketURL: String { "redis+unix://\(socketPath)?\(Self.patience)" }

  /// Waits until the server has taken everything that the dead had sent: it serves its sockets in turns, those that
  /// were there before ours in the first of them at the latest, so that after three answers none is left.
  func settle() throws {
    let answer = cli("-r", "3", "PING")
    guard answer == "PONG\nPONG\nPONG\n" else { throw TestFailure("PING: \(answer)") }
  }

  /// A key as bytes that `restore` takes; none where there is no such key.
  func dump(_ key: String) throws -> [UInt8] {
    let bytes = answer(["DUMP", key])
    guard bytes.last == 10 else { throw TestFailure("DUMP: no answer") }
    return bytes.dropLast()
  }

  /// In the place of what is there.
  func restore(_ key: String, _ bytes: [UInt8]) throws {
    cli("DEL", key)
    let answer = cli(["-x", "RESTORE", key, "0"], input: bytes)
    guard answer == "OK\n" else { throw TestFailure("RESTORE: \(answer)") }
  }
}
