import System

/// The least rights of a user with which a server serves cb: what the scripts call, and what the client asks itself.
///
/// The one list of them: `doctor` tries each, and a test compares it with the one in cb-config(5).
enum RequiredRights {
  /// What the scripts call, from their own text.
  static let ofScripts: [String] = {
    var found: [String] = []
    for script in [LogScripts.read, LogScripts.append, LogScripts.remove] {
      // What follows each `call('`, up to the next quote.
      let opening = Array("call('".utf8)
      var rest = script.source[...]
      while !rest.isEmpty {
        guard rest.starts(with: opening) else {
          rest = rest.dropFirst()
          continue
        }
        rest = rest.dropFirst(opening.count)
        let command = String(decoding: rest.prefix { $0 != UInt8(ascii: "'") }, as: UTF8.self).lowercased()
        if !found.contains(command) { found.append(command) }
      }
    }
    return found
  }()

  /// What every client asks, wherever the breakers are.
  static let ofClient = ["eval", "evalsha", "scan", "role"]
  /// What only some URLs and servers need: another database than 0, and a cluster.
  static let ofSome = ["select", "asking", "cluster|slots"]

  /// In the form of the server's access lists, less the `+`.
  static var all: [String] {
    var all = ofClient
    for command in ofScripts + ofSome where !all.contains(command) { all.append(command) }
    return all
  }

  /// A command that shows whether its user may give it: complete, as a server looks at the number of arguments first,
  /// and without an effect on any key but this one. Nil for one that is not known here.
  static func trial(_ command: String, hash: [UInt8]) -> [[UInt8]]? {
    func words(_ key: [UInt8]?, _ rest: String...) -> [[UInt8]] {
      [Array(command.utf8)] + (key.map { [$0] } ?? []) + rest.map { Array($0.utf8) }
    }
    switch command {
    case "time", "role": return words(nil)
    case "scan": return words(nil, "0", "COUNT", "1")
    case "eval": return words(nil, "return 1", "1") + [hash]
    case "evalsha": return [Array(command.utf8)] + [LogScripts.read.digest] + [Array("1".utf8), hash, Array("0".utf8)]
    case "hmget", "hget", "hdel", "hexists": return words(hash, "f")
    case "hset": return words(hash, "f", "v")
    case "exists", "persist", "pttl", "del", "unlink", "hlen", "type": return words(hash)
    case "pexpire": return words(hash, "1000")
    default: return nil
    }
  }
}

extension RedisClient {
  /// What a user lacks of the rights that a store needs, and what the server itself does not know.
  struct Lack {
    var rights: [String] = []
    var unknown: [String] = []
    /// Whether the server had all scripts; false if it says NOSCRIPT, which is not a missing right.
    var isNone: Bool { rights.isEmpty && unknown.isEmpty }
  }

  /// Tries each command that a store needs on two keys that no breaker can have, and removes them.
  func lack(hash: [UInt8], deadline: Deadline) throws(RedisError) -> Lack {
    var lack = Lack()
    var commands: [(name: String, words: [[UInt8]])] = []
    for name in RequiredRights.all where name != "role" {
      // Last, so that what the others have made goes.
      if name != "del", let words = RequiredRights.trial(name, hash: hash) {
        commands.append((name, words))
      }
    }
    commands.append(("del", [Array("DEL".utf8), hash]))
    let replies = try pipeline(commands.map { Command($0.words, key: hash) }, deadline: deadline)
    for (command, reply) in zip(commands, replies) {
      guard case .error(let text) = reply else { continue }
      let said = ServerErrorText(text)
      if said.word == "NOPERM" { lack.rights.append(command.name) }
      if said.text.contains("unknown command") || said.text.contains("unsupported command") {
        lack.unknown.append(command.name)
      }
    }
    if try lacksAsking(hash, deadline) { lack.rights.append("asking") }
    return lack
  }

  /// Only a cluster needs it, and only while a slot moves.
  private func lacksAsking(_ key: [UInt8], _ deadline: Deadline) throws(RedisError) -> Bool {
    let words = [["ASKING"], ["CLUSTER", "SLOTS"]].map { $0.map { Array($0.utf8) } }
    let replies = try pipeline(words.map { Command($0, key: key) }, deadline: deadline)
    guard case .error(let text) = replies[0], ServerErrorText(text).word == "NOPERM" else { return false }
    return replies[1].array != nil
  }
}
