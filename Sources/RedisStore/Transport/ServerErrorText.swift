import System

/// The meaning of an error reply.
///
/// Four forms are known, for an error that a command meets:
/// - 7.x: `READONLY You can't write against a read only replica. script: <sha>, on @user_script:1.`
/// - 6.2: `ERR Error running script (call to f_<sha>): @user_script:1: @user_script: 1: -READONLY You can't ...`
/// - 6.2, where the command itself failed: `ERR Error running script (...): @user_script:1: WRONGTYPE Operation ...`
/// - outside a script: `READONLY You can't write against a read only replica.`
struct ServerErrorText {
  /// The code of the command that failed: the first word, or the inner one of 6.2.
  let word: String
  /// The sentence, fit for a terminal.
  let text: String

  init(_ reply: [UInt8]) {
    let full = String(decoding: reply.prefix(4096), as: UTF8.self)
    var text = full[...]
    if full.hasPrefix("ERR Error running script"), let inner = Self.innerError(full) { text = inner }
    word = String(text.prefix { $0 != " " })
    self.text = Printable.text(String(text))
  }

  /// What stands after the first `: ` or `: -` that a code of our table follows.
  private static func innerError(_ text: String) -> Substring? {
    var search = text[...]
    while let colon = search.firstIndex(of: ":") {
      search = search[search.index(after: colon)...]
      let candidate = search.drop { $0 == " " || $0 == "-" }
      if code(ofWord: candidate.prefix { $0 != " " }) != nil { return candidate }
    }
    return nil
  }

  /// Nil for ERR, and for words of scripts and modules that we do not know.
  private static func code(ofWord word: Substring) -> RedisError.Code? {
    return switch word {
    case "NOAUTH", "WRONGPASS", "NOPERM", "DENIED": .authentication
    case "LOADING": .loading
    case "READONLY", "MASTERDOWN": .readOnly
    case "OOM": .outOfMemory
    case "BUSY", "UNKILLABLE": .busy
    case "WRONGTYPE": .wrongType
    case "NOSCRIPT": .noScript
    case "MOVED", "ASK": .redirection
    case "CLUSTERDOWN", "TRYAGAIN": .clusterDown
    case "MISCONF", "NOREPLICAS": .writesRefused
    default: nil
    }
  }

  var code: RedisError.Code {
    if let code = Self.code(ofWord: word[...]) { return code }
    // AUTH to a server that has no password, AUTH in the form of 5.x, and 7.x's and 6.2's refusals inside a script.
    if text.contains("ERR AUTH") || text.contains("invalid password") || text.contains("Client sent AUTH")
      || text.contains("ACL failure in script") || text.contains("user executing the script can't")
    {
      return .authentication
    }
    if text.contains("max number of clients") { return .busy }
    if text.contains("Protocol error") { return .protocolGarbage }
    return .server
  }
}

/// Where a cluster sends us.
struct Redirection: Equatable {
  /// ASK holds for one command; MOVED for all of the slot.
  let isAsk: Bool
  let slot: UInt16
  /// Nil if the host is to be the one that said so.
  let host: String?
  let port: UInt16

  /// - Returns: nil if `reply` is not a redirection, or one that cannot be followed (an unknown host is written `?`).
  init?(_ reply: [UInt8]) {
    guard reply.starts(with: "MOVED ".utf8) || reply.starts(with: "ASK ".utf8) else { return nil }
    let words = reply.split(separator: UInt8(ascii: " "))
    guard words.count >= 3, let slot = UInt16(String(decoding: words[1], as: UTF8.self)), slot < 16384 else {
      return nil
    }
    // The last colon: an IPv6 address comes without brackets.
    guard let colon = words[2].lastIndex(of: UInt8(ascii: ":")) else { return nil }
    let host = String(decoding: words[2][..<colon], as: UTF8.self)
    guard host != "?", host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), host.utf8.count <= 253 else { return nil }
    guard let port = UInt16(String(decoding: words[2][(colon + 1)...], as: UTF8.self)), port > 0 else { return nil }
    isAsk = words[0].count == 3
    self.slot = slot
    self.host = host.isEmpty ? nil : host
    self.port = port
  }
}
